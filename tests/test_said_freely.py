"""Answers as people say them, with other words than a label has: taken where only one can be meant."""

from collections.abc import Iterator, Set

import pytest

from bot.core import recognition
from bot.core.questions.choice import YesNoQuestion
from bot.core.questions.question import Option
from bot.core.questions.several import SeveralQuestion
from bot.core.values import Missing, Value
from bot.locales import load
from bot.paths import LOCALES
from tests.asking import HANNOVER
from tests.typing_answers import GERMAN, PROCESSES, answer, messages, several


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("ja gerne", "yes"),
        ("klar, bitte", "yes"),
        ("nein danke", "no"),
        ("Ja, zweimal", "yes"),
        ("Nein, nur einmal", "no"),
        ("Ja, aber nur einmal", None),
        ("ja nein", None),
        ("Nein, nicht mehr", None),
        ("ja, glaube ich", "yes"),
        ("Nein, ich meinte ja", None),
        ("Ja wirklich?", None),
        ("Danke", None),
        ("bitte", None),
    ],
)
def test_yes_and_no_may_be_said_politely_and_with_a_detail(typed: str, value: str | None) -> None:
    assert answer(YesNoQuestion(id="x", text={}, short={}), typed) == value


@messages("Ja, gern in der Zeitung", "ja ohne Namen", "Nein, noch nicht", "ja, glaube ich", "ich denke, ja")
def test_a_permission_is_said_whole(typed: str) -> None:
    assert answer(YesNoQuestion(id="x", text={}, short={}, publishes="wish"), typed) is None


ERRANDS = several("Personalausweis oder Reisepass", "Führerschein umtauschen", "Ummelden nach Umzug", "Etwas anderes")
WAYS = several("Vor Ort mit Termin", "Vor Ort ohne Termin", "Online", "Per Telefon")


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1-3", ("a", "b", "c")),
        ("1 bis 2, 4", ("a", "b", "d")),
        ("nur 1", ("a",)),
        ("nur Reisepass", ("a",)),
        ("Reisepass und Führerschein", ("a", "b")),
        ("die ersten beiden", ("a", "b")),
        ("alle außer 3", ("a", "b", "d")),
        ("alle außer Umzug, 4", ("a", "b")),
        ("Alle", ("a", "b", "c", "d")),
        ("ich weiß nicht", Missing.NO_ANSWER),
        ("beides", None),
        ("alle außer 9", None),
        ("0-2", None),
        ("oder", None),
    ],
)
def test_several_may_be_named_at_once(typed: str, value: Value | None) -> None:
    assert answer(ERRANDS, typed) == value


def test_all_is_not_said_of_options_that_exclude_each_other() -> None:
    assert answer(several("Hilfe mit Formularen", "Gebärdensprache", "Keine Unterstützung nötig"), "alle") is None
    assert answer(several("Schatten", "Bänke"), "beides") == ("a", "b")
    question = several("Schatten", "Bänke", "Toiletten", at_most=2)
    assert answer(question, "alle") is None
    assert question.misfit("alle", GERMAN) == GERMAN.counted("misfit.too_many", 2)


@pytest.mark.parametrize(
    ("typed", "value"),
    [("mit Termin", ("a",)), ("Termin", None), ("Telefon", ("d",)), ("ohne", None), ("vor Ort", None)],
)
def test_a_word_of_a_label_is_enough_where_no_other_has_it(typed: str, value: Value | None) -> None:
    assert answer(WAYS, typed) == value


