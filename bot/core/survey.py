"""A survey as a pure state machine: which question comes next, what a changed answer drops, what is left."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import combinations
from math import prod

from bot.core.questions import AnyQuestion
from bot.core.questions.choice import BatteryQuestion, YesNoQuestion
from bot.core.questions.question import Question
from bot.core.questions.several import SeveralQuestion
from bot.core.texts import Text
from bot.core.values import Missing, Value

TOO_MANY_WAYS = 20_000


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one person has come. `question` is the one that waits for an answer, None when all are answered.

    `ticked` are the options tapped so far where several may be; `said` are the typed messages that gave answers, each
    with its question, the last one last: an edit corrects the answer, and taking a message back removes it.
    """

    survey: str
    version: int
    question: str | None
    answers: Mapping[str, Value] = field(default_factory=dict)
    ticked: tuple[str, ...] = ()
    said: Mapping[str, str] = field(default_factory=dict)
    asked_back: str = ""
    """A text that may be the answer in own words or a question to the bot, until the person has said which."""

    def said_in(self, message: str | None, question: str) -> "Progress":
        """The same, knowing in which message a question was answered; None where the network has no ids."""
        if message is None:
            return self
        others = {earlier: answered for earlier, answered in self.said.items() if answered != question}
        return replace(self, said={**others, message: question})


