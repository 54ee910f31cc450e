"""Yes or no is said to whoever asks whether there is something; who asks what there is, is told just that."""

import pytest

from tests.asking import HANNOVER, told

OPENLY = [
    ("Was ist am {}?", "de", "13. November", "14. November"),
    ("Können Sie mir sagen, was am {} ist?", "de", "13. November", "14. November"),
    ("wat löppt am {}", "de", "13.11.", "14.11."),
    ("Was ist am {}?", "de-simple", "13. November", "14. November"),
    ("What is on {}?", "en", "13 November", "14 November"),
    ("Il y a quoi le {} ?", "fr", "13 novembre", "14 novembre"),
    ("¿Qué hay el {}?", "es", "13 de noviembre", "14 de noviembre"),
    ("{} ne var?", "tr", "13 Kasım'da", "14 Kasım'da"),
    ("Co jest {}?", "pl", "13 listopada", "14 listopada"),
    ("Что будет {}?", "ru", "13 ноября", "14 ноября"),
    ("Що буде {}?", "uk", "13 листопада", "14 листопада"),
    ("ماذا يوجد في {}؟", "ar", "13 نوفمبر", "14 نوفمبر"),
    ("{} چه خبر است؟", "fa", "۱۳ نوامبر", "۱۴ نوامبر"),
]
WHETHER = [
    ("Ist am {} was?", "de", "13. November", "14. November"),
    ("Findet am {} eine Veranstaltung statt?", "de", "13. November", "14. November"),
    ("Können Sie mir sagen, ob am {} was ist?", "de", "13. November", "14. November"),
    ("Gibt es am {} etwas?", "de-simple", "13. November", "14. November"),
    ("Is there anything on {}?", "en", "13 November", "14 November"),
    ("Est-ce qu'il y a quelque chose le {} ?", "fr", "13 novembre", "14 novembre"),
    ("¿Hay algo el {}?", "es", "13 de noviembre", "14 de noviembre"),
    ("{} bir şey var mı?", "tr", "13 Kasım'da", "14 Kasım'da"),
    ("Czy jest coś {}?", "pl", "13 listopada", "14 listopada"),
    ("Будет ли что-нибудь {}?", "ru", "13 ноября", "14 ноября"),
    ("Чи буде щось {}?", "uk", "13 листопада", "14 листопада"),
    ("هل يوجد شيء في {}؟", "ar", "13 نوفمبر", "14 نوفمبر"),
    ("آیا {} جلسه‌ای هست؟", "fa", "۱۳ نوامبر", "۱۴ نوامبر"),
]
EARLY = "2025-11-10T10:00:00+01:00"


def _no(language: str) -> str:
    return HANNOVER.vocabularies[language].sentences("no", said="")


def _yes(language: str) -> str:
    return HANNOVER.vocabularies[language].sentences("yes")


@pytest.mark.parametrize(("question", "language", "held", "free"), OPENLY)
def test_who_asks_what_there_is_hears_neither_yes_nor_no(question: str, language: str, held: str, free: str) -> None:
    something, nothing = (told(question.format(day), EARLY, language) for day in (held, free))
    assert "Mühlenberger Markt 1" in something
    assert _yes(language) not in something
    assert "2025" in nothing
    assert not nothing.startswith(_no(language))
    assert nothing[0] == nothing[0].upper()


@pytest.mark.parametrize(("question", "language", "held", "free"), WHETHER)
def test_who_asks_whether_there_is_something_hears_it(question: str, language: str, held: str, free: str) -> None:
    something, nothing = (told(question.format(day), EARLY, language) for day in (held, free))
    assert something.startswith(_yes(language))
    assert "Mühlenberger Markt 1" in something
    assert nothing.startswith(_no(language))


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("Was ist am 14. November?", "Am 14. November 2025 ist keine Veranstaltung."),
        ("Ist am 14. November was?", "Nein, am 14. November 2025 ist keine Veranstaltung."),
        ("Was ist morgen los?", "Morgen ist keine Veranstaltung."),
        ("Welche Termine gibt es im Januar?", "In dieser Zeit ist keine Veranstaltung."),
        ("Wo ist die Veranstaltung am 14. November?", "Am 14. November 2025 ist keine Veranstaltung."),
    ],
)
def test_a_day_without_an_event_is_said_in_a_sentence(question: str, says: str) -> None:
    assert told(question, EARLY).startswith(says)
