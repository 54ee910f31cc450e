"""People type as they like, and the bot understands them or asks again: it never takes one answer for another."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.messages import Choice
from bot.core.questions.choice import YesNoQuestion
from bot.core.questions.figures import DateQuestion, NumberQuestion
from bot.core.questions.question import Question
from bot.core.questions.several import SeveralQuestion
from bot.core.recognition import clean, exact, near, parts, position, signed
from bot.core.values import Missing, Value
from handlers import erase
from tests.typing_answers import GERMAN, PROCESSES, SPOKEN, answer, messages, several

ASKED = {
    f"{process.id}, {language}: {question.id}": (question, SPOKEN[language])
    for process in PROCESSES
    for language in process.languages
    for question in process.survey.questions
    if question.choices(SPOKEN[language])
}
"""Every question with choices in every language that it is asked in."""
LONG_LABELS = [
    (name, choice.label)
    for name, (question, t) in ASKED.items()
    for choice in question.choices(t)
    if sum(map(str.isalpha, choice.label)) >= 8
]
SATISFACTION = ("sehr unzufrieden", "unzufrieden", "mittel", "zufrieden", "sehr zufrieden")
AGES = ("18–29", "30–44", "45 bis 59 Jahre", "60 Jahre oder älter")
VEHICLES = ("Bus", "Bahn", "Bus und Bahn", "Auto, auch gemietet", "Fahrrad oder Roller")
WEIGHT = NumberQuestion(id="x", text={}, short={}, minimum=-5, maximum=12, decimals=1)
DAY = DateQuestion(id="x", text={}, short={}, earliest=date(2025, 1, 1), latest=date(2025, 12, 31))
steadily = settings(derandomize=True, deadline=None, max_examples=1000)


def choices(*labels: str) -> tuple[Choice, ...]:
    return tuple(Choice(f"q:1:x:option_{number}", label) for number, label in enumerate(labels, 1))


def understood(typed: str, *labels: str) -> str | None:
    """The label that a message means, small typos overlooked."""
    offered = choices(*labels)
    choice = exact(typed, offered) or near(typed, offered)
    return choice.label if choice else None


def value_of(question: Question, choice: Choice) -> Value:
    """The answer that choosing this and nothing else gives."""
    if choice.key == Missing.NO_ANSWER.value:
        return Missing.NO_ANSWER
    return (choice.key,) if isinstance(question, SeveralQuestion) else choice.key


@messages("Bürgeramt", "Buergeramt", "Burgeramt", "BÜRGERAMT", "Bu\u0308rgeramt", " bürgeramt! ")
def test_an_umlaut_may_be_typed_in_any_way(typed: str) -> None:
    assert exact(typed, choices("Bürgeramt", "Rathaus")) == choices("Bürgeramt")[0]


@messages("Große Straße", "grosse strasse", "GROSSE STRASSE", "GROẞE STRAẞE", "Große  Strasse.")
def test_a_sharp_s_may_be_typed_in_any_way(typed: str) -> None:
    assert exact(typed, choices("Große Straße", "Platz")) == choices("Große Straße")[0]


@messages("vor Ort", "Vor Ort.", "vorort")
def test_the_part_behind_a_comma_is_enough_where_it_means_one_label(typed: str) -> None:
    assert understood(typed, "Ja, vor Ort", "Ja, online", "Nein") == "Ja, vor Ort"
    assert understood("Ja", "Ja, vor Ort", "Ja, online", "Nein") is None


@messages("2", "2.", " 2 ", "2)", "Nr. 2", "nummer 2", "Antwort 2", "#2", "number 2", "②")
def test_a_number_is_a_position_from_1(typed: str) -> None:
    assert exact(typed, choices("schlecht", "mittel", "gut")) == choices("schlecht", "mittel")[1]


@pytest.mark.parametrize("zero", list("0０٠۰०๐𝟎"), ids=unicodedata.name)
def test_a_number_may_be_written_in_any_digits(zero: str) -> None:
    digits = [chr(ord(zero) + figure) for figure in range(10)]
    assert position(digits[3]) == 3
    assert position(digits[1] + digits[0]) == 10
    assert answer(WEIGHT, digits[1] + digits[2]) == 12


@pytest.mark.parametrize("figure", list(range(10)))
def test_a_keycap_is_its_number(figure: int) -> None:
    assert position(clean(f"{figure}\ufe0f\u20e3")) == position(f"{figure}\u20e3") == figure


@messages("0", "4", "99", "12345", "1, 2", "1-2", "1.5", "2 oder 3", "?", "")
def test_what_is_no_position_is_no_choice(typed: str) -> None:
    assert understood(typed, "schlecht", "mittel", "gut") is None


@messages("-2", "+2", "−2", "–2", "－2", " - 2 ")
def test_a_signed_number_is_asked_again(typed: str) -> None:
    assert signed(typed)
    assert understood(typed, "schlecht", "mittel", "gut") is None
    assert understood(typed, "1 Kind", "2 Kinder", "3 Kinder") is None
    assert understood(typed, "1", "2", "3") is None


@pytest.mark.parametrize(
    ("typed", "labels", "label"),
    [
        ("Herenhausen", ("Herrenhausen", "Ricklingen"), "Herrenhausen"),
        ("Schuatzenplatz", ("Schützenplatz", "Sahlkamp"), "Schützenplatz"),
        ("rutshce", ("Schaukel", "Rutsche"), "Rutsche"),
        ("zufriden", SATISFACTION, "zufrieden"),
        ("unzufriden", SATISFACTION, "unzufrieden"),
        ("sehr zufriedn", SATISFACTION, "sehr zufrieden"),
        ("45 bis 59 Jahren", AGES, "45 bis 59 Jahre"),
    ],
)
def test_a_typo_is_overlooked_where_one_label_can_be_meant(typed: str, labels: tuple[str, ...], label: str) -> None:
    assert exact(typed, choices(*labels)) is None
    assert understood(typed, *labels) == label


@messages("uzufrieden", "nzufrieden", "unufrieden", "sehr uzufrieden", "sehr", "frieden", "xyz")
def test_a_typo_that_could_mean_two_labels_is_asked_again(typed: str) -> None:
    assert understood(typed, *SATISFACTION) is None


def test_a_part_of_a_label_is_enough_unless_two_labels_share_it() -> None:
    assert understood("Bahn", "Bus / Bahn", "Bus / Rad") == "Bus / Bahn"
    assert understood("Bus", "Bus / Bahn", "Bus / Rad") is None
    assert understood("Rathaus", "Rathaus (Mitte)", "Amt (Nord)", "Amt (Süd)") == "Rathaus (Mitte)"
    assert understood("Amt", "Rathaus (Mitte)", "Amt (Nord)", "Amt (Süd)") is None


@messages("zufrieden", "unzufrieden", "Zufriedn", "uzufrieden", "sehr zunzufrieden")
def test_the_opposite_of_an_answer_is_never_taken_for_it(typed: str) -> None:
    assert understood(typed, "eher unzufrieden", "eher zufrieden") is None
    assert understood(typed, "very dissatisfied", "very satisfied") is None


@messages("19-29", "18-28", "81-29", "18-2", "118-29", "46 bis 59 Jahre", "45 bis 95 Jahre")
def test_a_digit_is_never_a_typo(typed: str) -> None:
    assert understood(typed, *AGES) is None


@messages("18–29", "18-29", "18 - 29", "１８－２９")
def test_a_range_of_numbers_is_a_label(typed: str) -> None:
    assert exact(typed, choices(*AGES)) == choices(*AGES)[0]


@messages("1 3", "1,3", "3, 1", "1. 3.", "1.3", "1;3", "1/3", "1 & 3", "1 + 3", "1\n3", "1, 1, 3")
def test_a_list_of_numbers_is_the_whole_selection(typed: str) -> None:
    assert answer(several("Schatten", "Bänke", "Toiletten"), typed) == ("a", "c")


@messages("１ ３", "１，３", "١, ٣", "١، ٣", "1️⃣, 3️⃣", "1️⃣ 3️⃣")
def test_a_list_may_be_written_in_any_digits(typed: str) -> None:
    assert answer(several("Schatten", "Bänke", "Toiletten"), typed) == ("a", "c")


@messages("1 und 3", "1 and 3", "1 sowie 3", "Nr. 1 UND Nr. 3", "A, c", "SCHATTEN und 3", "1., c")
def test_a_list_may_mix_numbers_ids_labels_and_words_for_and(typed: str) -> None:
    assert answer(several("Schatten", "Bänke", "Toiletten"), typed) == ("a", "c")


@messages("Schatten, Toiletten", "Schatten und Toiletten", "toiletten\nschatten", "Shatten, Toileten")
def test_a_list_of_labels_is_the_whole_selection(typed: str) -> None:
    assert answer(several("Schatten", "Bänke", "Toiletten"), typed) == ("a", "c")


@messages("1, 9", "1, 0", "1, -3", "3 bis 1", "1 bis 9", "1 oder 3", "Schatten, Wasser", "Schatten Toiletten")
def test_a_list_with_a_part_that_means_nothing_is_asked_again(typed: str) -> None:
    assert answer(several("Schatten", "Bänke", "Toiletten"), typed) is None


@pytest.mark.parametrize(("place", "label"), list(enumerate(VEHICLES)))
def test_a_label_with_a_comma_or_an_und_is_one_choice(place: int, label: str) -> None:
    assert answer(several(*VEHICLES), label) == ("abcde"[place],)
    assert answer(several(*VEHICLES), label.upper()) == ("abcde"[place],)


@messages("5", "5.", "no_answer", "weiß nicht", "keine Angabe", "Weiss nicht / Keine Angabe")
def test_no_answer_is_the_last_choice(typed: str) -> None:
    assert answer(several("Schatten", "Bänke", "Toiletten", "Sand"), typed) is Missing.NO_ANSWER


@messages("1, 5", "5, 1", "Schatten, keine Angabe", "1, 2, 3, 4, 5")
def test_no_answer_excludes_every_other(typed: str) -> None:
    question = several("Schatten", "Bänke", "Toiletten", "Sand")
    assert answer(question, typed) is None
    assert question.misfit(typed, GERMAN) == GERMAN("misfit.no_answer_alone", label=GERMAN("answer.no_answer"))


def test_no_more_may_be_chosen_than_the_question_says() -> None:
    question = several("Schatten", "Bänke", "Toiletten", at_most=2)
    assert answer(question, "1, 3") == ("a", "c")
    assert answer(question, "2, 2, 3, 3") == ("b", "c")
    assert answer(question, "1, 2, 3") is None
    assert question.misfit("1, 2, 3", GERMAN) == GERMAN.counted("misfit.too_many", 2)


@pytest.mark.parametrize("name", list(ASKED))
def test_every_label_and_number_is_read_as_itself(name: str) -> None:
    question, t = ASKED[name]
    for number, choice in enumerate(question.choices(t), 1):
        spelled = choice.label.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
        assert question.chosen(choice.key, t) == value_of(question, choice)
        for typed in (str(number), choice.label, choice.label.upper(), choice.label.lower(), spelled):
            assert question.read(typed, t) == value_of(question, choice), typed


@st.composite
def slips(draw: st.DrawFn) -> tuple[str, str, str]:
    """A label of eight letters or more with one letter left out, changed, added or out of place."""
    name, label = draw(st.sampled_from(LONG_LABELS))
    at = draw(st.sampled_from([place for place, letter in enumerate(label) if letter.isalpha()]))
    before, letter, after = label[:at], label[at], label[at + 1 :]
    other = draw(st.sampled_from("abcdefghijklmnopqrstuvwxyzäöüß"))
    swapped = after[:1] + letter + after[1:] if after[:1].isalpha() else letter + after
    return name, label, before + draw(st.sampled_from([after, other + after, other + letter + after, swapped]))


@steadily
@given(slip=slips())
def test_a_slip_in_a_long_label_never_makes_it_another(slip: tuple[str, str, str]) -> None:
    name, label, typed = slip
    question, t = ASKED[name]
    meant = next(value_of(question, choice) for choice in question.choices(t) if choice.label == label)
    assert answer(question, typed, t.language) in {None, meant}


@steadily
@given(typed=st.text(), labels=st.lists(st.text(), max_size=4))
def test_no_text_is_too_strange_to_be_looked_at(typed: str, labels: list[str]) -> None:
    offered = choices(*labels)
    for found in (exact(typed, offered), near(typed, offered)):
        assert found is None or found in offered
    assert all(part.strip() for part in parts(typed))


@pytest.mark.parametrize(("typed", "value"), [("jo", "yes"), ("JA!", "yes"), ("Nö", "no"), ("nee", "no"), ("2", "no")])
def test_yes_and_no_have_the_words_that_people_use(typed: str, value: str) -> None:
    assert answer(YesNoQuestion(id="x", text={}, short={}), typed) == value


@pytest.mark.parametrize(("typed", "value"), [("3", 3), ("-3", -3), ("−3", -3), (" 2,5 ", 2.5), ("2.5", 2.5)])
def test_a_number_is_itself_and_no_position(typed: str, value: float) -> None:
    assert answer(WEIGHT, typed) == value


@messages("", "13", "-6", "2,55", "1.000", "drei", "1e1", "0x1", "3 kg", "nan", "inf", "9" * 5000)
def test_a_number_that_does_not_fit_is_asked_again(typed: str) -> None:
    assert answer(WEIGHT, typed) is None


@messages("3.12.2025", "03.12.2025", "3. 12. 2025", "3 12 2025", "2025-12-03", "２０２５-12-03")
def test_a_date_may_be_written_in_figures(typed: str) -> None:
    assert answer(DAY, typed) == "2025-12-03"


@messages("3. Dezember 2025", "3 dez 2025", "Mi, 3. Dez. 2025", "Mittwoch, 3. Dezember 2025")
def test_a_date_may_be_written_in_words(typed: str) -> None:
    assert answer(DAY, typed) == "2025-12-03"


@messages("3/12/2025", "3.12.", "3.12.25", "31.11.2025", "3.12.2024", "0.0.0000", "2025", "morgen", "")
def test_a_date_that_is_incomplete_or_could_be_two_is_asked_again(typed: str) -> None:
    assert answer(DAY, typed) is None


@messages("weiß nicht", "Weiss ich nicht.", "keine Angabe", "k. A.", "KEINE AHNUNG")
def test_no_answer_can_be_said_where_nothing_is_numbered(typed: str) -> None:
    assert answer(WEIGHT, typed) is answer(DAY, typed) is Missing.NO_ANSWER


@pytest.mark.parametrize("unwanted", ["\0", "\x1b", "\x7f", "\x85", "\u200b", "\u202e", "\u2066", "\ufeff", "\ud83d"])
def test_what_cannot_be_stored_or_misleads_is_taken_out(unwanted: str) -> None:
    assert clean(f" Mehr{unwanted}Grün {unwanted}") == "MehrGrün"


@pytest.mark.parametrize("text", ["eins\nzwei", "a\tb", "👩\u200d👧", "می\u200cخواهم", "3️⃣", "Grün", "🏳️\u200d🌈"])
def test_what_people_write_is_left_as_it_is(text: str) -> None:
    assert clean(text) == text
    assert clean(f" {text}\n") == text


@steadily
@given(text=st.text(st.characters() | st.sampled_from("\n\t\u200c\u200d\0\u202e\ud83d")))
def test_a_cleaned_text_can_be_stored_and_keeps_lines_and_joiners(text: str) -> None:
    cleaned = clean(f"x{text}x")
    assert not {unicodedata.category(one) for one in cleaned if one not in "\n\t\u200c\u200d"} & {"Cc", "Cf", "Cs"}
    assert cleaned.encode()
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    for kept in "\n\t\u200c\u200d":
        assert cleaned.count(kept) == lines.count(kept)


@pytest.mark.parametrize("typed", ["ABCDE-FGHJK", "abcdefghjk", "ABCDE FGHJK", "„ABCDE–FGHJK“", "ABCDE23456"])
def test_a_deletion_code_is_read_however_it_is_written(typed: str) -> None:
    assert len(erase.code_of(typed)) == 10
    assert erase.code_in("ABCDEFGHJK") is None  # two words may look so
    assert erase.code_in("löschen ABCDE-FGHJK") == "ABCDEFGHJK"
    assert erase.code_in("Mein Löschcode ist AWV9B-MU2NE") == "AWV9BMU2NE"
    assert erase.code_in("My deletion code is: abcde-fghjk.") == "ABCDEFGHJK"
    assert erase.code_in("Ich brauche mehr Apfel-Baume") is None
