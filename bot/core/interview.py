"""The survey as a conversation: what is asked, how a reply is read, and what is said next. A pure step."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.core import recognition
from bot.core.conversation import (
    CONTROLS,
    DONE,
    Control,
    Vocabulary,
    control_button,
    menu_button,
    question_choices,
)
from bot.core.messages import Choice, Outgoing
from bot.core.questions.question import Question
from bot.core.questions.several import SeveralQuestion
from bot.core.survey import Progress, Survey
from bot.core.texts import Texts
from bot.core.values import Missing, Value

REVIEW = "review"
SOON_OVER = 5
"""From this many questions left on, people are told how many."""
TELLING = 4
"""Words from which on a reply that fits no choice tells something of its own."""
SHOWN_IN_REVIEW = 200
"""Characters of a text that the review repeats; the whole review has to fit into one message."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The waiting question gets this value; `guessed` where typing errors were overlooked."""

    value: Value
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Reopen:
    """A question that has an answer waits again, before any other."""

    question: str


Reply = Answered | Control
Move = Reply | Reopen


@dataclass(frozen=True, slots=True)
class Step:
    """What is said, and where the survey stands afterwards."""

    say: tuple[Outgoing, ...]
    progress: Progress


def put(survey: Survey, progress: Progress, t: Texts) -> Outgoing:
    """The message that the conversation now waits at: the waiting question, or the review."""
    question = survey.current(progress)
    if question is None:
        return review(survey, progress, t)
    earlier = progress.answers.get(question.id)
    stays = None if progress.ticked else earlier
    parts = [
        "" if earlier is not None else _how_many_left(survey, progress, t),
        question.wording(t),
        t.of(question.hint) if question.hint else "",
        question.invite(t),
        t("question.earlier", answer=shortened(question.shown(stays, t))) if stays is not None else "",
        t("question.optional") if question.optional and earlier is None else "",
    ]
    several = isinstance(question, SeveralQuestion)
    return Outgoing(
        text="\n".join(part for part in parts if part),
        choices=question_choices(survey.version, question.id, question.choices(t), progress.ticked),
        controls=_controls(survey, progress, question, t),
        done=Choice(control_button(question.id, DONE), t("control.done")) if several else None,
    )


def answered(survey: Survey, progress: Progress, value: Value, t: Texts) -> str:
    """The waiting question as it reads once it has this answer."""
    question = survey.current(progress)
    if question is None:
        return ""
    return f"{question.wording(t)}\n{t('answer.given', answer=question.shown(value, t))}"


def review(survey: Survey, progress: Progress, t: Texts) -> Outgoing:
    """All answers, numbered as "Frage 1", and the three ways on; with a hint where own words may name somebody."""
    lines = [t("review.title")]
    for number, (question, value) in enumerate(survey.answered(progress), 1):
        lines.append(
            t("review.line", number=number, question=_name(survey, question, t), answer=_said(question, value, t))
        )
    for number, (question, value) in enumerate(survey.answered(progress), 1):
        if question.free_text and isinstance(value, str) and (what := _named_in(value, t)):
            lines.append(t("hint.review", number=number, what=what))
    return Outgoing(text="\n".join(lines), choices=review_choices(t))


def _named_in(words: str, t: Texts) -> str:
    """What kinds of personal details own words may hold; empty where there seem to be none."""
    from bot.core.personal import hints  # noqa: PLC0415 - its many patterns are not needed before somebody writes

    return ", ".join(t(f"hint.{kind}") for kind in hints(words))


def review_choices(t: Texts) -> tuple[Choice, ...]:
    """Submit, change, pause: in this order, so that 1 leads forward."""
    return tuple(Choice(menu_button(REVIEW, key), t(f"review.{key}")) for key in ("submit", "change", "pause"))


def answered_choices(survey: Survey, progress: Progress, menu: str, t: Texts) -> tuple[Choice, ...]:
    """The answers given so far as choices, in the numbers that the review shows."""
    return tuple(
        Choice(menu_button(menu, question.id), f"{_name(survey, question, t)}: {_said(question, value, t, 40)}")
        for question, value in survey.answered(progress)
    )


def read(survey: Survey, progress: Progress, typed: str, vocabulary: Vocabulary, t: Texts) -> Reply | None:
    """What a typed message means at the waiting question; None where nothing fits.

    The order is the one of the design: the exact number, id or label; a control word; a label with small typos. In
    own words everything is the answer but the control words, and "keine Angabe" where nothing has to be said.
    """
    question = survey.current(progress)
    if question is None:
        return None
    control = vocabulary.control(typed)
    if question.free_text and control:
        return control
    if question.free_text and question.optional and vocabulary.nothing(typed):
        return "skip"
    value = question.read(typed, t)
    if value is not None:
        return Answered(value)
    if control:
        return control
    guess = question.guess(typed, t)
    if guess is None:
        return "skip" if question.optional and vocabulary.agreed(typed) == "no" else None
    return Answered(guess, guessed=True)


def corrected(
    survey: Survey, places: Iterable[Progress | None], typed: str, vocabulary: Vocabulary, t: Texts
) -> Step | None:
    """ "Nein, ich meinte 3": another answer at the first of these places at which it is one; None for anything else."""
    meant = recognition.behind(typed, t.words("words.meant"))
    for place in places if meant else ():
        question = survey.current(place) if place else None
        move = read(survey, place, meant, vocabulary, t) if place and question else None
        if place and question and isinstance(move, Answered):
            answer = question.shown(move.value, t)
            understood = t("answer.corrected", question=_name(survey, question, t), answer=shortened(answer))
            return _recorded(survey, place, move.value, understood, t)
    return None


