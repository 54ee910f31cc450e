"""What is asked of the bot itself, of one's data or in politeness, and what only sounds like that."""

import pytest

from tests.asking import read


@pytest.mark.parametrize(
    ("said", "language", "beside"),
    [
        ("Was wird gespeichert?", "de", "stored"),
        ("Datenschutz?", "de", "stored"),
        ("Ist das anonym?", "de-simple", "anonymous"),
        ("Muss ich meinen Namen nennen?", "de", "anonymous"),
        ("Wer liest das?", "de", "readers"),
        ("Kann ich meine Antwort löschen?", "de", "erasing"),
        ("Löschen Sie bitte alles", "de", "erasing"),
        ("Bitte alle meine Daten löschen", "de", "erasing"),
        ("Ich möchte meine Daten löschen", "de-simple", "erasing"),
        ("Was passiert mit meinen Daten?", "de", "stored"),
        ("Wer bekommt meine Daten?", "de", "stored"),
        ("Werden meine Daten weitergegeben?", "de", "stored"),
        ("Was wissen Sie über mich?", "de", "stored"),
        ("delete all my data", "en", "erasing"),
        ("Please delete everything", "en", "erasing"),
        ("What happens to my data?", "en", "stored"),
        ("What do you do with my data?", "en", "stored"),
        ("What happens with my answers?", "en", "stored"),
        ("Bütün verilerimi silin", "tr", "erasing"),
        ("Her şeyi silin", "tr", "erasing"),
        ("Удалите все мои данные", "ru", "erasing"),
        ("Что будет с моими данными?", "ru", "stored"),
        ("Видаліть усі мої дані", "uk", "erasing"),
        ("Що буде з моїми даними?", "uk", "stored"),
        ("احذفوا كل بياناتي", "ar", "erasing"),
        ("ماذا يحدث لبياناتي؟", "ar", "stored"),
        ("Proszę usunąć wszystkie moje dane", "pl", "erasing"),
        ("Co się dzieje z moimi danymi?", "pl", "stored"),
        ("Supprimez toutes mes données", "fr", "erasing"),
        ("Que deviennent mes données ?", "fr", "stored"),
        ("Borre todos mis datos", "es", "erasing"),
        ("¿Qué pasa con mis datos?", "es", "stored"),
        ("همه داده‌های من را پاک کنید", "fa", "erasing"),
        ("با داده‌های من چه می‌کنید؟", "fa", "stored"),
        ("Wer sind Sie?", "de", "bot"),
        ("Ich möchte mit einem Menschen sprechen", "de", "human"),
        ("Vielen Dank für die Auskunft!", "de", "thanks"),
        ("Tschüss", "de", "farewell"),
        ("Is this anonymous?", "en", "anonymous"),
        ("Can I talk to a real person?", "en", "human"),
        ("Bu anonim mi?", "tr", "anonymous"),
        ("Merhaba", "tr", "greeting"),
        ("auf Türkisch bitte", "tr", "language"),
        ("Кто это читает?", "ru", "readers"),
        ("Русский", "ru", "language"),
        ("Чи можна видалити мої відповіді?", "uk", "erasing"),
        ("Czy jesteś robotem?", "pl", "bot"),
        ("Qui lit mes réponses ?", "fr", "readers"),
        ("¿Es anónimo?", "es", "anonymous"),
        ("ماذا يتم تخزينه؟", "ar", "stored"),
        ("Arabic", "ar", "language"),
        ("می‌خواهم با یک انسان صحبت کنم", "fa", "human"),
    ],
)
def test_what_is_said_beside_the_dates_is_answered_in_its_language_and_asks_for_no_event(
    said: str, language: str, beside: str
) -> None:
    for expected in ("de", language):
        reading = read(said, language=expected)
        assert (reading.intent, reading.beside) == ("unknown", beside), expected
        assert reading.language.partition("-")[0] == language.partition("-")[0], expected


@pytest.mark.parametrize(
    ("said", "language"), [("How long does the survey take?", "en"), ("Wie lange dauert die Umfrage?", "de")]
)
def test_who_asks_how_long_the_survey_is_is_told_that_in_the_language_asked_in(said: str, language: str) -> None:
    for expected in ("de", language):
        reading = read(said, language=expected)
        assert (reading.beside, reading.events, reading.language) == ("length", (), language)


@pytest.mark.parametrize(
    "question",
    [
        "Danke, wann ist der nächste Termin?",
        "Hallo, wo ist der Termin in Misburg?",
        "Welche Daten haben die Abende?",
        "muss ich meinen namen vorher angeben oder einfach hin",
        "Wer spricht in Döhren?",
        "Gibt es dort Türkisch?",
        "Darf ich mit jemandem kommen?",
        "Alle Termine löschen",
        "Nennen Sie mir alles",
        "bevor ich meine daten irgendwo eingebe will ich wissen wer diese befragung überhaupt macht",
    ],
)
def test_what_is_asked_of_the_dates_is_never_answered_with_a_courtesy(question: str) -> None:
    """A name of what is not known, or a date, says more than a line about the bot."""
    assert read(question).beside == ""