@dataclass(frozen=True, slots=True)
class Recorded:
    """Progress after an answer, and the questions whose answers it made unreachable."""

    progress: Progress
    dropped: tuple[Question, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Survey:
    """The questions of a process, as organisers wrote them; it runs from `opens` up to and including `closes`."""

    id: str
    version: int
    title: Text
    intro: Text
    thanks: Text
    minutes: int
    opens: date
    closes: date
    written: tuple[AnyQuestion, ...]
    questions: tuple[Question, ...] = field(init=False)
    """The single questions in their order: batteries and own words unfolded."""
    _by_id: Mapping[str, Question] = field(init=False, repr=False, compare=False)
    _batteries: Mapping[str, BatteryQuestion] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        asked = tuple(question for written in self.written for question in written.asked())
        object.__setattr__(self, "questions", asked)
        object.__setattr__(self, "_by_id", {question.id: question for question in asked})
        batteries = [written for written in self.written if isinstance(written, BatteryQuestion)]
        aspects = {aspect.id: battery for battery in batteries for aspect in battery.asked()}
        object.__setattr__(self, "_batteries", aspects)

    @cached_property
    def permissions(self) -> Mapping[str, str]:
        """The questions in own words that may be published, each with the question that asks for permission."""
        asked = [question for question in self.questions if isinstance(question, YesNoQuestion)]
        return {question.publishes: question.id for question in asked if question.publishes}

    def published(self, answers: Mapping[str, Value]) -> tuple[str, ...]:
        """The questions whose answers in own words this person lets the city publish."""
        return tuple(
            wish
            for wish, permission in self.permissions.items()
            if answers.get(permission) == "yes" and isinstance(answers.get(wish), str)
        )

    def begin(self) -> Progress:
        """Nothing answered, the first question waiting."""
        return self._with({})

    def find(self, question: str | None) -> Question | None:
        """The question with this id, if the survey has it."""
        return self._by_id.get(question) if question else None

    def path(self, answers: Mapping[str, Value]) -> Iterator[Question]:
        """The questions that these answers lead to, in order."""
        for question in self.questions:
            if question.only_if is None or question.only_if.holds(answers):
                yield question

    def current(self, progress: Progress) -> Question | None:
        """The question that waits; None at the review."""
        return self.find(progress.question)

    def record(self, progress: Progress, value: Value) -> Recorded:
        """The waiting question answered: unreachable answers go, and the first one without an answer waits."""
        if progress.question is None:
            return Recorded(progress)
        answers = {**progress.answers, progress.question: value}
        if progress.question not in self._looked_at:
            return Recorded(self._with(answers, progress.said))  # no other question hangs on this one
        return self._settled(answers, progress.said)

    def back(self, progress: Progress) -> Progress | None:
        """The question before the waiting one that was really asked; None at the first."""
        before = None
        for question in self.path(progress.answers):
            if question.id == progress.question:
                break
            if question.id in progress.answers:
                before = question.id
        return replace(progress, question=before, ticked=()) if before else None

    def reopen(self, progress: Progress, question: str) -> Progress | None:
        """A question on the path that already has an answer waits again; None for any other."""
        on_path = any(asked.id == question for asked in self.path(progress.answers))
        return replace(progress, question=question, ticked=()) if on_path and question in progress.answers else None

    def without(self, progress: Progress, question: str) -> Progress:
        """One answer taken out, with those that hang on it; the first question without an answer waits."""
        answers = {asked: value for asked, value in progress.answers.items() if asked != question}
        return self._settled(answers, progress.said).progress

    def onward(self, progress: Progress) -> Progress:
        """On to the first question without an answer, keeping the answer of the one that waits."""
        return self._with(progress.answers, progress.said)

    def tick(self, progress: Progress, option: str) -> Progress:
        """One option of the waiting question tapped: ticked, or no longer; in the order of the content."""
        question = self.current(progress)
        ticked = set(progress.ticked) ^ {option}
        order = question.answers() if question else ()
        return replace(progress, ticked=tuple(known.id for known in order if known.id in ticked))

    def complete(self, progress: Progress) -> bool:
        """Whether every question on the path has an answer, so that it may be submitted."""
        return self._with(progress.answers).question is None

    def answered(self, progress: Progress) -> list[tuple[Question, Value]]:
        """What the review shows: the questions of the path that have an answer, in order."""
        path = self.path(progress.answers)
        return [(question, progress.answers[question.id]) for question in path if question.id in progress.answers]

    def remaining(self, progress: Progress) -> int:
        """How many questions can still come at most, the waiting one included.

        A question counts unless the answers given rule it out; two that exclude each other both count until it is
        known which one comes. That is why people read "noch höchstens".
        """
        return sum(question.id not in progress.answers for question in self._possible(progress.answers))

    def surely_remaining(self, progress: Progress) -> int:
        """How many questions still come at least, the waiting one included: those that hang on no answer."""
        return sum(question not in progress.answers for question in self._always_asked)

    @cached_property
    def _looked_at(self) -> frozenset[str]:
        """The questions whose answers decide about others."""
        conditions = [question.only_if for question in self.questions if question.only_if is not None]
        return frozenset(name for condition in conditions for name, _options in condition.questions())

    @cached_property
    def _always_asked(self) -> tuple[str, ...]:
        return tuple(question.id for question in self.questions if question.only_if is None)

    @cached_property
    def longest(self) -> int:
        """The most questions that any person can be asked: what the introduction promises."""
        told_apart: dict[str, set[str]] = {}
        for question in self.questions:
            for name, options in question.only_if.questions() if question.only_if else ():
                told_apart.setdefault(name, set()).update(options)
        values = {name: _kinds_of_answer(self._by_id[name], options) for name, options in told_apart.items()}
        if prod(len(kinds) for kinds in values.values()) > TOO_MANY_WAYS:
            return self.remaining(self.begin())
        return self._longest_from(0, {}, values)

    def _longest_from(self, start: int, answers: dict[str, Value], values: Mapping[str, Sequence[Value]]) -> int:
        """The longest rest of the survey from one question on, trying every answer that a condition tells apart."""
        count = 0
        for index in range(start, len(self.questions)):
            question = self.questions[index]
            if question.only_if is not None and not question.only_if.holds(answers):
                continue
            count += 1
            if question.id in values:
                rests = ({**answers, question.id: value} for value in values[question.id])
                return count + max(self._longest_from(index + 1, rest, values) for rest in rests)
        return count

    def knows(self, progress: Progress) -> bool:
        """Whether progress is of this version, and the question that waits is one of its own."""
        return progress.version == self.version and (progress.question is None or progress.question in self._by_id)

    def adopt(self, progress: Progress) -> Recorded:
        """Progress begun under another version: every answer whose question still takes it is kept."""
        kept, misfits = {}, []
        for question in self.questions:
            if question.id in progress.answers:
                if question.fits(progress.answers[question.id]):
                    kept[question.id] = progress.answers[question.id]
                else:
                    misfits.append(question)
        settled = self._settled(kept, progress.said)
        return Recorded(settled.progress, (*misfits, *settled.dropped))

    def battery_of(self, question: str) -> BatteryQuestion | None:
        """The battery that a question is one aspect of."""
        return self._batteries.get(question)

    def _possible(self, answers: Mapping[str, Value]) -> Iterator[Question]:
        """The questions that lie on the path or still may, once those without an answer have one."""
        still_open = {question.id for question in self.questions if question.id not in answers}
        for question in self.questions:
            if question.only_if is None or question.only_if.holds(answers, still_open) is not False:
                yield question
            else:
                still_open.discard(question.id)

    def _settled(self, answers: Mapping[str, Value], said: Mapping[str, str]) -> Recorded:
        """Answers without those that can no longer be reached. One that goes may take others with it."""
        kept = dict(answers)
        dropped: list[Question] = []
        while True:
            possible = {question.id for question in self._possible(kept)}
            gone = [question for question in self.questions if question.id in kept and question.id not in possible]
            if not gone:
                return Recorded(self._with(kept, said), tuple(dropped))
            dropped += gone
            for question in gone:
                del kept[question.id]

    def _with(self, answers: Mapping[str, Value], said: Mapping[str, str] | None = None) -> Progress:
        waiting = next((question.id for question in self.path(answers) if question.id not in answers), None)
        kept = {message: question for message, question in (said or {}).items() if question in answers}
        return Progress(self.id, self.version, waiting, answers, said=kept)


def _kinds_of_answer(question: Question, options: set[str]) -> list[Value]:
    """The answers to a question that conditions could tell apart: those named, something else, nothing."""
    named = [option.id for option in question.answers() if option.id in options]
    others = [option.id for option in question.answers() if option.id not in options][:1] or ["1"]
    if isinstance(question, SeveralQuestion):
        most = question.at_most or len(question.options)
        sizes = range(1, min(most, len(named)) + 1)
        return [*(chosen for size in sizes for chosen in combinations(named, size)), tuple(others), *Missing]
    return [*named, *others, *Missing]
