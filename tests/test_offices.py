"""Somebody asks about a Bürgeramt: where an evening is, is never told instead."""

import pytest

from tests.asking import HANNOVER, read, told


@pytest.mark.parametrize(
    "question",
    [
        "Wann hat das Bürgeramt Döhren auf?",
        "Wie bekomme ich einen Termin im Bürgeramt Sahlkamp?",
        "What are the opening hours of the Döhren office?",
        "Döhren dairesinin çalışma saatleri nedir?",
        "Wo ist das Bürgeramt Döhren?",
        "Adresse Bürgeramt Döhren",
        "Wird das Bürgeramt Döhren geschlossen?",
        "Gibt es beim Bürgeramt Döhren Parkplätze?",
        "Wie komme ich zum Bürgeramt Döhren?",
        "Wo ist das Bürgeramt am Schützenplatz?",
        "Where is the citizens' office in Döhren?",
        "Döhren Bürgeramt nerede?",
        "Где находится бюргерамт Дёрен?",
        "Де бюргерамт у Дерені?",
        "Gdzie jest urząd w Döhren?",
        "Où est le Bürgeramt de Döhren ?",
        "¿Dónde está la oficina de Döhren?",
        "أين دائرة المواطنين في Döhren؟",
        "اداره شهروندی Döhren کجاست؟",
    ],
)
def test_an_evenings_address_is_never_given_for_that_of_an_office(question: str) -> None:
    """Who asks for the hours of the office in Döhren would go to the school in which the evening is."""
    said = told(question)
    assert not [event.address for event in HANNOVER.process.events if event.address in said]


def test_the_address_stays_where_the_way_to_an_evening_is_asked_for() -> None:
    assert "Helmstedter Straße 15" in told("Wo kann ich in Döhren parken?")
    assert "Helmstedter Straße 15" in told("Wo ist der Abend beim Bürgeramt Döhren?")


def test_the_address_of_an_evening_that_is_in_an_office_is_known() -> None:
    assert "Elmstraße 15" in told("Wo ist das Bürgeramt in Sahlkamp?")


@pytest.mark.parametrize(
    ("question", "language", "declined"),
    [
        ("Wann hat das Bürgeramt Linden geöffnet?", "de", "opening_hours"),
        ("Öffnungszeiten Bürgeramt Ricklingen", "de", "opening_hours"),
        ("Kiedy jest otwarty urząd w Linden?", "pl", "opening_hours"),
        ("Ick brooch'n Termin im Bürjeramt Aegi, wat is'n so frei?", "de", "appointment"),
        ("Wo ist das Bürgeramt Linden?", "de", "office_address"),
    ],
)
def test_of_an_office_where_no_event_is_it_is_said_what_is_not_known(
    question: str, language: str, declined: str
) -> None:
    """Nobody who asks for the hours of an office wants to hear where the events are."""
    reading = read(question, language=language)
    assert (reading.intent, reading.declined, reading.nowhere) == ("unknown", (declined,), "")


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Hat Döhren ein Bürgeramt?", "de"),
        ("Gibt es in Döhren ein Bürgeramt?", "de"),
        ("Hat Sahlkamp auch ein Bürgeramt?", "de"),
        ("Hat Linden ein Bürgeramt?", "de-simple"),
        ("Does Döhren have a citizens' office?", "en"),
        ("Döhren a-t-il un Bürgeramt ?", "fr"),
        ("¿Tiene Döhren una oficina ciudadana?", "es"),
        ("Döhren'de Bürgeramt var mı?", "tr"),
        ("Czy w Döhren jest Bürgeramt?", "pl"),
        ("Есть ли бюргерамт в Дёрене?", "ru"),
        ("Чи є бюргерамт у Дерені?", "uk"),
        ("هل توجد دائرة مواطنين في Döhren؟", "ar"),
        ("آیا در Döhren اداره شهروندی هست؟", "fa"),
    ],
)
def test_whether_a_quarter_has_an_office_is_told_by_the_list_of_them(question: str, language: str) -> None:
    """Whether an event is there or not; in Polish and Arabic the address of the event was told."""
    assert read(question, language=language).answer == "offices"


def test_an_evening_that_might_be_in_an_office_is_no_question_about_the_office() -> None:
    assert "Helmstedter Straße 15" in told("Ist das in Döhren im Bürgeramt?")
    assert "Helmstedter Straße 15" in told("Findet Döhren im Bürgeramt statt?")


@pytest.mark.parametrize(
    "asked", ["Wo kann ich einen {} beantragen?", "Was kostet ein {}?", "Wann ist mein {} fertig?"]
)
@pytest.mark.parametrize("name", ["Ausweis", "Perso"])
def test_an_identity_card_is_one_by_whatever_name(asked: str, name: str) -> None:
    assert told(asked.format(name)) == told(asked.format("Personalausweis"))