@pytest.mark.parametrize(
    ("question", "typed", "language", "value"),
    [
        ("office", "in Linden", "de", "linden"),
        ("office", "Ich war im Aegi", "de", "aegi"),
        ("office", "nicht in Linden", "de", None),
        ("office", "keine Ahnung", "de", Missing.NO_ANSWER),
        ("office", "not sure", "en", Missing.NO_ANSWER),
        ("district", "Kleefeld", "de", "buchholz_kleefeld"),
        ("used", "beides", "de", "both"),
        ("satisfaction", "zufrieden", "de", None),
        ("satisfaction", "satisfied", "en", None),
        ("satisfaction", "dissatisfied", "en", None),
        ("satisfaction", "Ich bin zufrieden", "de", None),
        ("satisfaction", "zufrieden", "de-simple", "satisfied"),
        ("effort", "easy", "en", None),
        ("effort", "hard", "en", None),
        ("age", "78", "de", "from_75"),
        ("age", "ich bin 62", "de", "from_60_to_74"),
        ("age", "16", "en", "under_18"),
        ("age", "I am 45 years old", "en", "from_45_to_59"),
        ("age", "5", "de", "from_60_to_74"),
        ("age", "8", "de", None),
        ("age", "-78", "de", None),
        ("age", "1947", "de", None),
        ("district", "78", "de", None),
    ],
)
def test_an_answer_of_the_survey_may_be_said_as_people_say_it(
    question: str, typed: str, language: str, value: Value | None
) -> None:
    asked = next(one for one in PROCESSES[0].survey.questions if one.id == question)
    assert answer(asked, typed, language) == value


class Counted(Set[str]):
    """Words that count the letters of what is looked for among them."""

    def __init__(self, words: Set[str]) -> None:
        self._words = words
        self.letters = 0

    def __contains__(self, word: object) -> bool:
        self.letters += len(str(word))
        return word in self._words

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)


@messages("nur " * 1250, "alle außer " * 450, "bitte " * 830, "ein langes Wort " * 312, "a " * 2500, "9, " * 1600)
def test_a_long_message_is_work_for_a_moment_only(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody keeps everybody else waiting by writing "nur" a thousand times."""
    folded: list[int] = []
    fold = recognition.fold

    def counted(text: str) -> str:
        folded.append(len(text))
        return fold(text)

    monkeypatch.setattr(recognition, "fold", counted)
    for question in (ERRANDS, WAYS, YesNoQuestion(id="x", text={}, short={})):
        assert answer(question, typed) is None
    assert sum(folded) < 300 * len(typed)
    polite = Counted(frozenset(GERMAN.words("words.please")))
    recognition.bare(fold(typed), polite)
    assert polite.letters < 100 * len(typed)


CALLED = SeveralQuestion(
    id="x",
    text={},
    short={},
    options=(
        Option("card", {"de": "Personalausweis oder Reisepass"}, aliases=("Ausweis", "Perso", "Pass")),
        Option("licence", {"de": "Führerschein umtauschen"}, aliases=("Abmeldung",)),
        Option("move", {"de": "Neue Wohnung"}, aliases=("Anmeldung",)),
    ),
)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("Ausweis", ("card",)),
        ("mein perso", ("card",)),
        ("einen neuen Ausweiss", ("card",)),
        ("Pass und Führerschein", ("card", "licence")),
        ("alle außer Ausweis", ("licence", "move")),
        ("Ameldung", None),  # as near to one as to the other
        ("Ausweis, Pass", ("card",)),
        ("kein Ausweis", None),
        ("Parkausweis", None),
    ],
)
def test_an_option_is_chosen_by_what_it_is_also_called(typed: str, value: Value | None) -> None:
    assert answer(CALLED, typed) == value


@pytest.mark.parametrize("question", ["errands", "digital_first"])
@pytest.mark.parametrize(
    ("typed", "language"), [("Ausweis", "de"), ("Perso", "de"), ("Personalausweis", "de-simple"), ("ID card", "en")]
)
def test_an_identity_card_has_the_names_that_people_give_it(question: str, typed: str, language: str) -> None:
    asked = HANNOVER.process.survey.find(question)
    assert asked is not None
    t = load(LOCALES, language)
    assert asked.guess(typed, t) == ("id_document",)


def test_a_list_of_other_names_is_read_once() -> None:
    """5,000 letters of one name after the other, which all mean one option."""
    assert answer(CALLED, "Ausweis, " * 555) == ("card",)
