"""Whatever a person says, in whatever order: no answer is lost, none is left over, and no promised length is passed."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, settings, stateful
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from bot import export, locales
from bot.content import load_process
from bot.core import conditions, interview, recognition
from bot.core.conditions import And, Condition, Contains, Not, OneOf, Or
from bot.core.conversation import CONTROLS, Control, Vocabulary
from bot.core.interview import Answered, Reply
from bot.core.messages import Choice
from bot.core.process import Process
from bot.core.questions import AnyQuestion
from bot.core.questions.choice import ChoiceQuestion
from bot.core.questions.figures import DateQuestion, NumberQuestion, Unnumbered
from bot.core.questions.own_words import OpenQuestion
from bot.core.questions.question import Option, Question
from bot.core.questions.several import SeveralQuestion
from bot.core.survey import Progress, Survey
from bot.core.texts import Texts
from bot.core.values import Missing, Value
from bot.paths import CONTENT, LOCALES
from storage import people
from storage.responses import StoredResponse
from tests.talk import BEISPIELSTADT

SPOKEN = {language: locales.load(LOCALES, language) for language in locales.available(LOCALES)}
# Without the phase that explains a failure: it takes longer than finding the failure.
PHASES = (Phase.generate, Phase.shrink)
VOCABULARY = Vocabulary(SPOKEN.values(), ())
NEW, OLD = dict.fromkeys(SPOKEN, "Neu"), dict.fromkeys(SPOKEN, "Alt")
ADDED = ChoiceQuestion(id="added", text=NEW, short=NEW, options=(Option("new", NEW), Option("old", OLD)))
SENTENCES = ("Mehr Bänke, bitte!", "1", "no_answer", "=SUMME(A1)", "{count}\n%s", "👩‍👧 und Schatten", "Nr. 3", "نعم")


def spellings(choice: Choice, position: int) -> list[str]:
    """The ways to type one choice whole."""
    label = choice.label
    without_umlauts = label.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
    numbers = [str(position), f"{position}.", f" Nr. {position}", f"{position}\ufe0f\u20e3"]
    return [*numbers, label, label.upper(), label.lower(), label.swapcase(), without_umlauts]


@st.composite
def replies(draw: st.DrawFn, question: Question, t: Texts) -> tuple[str, Value]:
    """Something a person types that fits the question, and the answer that it is."""
    if isinstance(question, OpenQuestion):
        some = st.sampled_from(SENTENCES) | st.text(max_size=question.at_most).map(recognition.clean)
        fits = some.filter(lambda text: 0 < len(text) <= question.at_most and not VOCABULARY.control(text))
        said = draw(fits.filter(lambda text: not (question.optional and VOCABULARY.nothing(text))))
        return said, said
    if isinstance(question, Unnumbered) and draw(st.booleans()):
        return draw(st.sampled_from(t("words.no_answer").split(","))), Missing.NO_ANSWER
    if isinstance(question, NumberQuestion):
        number = draw(st.integers(question.minimum, question.maximum))
        return draw(st.sampled_from([f"{number}", f" {number} ", f"+{number}", f"{number:04}"])), number
    if isinstance(question, DateQuestion):
        day = draw(st.dates(question.earliest, question.latest))
        figures = [day.isoformat(), f"{day:%d.%m.%Y}", f"{day.day}. {day.month}. {day.year}"]
        return draw(st.sampled_from([*figures, t.short_date(day), t.date(day)])), day.isoformat()
    choices = question.choices(t)
    most = (question.at_most or len(choices) - 1) if isinstance(question, SeveralQuestion) else 1
    indexes = draw(st.lists(st.integers(0, len(choices) - 2), unique=True, max_size=most))
    if not indexes:
        return draw(st.sampled_from(spellings(choices[-1], len(choices)))), Missing.NO_ANSWER
    typed = [draw(st.sampled_from(spellings(choices[index], index + 1))) for index in indexes]
    if not isinstance(question, SeveralQuestion):
        return typed[0], choices[indexes[0]].key
    between = draw(st.sampled_from([", ", ",", "; ", " und ", " AND ", "\n", " & "]))
    return between.join(typed), tuple(choices[index].key for index in sorted(indexes))


def misfits(question: Question, t: Texts) -> list[str]:
    """What can never be an answer to the question."""
    if isinstance(question, OpenQuestion):
        return ["", "x" * (question.at_most + 1)]
    if isinstance(question, NumberQuestion):
        return ["", f"{question.minimum - 1}", f"{question.maximum + 1}", "viele"]
    if isinstance(question, DateQuestion):
        return ["", (question.earliest - timedelta(1)).isoformat(), "30.2.2026", "3/4/2025", "12"]
    last = len(question.choices(t))
    several = [f"1, {last}", f"1, {last + 1}"] if isinstance(question, SeveralQuestion) else ["1, 2"]
    if isinstance(question, SeveralQuestion) and question.at_most:
        several.append(", ".join(map(str, range(1, question.at_most + 2))))
    return ["", "0", f"{last + 1}", "-1", "+2", "xyzzyxyzzy", *several]


def versions(survey: Survey) -> list[Survey]:
    """The survey with one question or option more or less, each under a version of its own."""
    looked_at = [pair for question in survey.written if question.only_if for pair in question.only_if.questions()]
    changed: list[tuple[AnyQuestion, ...]] = []
    for index, question in enumerate(survey.written):
        before, after = survey.written[:index], survey.written[index + 1 :]
        changed.append((*before, ADDED, question, *after))
        if not {asked.id for asked in question.asked()} & {name for name, _ in looked_at}:
            changed.append((*before, *after))
        compared = {option for name, options in looked_at if name == question.id for option in options}
        for field in () if question.type == "yes_no" else ("options", "aspects", "points"):
            options: tuple[Option, ...] = getattr(question, field, ())
            fewer = (tuple(one for one in options if one != less) for less in options if less.id not in compared)
            others: list[dict[str, Any]] = [{field: other} for other in ((Option("added", NEW), *options), *fewer)]
            changed += [(*before, replace(question, **other), *after) for other in others if options]
    return [replace(survey, version=number, written=written) for number, written in enumerate(changed, 2)]


def met(condition: Condition | None, said: Mapping[str, Value], unsaid: Collection[str] = ()) -> bool | None:
    """Whether a condition holds, as the guide in survey.toml has it; None while it hangs on an `unsaid` answer."""
    if condition is None:
        return True
    match condition:
        case OneOf(name, _) | Contains(name, _) | conditions.Answered(name) if name in unsaid:
            return None
        case OneOf(name, options):
            return said.get(name) in options
        case Contains(name, option):
            value = said.get(name)
            return isinstance(value, tuple) and option in value
        case conditions.Answered(name):
            return not isinstance(said.get(name, Missing.SKIPPED), Missing)
        case And(parts) | Or(parts):
            found = {met(part, said, unsaid) for part in parts}
            decisive = isinstance(condition, Or)
            return decisive if decisive in found else None if None in found else not decisive
        case Not(part):
            opposite = met(part, said, unsaid)
            return None if opposite is None else not opposite
    raise TypeError(condition)


class Person(stateful.RuleBasedStateMachine):
    """Somebody who answers: `said` is what they last said to each question, `waiting` the question before them."""

    process: Process
    versions: Sequence[Survey]

    def __init__(self) -> None:
        super().__init__()
        self.survey = self.process.survey
        self.progress = self.survey.begin()
        self.said: dict[str, Value] = {}
        self.waiting: str | None = self.survey.questions[0].id

    def path(self) -> list[Question]:
        """The questions that what was said leads to."""
        return [question for question in self.survey.questions if met(question.only_if, self.said)]

    def first_open(self) -> str | None:
        return next((question.id for question in self.path() if question.id not in self.said), None)

    def forget_unreachable(self) -> set[str]:
        """Answers go whose question cannot come any more; conditions look back only, so one pass finds them."""
        before, unsaid = set(self.said), set[str]()
        for question in self.survey.questions:
            if met(question.only_if, self.said, unsaid) is False:
                self.said.pop(question.id, None)
            elif question.id not in self.said:
                unsaid.add(question.id)
        return before - self.said.keys()

    def question(self) -> Question:
        return next(question for question in self.survey.questions if question.id == self.waiting)

    def language(self, data: st.DataObject) -> Texts:
        return SPOKEN[data.draw(st.sampled_from(self.process.languages), label="language")]

    def read(self, typed: str, t: Texts) -> Reply | None:
        return interview.read(self.survey, self.progress, recognition.clean(typed), VOCABULARY, t)

    def record(self, move: Reply, value: Value, t: Texts) -> None:
        """The waiting question gets its answer, in the model and in the engine."""
        assert self.waiting is not None
        new, left = self.waiting not in self.said, self.survey.remaining(self.progress)
        dropped = self.survey.record(self.progress, value).dropped
        self.said[self.waiting] = value
        assert {question.id for question in dropped} == self.forget_unreachable()
        self.waiting = self.first_open()
        self.progress = interview.advance(self.survey, self.progress, move, t).progress
        assert not new or self.survey.remaining(self.progress) < left

    def steer(self, control: Control, t: Texts) -> None:
        """One word that steers: what it does to the engine, and what it should do."""
        if control == "skip" and self.waiting and self.question().optional:
            return self.record(control, Missing.SKIPPED, t)
        before, left = self.progress, self.waiting
        self.progress = interview.advance(self.survey, before, control, t).progress
        if control == "onward" and left in self.said:
            self.waiting = self.first_open()
        order = [question.id for question in self.path()]
        earlier = [name for name in order[: order.index(left) if left else None] if name in self.said]
        if control == "back" and earlier:
            self.waiting = earlier[-1]
            same_again = self.survey.record(self.progress, self.said[self.waiting]).progress
            assert same_again == before or left in self.said
        return None

    @initialize(data=st.data(), far=st.booleans())
    def begin_or_be_far(self, data: st.DataObject, far: bool) -> None:
        if far:
            self.type_1_until_the_review(data)

    @precondition(lambda self: self.waiting is not None)
    @rule(data=st.data(), times=st.integers(1, 5))
    def answer(self, data: st.DataObject, times: int) -> None:
        for _ in range(times):
            if self.waiting is not None:
                t = self.language(data)
                typed, value = data.draw(replies(self.question(), t), label=self.waiting)
                assert self.read(typed, t) == Answered(value)
                self.record(Answered(value), value, t)

    @rule(data=st.data(), control=st.sampled_from(CONTROLS))
    def type_a_word_that_steers(self, data: st.DataObject, control: Control) -> None:
        t = self.language(data)
        word = data.draw(st.sampled_from(t(f"words.{control}").split(",")))
        if self.waiting and (control != "onward" or self.waiting in self.said or not self.question().free_text):
            assert self.read(word, t) == control
        self.steer(control, t)

    @precondition(lambda self: self.waiting is not None)
    @rule(data=st.data())
    def type_what_does_not_fit(self, data: st.DataObject) -> None:
        t = self.language(data)
        typed = data.draw(st.sampled_from(misfits(self.question(), t)))
        assert self.read(typed, t) is None
        assert self.question().misfit(typed, t)

    @precondition(lambda self: self.waiting is not None)
    @rule(data=st.data(), typed=st.text() | st.text("0123456789,.-+ \n"))
    def type_anything(self, data: st.DataObject, typed: str) -> None:
        t = self.language(data)
        move = self.read(typed, t)
        if isinstance(move, Answered):
            assert self.question().fits(move.value)
            self.record(move, move.value, t)
        elif move is not None:
            self.steer(move, t)
        else:
            assert self.question().misfit(recognition.clean(typed), t)

    @rule(data=st.data(), change=st.booleans())
    def reopen(self, data: st.DataObject, change: bool) -> None:
        """Any question, oftener one that others hang on."""
        asked = self.survey.questions
        hung_on = [name for question in asked if question.only_if for name, _ in question.only_if.questions()]
        wanted = data.draw(st.sampled_from([*hung_on, *(question.id for question in asked)]))
        again = self.survey.reopen(self.progress, wanted)
        assert (again is not None) == (wanted in {question.id for question in self.path()} & self.said.keys())
        if again is not None:
            self.progress, self.waiting = again, wanted
            if change:
                self.answer(data, times=1)

    @rule(data=st.data())
    def adopt_another_version(self, data: st.DataObject) -> None:
        self.survey = self.versions[data.draw(st.integers(0, len(self.versions) - 1), label="version")]
        options = {question.id: {option.id for option in question.answers()} for question in self.survey.questions}
        misfits = set()
        for name, value in list(self.said.items()):
            chosen = set(value if isinstance(value, tuple) else [value] if isinstance(value, str) else [])
            if name not in options or (options[name] and not chosen <= options[name]):
                del self.said[name]
                misfits |= {name} & options.keys()
        adopted = self.survey.adopt(self.progress)
        assert {question.id for question in adopted.dropped} == misfits | self.forget_unreachable()
        self.progress, self.waiting = adopted.progress, self.first_open()

    @rule()
    def save_and_load(self) -> None:
        stored = msgspec.json.encode(people.written(self.progress.answers))
        self.progress = replace(self.progress, answers=people.read(msgspec.json.decode(stored)))

    @precondition(lambda self: self.waiting is not None and self.waiting not in self.said)
    @rule(data=st.data())
    def type_1_until_the_review(self, data: st.DataObject) -> None:
        """A date is the one question without a first choice: it gets its earliest day."""
        t, most = self.language(data), self.survey.remaining(self.progress)
        for _ in range(min(most, len(self.survey.questions))):
            if self.waiting is not None:
                question = self.question()
                first = question.earliest.isoformat() if isinstance(question, DateQuestion) else "1"
                move = self.read(first, t)
                assert isinstance(move, Answered)
                self.record(move, move.value, t)
        assert self.waiting is None

    @invariant()
    def every_answer_is_there_and_no_more_is_asked_than_promised(self) -> None:
        assert self.progress == Progress(self.survey.id, self.survey.version, self.waiting, self.said)
        unanswered = [question for question in self.path() if question.id not in self.said]
        assert self.survey.complete(self.progress) == (not unanswered)
        assert len(unanswered) <= self.survey.remaining(self.progress)

    @precondition(lambda self: self.waiting is None)
    @invariant()
    def the_review_lists_what_is_exported(self) -> None:
        said = [(question, self.said[question.id]) for question in self.path()]
        assert len(said) == len(self.said), "an answer is left over whose question is not on the path"
        assert self.survey.answered(self.progress) == said
        assert len(said) <= self.survey.longest <= self.survey.remaining(self.survey.begin())
        assert self.survey.remaining(self.progress) == 0
        t = SPOKEN[self.process.languages[0]]
        lines = interview.review(self.survey, self.progress, t).text.splitlines()
        assert sum(line.startswith("Frage ") for line in lines) == len(said)  # hints at personal details stand below
        # The table gives answers back in any order, the file has them in that of the survey, as the review does.
        stored = {question.id: as_stored(value) for question, value in reversed(said)}
        exported = exported_answers(replace(self.process, survey=self.survey), stored)
        assert list(exported.items()) == [(question.id, as_json(value)) for question, value in said]


def as_stored(value: Value) -> list[tuple[str, bool]]:
    """An answer as rows of text, in the order of the table's key."""
    if isinstance(value, Missing):
        return [(value.value, True)]
    return [(one, False) for one in sorted(value)] if isinstance(value, tuple) else [(str(value), False)]


def as_json(value: Value) -> object:
    """An answer as the design promises it in the export."""
    return value.value if isinstance(value, Missing) else list(value) if isinstance(value, tuple) else value


def exported_answers(process: Process, stored: dict[str, list[tuple[str, bool]]]) -> dict[str, object]:
    response = StoredResponse("a", process.survey.id, process.survey.version, "de", date(2025, 11, 10), stored)
    answers: dict[str, object] = json.loads(export.as_json(process, [response]))[0]["answers"]
    return answers


@pytest.mark.parametrize("folder", [CONTENT, BEISPIELSTADT], ids=lambda folder: folder.name)
def test_whatever_is_said_every_answer_is_kept_and_none_is_left_over(folder: Path) -> None:
    class Somebody(Person):
        process = load_process(folder, list(SPOKEN))
        versions = (process.survey, *versions(process.survey))

    often = settings(max_examples=500, stateful_step_count=30, deadline=None, derandomize=True, phases=PHASES)
    stateful.run_state_machine_as_test(Somebody, settings=often)
