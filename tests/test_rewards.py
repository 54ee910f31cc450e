"""Somebody asks what they get for taking part: nobody knows, and it is no question about what the events cost."""

import pytest

from tests.asking import read, told


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Bekomme ich etwas dafür?", "de"),
        ("Kriege ich was dafür", "de"),
        ("Gibt's dafür Geld?", "de"),
        ("Bekomme ich Geld, wenn ich mitmache?", "de"),
        ("Wird man dafür bezahlt?", "de"),
        ("Kann man etwas gewinnen?", "de-simple"),
        ("Do I get paid for taking part?", "en"),
        ("Est-ce que je reçois quelque chose en échange ?", "fr"),
        ("¿Me pagan por participar?", "es"),
        ("Bunun için para alacak mıyım?", "tr"),
        ("Czy dostanę coś za to?", "pl"),
        ("Мне за это заплатят?", "ru"),
        ("Чи отримаю я щось за це?", "uk"),
        ("هل أحصل على شيء مقابل ذلك؟", "ar"),
        ("آیا پاداش دارد؟", "fa"),
    ],
)
def test_a_reward_is_not_known(question: str, language: str) -> None:
    reading = read(question, language=language)
    assert (reading.intent, reading.declined) == ("unknown", ("reward",))


@pytest.mark.parametrize("question", ["Muss ich dafür Geld bezahlen?", "Nehmt ihr Geld dafür?", "Kostet es Geld?"])
def test_who_asks_what_it_costs_is_told_that_it_is_free(question: str) -> None:
    assert told(question) == "Die fünf Veranstaltungen sind kostenlos."


def test_both_may_be_asked_at_once() -> None:
    said = told("Wann ist der Abend in Misburg, und kriege ich was dafür?")
    assert "26. November" in said
    assert "Belohnung" in said
