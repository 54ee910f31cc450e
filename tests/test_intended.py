"""Once it is known what kind of question it is, the events that are meant are found: the wanted, not the told."""

from datetime import datetime

import pytest

from bot import locales
from bot.content import load_process
from bot.core.reading import Reader
from bot.core.reading.evenings import Evenings
from bot.core.reading.intended import Intended
from bot.core.reading.reading import Intent, Reading
from bot.paths import CONTENT, LOCALES, VOCABULARIES
from bot.vocabularies import Vocabularies

HANNOVER = Reader(load_process(CONTENT, locales.available(LOCALES)), Vocabularies(VOCABULARIES))
THURSDAY = "2025-11-20T10:00:00+01:00"
"""Between the first and the second of five events."""
EARLY = "2025-10-20T10:00:00+02:00"
"""Before all of them."""


def intended(intent: Intent, text: str, now: str = THURSDAY, language: str = "de") -> Reading:
    moment = datetime.fromisoformat(now)
    question, spoken = HANNOVER.taken_apart(text, language, moment)
    asked = question.asked
    part = question.part(asked) if asked else question
    reading = Intended(Evenings(part, HANNOVER.process.events, moment, spoken)).reading(intent)
    assert reading is not None, text
    return reading


def events(reading: Reading) -> str:
    return " ".join(event.id for event in reading.events)


@pytest.mark.parametrize(
    ("intent", "text", "expected"),
    [
        ("event_list", "Montag oder Donnerstag hätte ich Zeit", "doehren sahlkamp"),
        ("event_list", "mo + do, was gibt's da?", "doehren sahlkamp"),
        ("event_list", "diese und nächste Woche, was liegt an?", "misburg"),
        ("event_list", "Welche sind nicht mittwochs?", "doehren sahlkamp"),
        ("event_list", "Was gibt es neben dem Abend in Döhren noch?", "misburg schuetzenplatz sahlkamp"),
        ("event_list", "Den achten schaffe ich nicht. Was haben Sie sonst?", "misburg schuetzenplatz sahlkamp"),
        ("event_list", "Im Dezember bin ich weg, welche Abende sind davor?", "misburg"),
        (
            "event_list",
            "Bis Ende November bin ich auf Kur. Welche Abende sind danach?",
            "schuetzenplatz doehren sahlkamp",
        ),
        ("event_list", "Was kommt nach dem dritten Dezember?", "doehren sahlkamp"),
        ("event_list", "Gestern erst davon gehört! Welche gibt es noch?", "misburg schuetzenplatz doehren sahlkamp"),
        ("event_list", "Welche liegen schon hinter uns?", "muehlenberg"),
        ("event_list", "Gibt's auch welche am Wochenende?", ""),
        ("event_next", "Misburg klappt nicht, wann ist der nächste?", "schuetzenplatz"),
        ("event_next", "Der nächste ist erst im Januar, oder?", "misburg"),
        ("event_next", "Ist das die letzte Runde?", "misburg"),
        ("event_on_date", "mi abend was los?", "misburg"),
        ("event_on_date", "Ab Montag bin ich eine Woche in der Stadt, ist da was?", "misburg"),
        ("event_on_date", "Ich reise am 27. November ab. Am Abend davor, habt ihr da was?", "misburg"),
        ("event_on_date", "Was ist am sechs und zwanzigsten elften?", "misburg"),
        ("event_on_date", "In den Herbstferien auch?", ""),
        ("event_on_date", "zwischen den Jahren was?", ""),
        ("event_on_date", "übermoign was?", ""),
        ("event_when", "Der letzte von den fünf, wann ist der?", "sahlkamp"),
        ("event_when", "Wann ist der dritte Abend und wann der letzte?", "schuetzenplatz sahlkamp"),
        ("event_when", "Die Termine in den beiden Schulen, wann?", "muehlenberg doehren"),
        ("event_when", "Mühlenberg verpasst wann wär Sahlkamp", "sahlkamp"),
        ("event_when", "Ich wohne in der Elmstraße, wann kommt ihr zu uns?", "sahlkamp"),
        ("event_where", "Der zweite Mittwochstermin, wo ist der?", "schuetzenplatz"),
        ("event_where", "Wo wird es im Dezember in einer Schule gemacht?", "doehren"),
        ("event_where", "Der fünfte Termin interessiert mich. Wo ist der?", "sahlkamp"),
        ("event_list", "Ab Dezember bin ich verreist, welche Abende gibt es im November?", "muehlenberg misburg"),
        ("event_list", "Alle ohne Misburg und Döhren, was bleibt da?", "schuetzenplatz sahlkamp"),
        ("event_list", "Wie viele sind in den ersten zwei Dezemberwochen?", "schuetzenplatz doehren sahlkamp"),
        ("event_on_date", "Am 8. ist mein einziger freier Abend im Dezember, ist da was?", "doehren"),
        ("event_on_date", "Am Freitag auch was oder nur heute?", ""),
        ("event_on_date", "Dienstag oder Montag irgendwann bis Jahresende, ist da etwas?", "doehren"),
        ("event_on_date", "Schauen Sie mal nach, ob am achten Dezember etwas ist", "doehren"),
        ("event_on_date", "diese woche do, is da was", ""),
        ("event_when", "Wann sind die beiden letzten Abende?", "doehren sahlkamp"),
        ("event_when", "Wann ist Sahlkamp? Und wann ist Döhren?", "doehren sahlkamp"),
        ("event_when", "Schützenplatz ist am 3. und Misburg wann?", "misburg"),
        ("event_when", "Wann ist der Abend in Misburg? Ich komme aus Döhren.", "misburg"),
        ("event_where", "Wo sind die beiden im November?", "muehlenberg misburg"),
        ("event_where", "Der letzte im November, wo ist der?", "misburg"),
        ("event_where", "In welchen Häusern sind sie alle?", "misburg schuetzenplatz doehren sahlkamp"),
    ],
)
def test_the_events_that_a_question_means_are_found(intent: Intent, text: str, expected: str) -> None:
    assert events(intended(intent, text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Am 8.12. seid ihr im Rathaus?", "doehren"),
        ("Mittwoch wieder in der IGS?", "misburg"),
        ("Mittwoch im Freizeitheim, stimmt das?", "misburg"),
        ("Misburg ist im Rathaus, richtig?", "misburg"),
        ("Misburg findet doch in der Elmstraße statt?", "misburg"),
    ],
)
def test_of_a_day_and_a_place_that_do_not_belong_together_the_day_decides_where(text: str, expected: str) -> None:
    reading = intended("event_where", text)
    assert (events(reading), reading.wrong_premise) == (expected, "place")