def advance(survey: Survey, progress: Progress, move: Move, t: Texts) -> Step:
    """The survey after one move. Pause and cancel concern the person, not the survey: they change nothing here."""
    question = survey.current(progress)
    if isinstance(move, Answered):
        if question is None:
            return Step((put(survey, progress, t),), progress)
        understood = t("answer.understood", answer=question.shown(move.value, t)) if move.guessed else ""
        return _recorded(survey, progress, move.value, understood, t)
    if isinstance(move, Reopen):
        again = survey.reopen(progress, move.question) or progress
        return Step((put(survey, again, t),), again)
    if move == "back":
        before = survey.back(progress)
        if before is None:
            return _said_and_asked(survey, progress, t("control.first_question"), t)
        return Step((put(survey, before, t),), before)
    if move == "skip" and question is not None:
        if question.optional:
            return _recorded(survey, progress, Missing.SKIPPED, "", t)
        return _said_and_asked(survey, progress, _cannot_skip(question, t), t)
    if move == "onward" and question is not None and question.id in progress.answers:
        onward = survey.onward(progress)
        return Step((put(survey, onward, t),), onward)
    if move == "onward" and question is not None:
        optional = t("control.may_skip", skip=t("control.skip")) if question.optional else t("control.answer_first")
        return _said_and_asked(survey, progress, optional, t)
    if move in {"onward", "skip"}:
        return _said_and_asked(survey, progress, t("control.at_review"), t)
    return Step((put(survey, progress, t),), progress)


def misfit(survey: Survey, progress: Progress, typed: str, t: Texts) -> str:
    """What would fit instead; to somebody who tells something, that there is a question for that still to come."""
    question = survey.current(progress)
    if question is None:
        return t("misfit.review")
    ahead = any(other.free_text and other.id not in progress.answers for other in survey.path(progress.answers))
    telling = ahead and len(typed.split()) >= TELLING
    return "\n".join([question.misfit(typed, t), *([t("misfit.own_words_later")] if telling else [])])


def prefixed(sentence: str, message: Outgoing) -> Outgoing:
    """A message that begins with a sentence of its own paragraph."""
    return replace(message, text=f"{sentence}\n\n{message.text}") if sentence else message


def dropped_sentence(survey: Survey, dropped: tuple[Question, ...], t: Texts) -> str:
    """Which answers no longer fit and were removed; empty where none were."""
    names = ", ".join(_name(survey, question, t) for question in dropped)
    return t("answer.dropped", answers=names) if dropped else ""


def shortened(text: str, most: int = SHOWN_IN_REVIEW) -> str:
    """A text in one line of at most `most` characters, cut at the end."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def _recorded(survey: Survey, progress: Progress, value: Value, understood: str, t: Texts) -> Step:
    recorded = survey.record(progress, value)
    sentences = [understood, dropped_sentence(survey, recorded.dropped, t)]
    said = "\n".join(sentence for sentence in sentences if sentence)
    return Step((prefixed(said, put(survey, recorded.progress, t)),), recorded.progress)


def _said_and_asked(survey: Survey, progress: Progress, sentence: str, t: Texts) -> Step:
    return Step((prefixed(sentence, put(survey, progress, t)),), progress)


def _cannot_skip(question: Question, t: Texts) -> str:
    choices = question.choices(t)
    return t("control.cannot_skip", last=len(choices), label=choices[-1].label) if choices else t("control.must_answer")


def unclear(survey: Survey, progress: Progress, t: Texts, plain: str = "") -> str:
    """What is said to somebody who asks what the waiting question means: its hint has said all that is known.

    `plain` says how plain language is chosen, where that is offered.
    """
    question = survey.current(progress)
    choices = question.choices(t) if question else ()
    way_out = [t("misfit.unclear_choice", last=len(choices), label=choices[-1].label)] if choices else []
    return "\n".join(filter(None, (t("misfit.unclear"), plain, *way_out)))


def _how_many_left(survey: Survey, progress: Progress, t: Texts) -> str:
    if not progress.answers or survey.surely_remaining(progress) > SOON_OVER:
        return ""
    left = survey.remaining(progress)
    return t.counted("question.remaining", left) if left <= SOON_OVER else ""


def _controls(survey: Survey, progress: Progress, question: Question, t: Texts) -> tuple[Choice, ...]:
    stays = question.id in progress.answers and not progress.ticked
    offered = {
        "back": survey.back(progress) is not None,
        "skip": question.optional,
        "onward": stays,
        "pause": True,
        "cancel": False,
    }
    return tuple(Choice(control_button(question.id, name), t(f"control.{name}")) for name in CONTROLS if offered[name])


def _name(survey: Survey, question: Question, t: Texts) -> str:
    battery = survey.battery_of(question.id)
    short = t.of(question.short)
    return f"{t.of(battery.short)}, {short}" if battery else short


def _said(question: Question, value: Value, t: Texts, most: int = SHOWN_IN_REVIEW) -> str:
    return shortened(question.shown(value, t), most)


def question_number(typed: str, t: Texts) -> int | None:
    """The 5 of "Frage 5"."""
    for word in t.words("words.question"):
        found = re.fullmatch(rf"{re.escape(word)} (\d{{1,4}})", recognition.fold(typed))
        if found:
            return int(found[1])
    return None