def test_when_all_is_over_there_is_nothing_left() -> None:
    assert events(intended("event_list", "Ist jetzt alles rum?", "2025-12-20T10:00:00+01:00")) == ""


def test_an_umlaut_makes_a_wish_of_a_past_form() -> None:
    """ "Wär" and "war" are the same once folded, and only one of them is past."""
    assert events(intended("event_on_date", "Mittwoch wär was?")) == "misburg"
    assert events(intended("event_where", "Wo war das am Donnerstag?", "2025-11-14T10:00:00+01:00")) == "muehlenberg"


@pytest.mark.parametrize(
    ("language", "intent", "text", "expected"),
    [
        (
            "en",
            "event_list",
            "Wednesdays don't work: I can't make it on Wednesday. Which others are there?",
            "doehren sahlkamp",
        ),
        (
            "fr",
            "event_list",
            "Le 8 décembre, impossible pour moi. Quelles autres dates ?",
            "misburg schuetzenplatz sahlkamp",
        ),
        ("pl", "event_list", "W tym i przyszłym tygodniu, jakie spotkania?", "misburg"),
        ("ru", "event_when", "Третья по счёту встреча, когда она?", "schuetzenplatz"),
        ("uk", "event_list", "Які зустрічі ще є, окрім Місбурга?", "schuetzenplatz doehren sahlkamp"),
        ("tr", "event_when", "Okuldaki toplantılar ne zaman?", "muehlenberg doehren"),
        ("es", "event_on_date", "¿Hay algo entre navidad y año nuevo?", ""),
    ],
)
def test_other_languages_leave_behind_and_count_in_the_same_way(
    language: str, intent: Intent, text: str, expected: str
) -> None:
    assert events(intended(intent, text, THURSDAY, language)) == expected


def test_a_place_written_by_ear_does_not_make_another_language_of_a_question() -> None:
    question, spoken = HANNOVER.taken_apart("mülenberg wan", "de", datetime.fromisoformat(EARLY))
    assert spoken == "de"
    assert [place.events for place in question.places] == [{"muehlenberg"}]
