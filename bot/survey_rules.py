"""The rules that a survey has to keep: nothing that nobody can answer, reach or tell apart."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from bot.content_rules import BUTTON_BYTES, FILLED, ID, check_ids
from bot.core import recognition
from bot.core.conditions import Answered, Not, OneOf
from bot.core.questions import AnyQuestion
from bot.core.questions.choice import BatteryQuestion, ChoiceQuestion, YesNoQuestion
from bot.core.questions.own_words import OpenQuestion
from bot.core.questions.question import Option, Question
from bot.core.questions.several import SeveralQuestion
from bot.core.recognition import fold
from bot.core.values import Missing, Value
from bot.problems import Findings

LABEL_LENGTH = 30
"""Characters of a label. No network sets a limit; a telephone cuts what is longer, and then two buttons look alike."""
LONGEST_TEXT = 3000
"""Characters of an answer in own words: it has to fit into one message of a network."""
RESERVED = {missing.value for missing in Missing}
TOO_MANY_WAYS = 50_000


def check_figures(minutes: int, version: int, findings: Findings) -> None:
    if minutes < 1:
        findings.add("minutes is below 1", "Say how long the survey takes, in whole minutes.", "minutes")
    if version < 1:
        findings.add("version is below 1", "Begin with 1 and count up whenever questions change.", "version")


def check_points(points: Sequence[Option], findings: Findings) -> None:
    """A scale has two points or more, each with its figure, ascending."""
    figures = [point.value for point in points]
    known = [figure for figure in figures if figure is not None]
    if len(points) < 2:
        findings.add("a scale needs two points or more", "Add points.", "points")
    if len(known) < len(figures):
        findings.add("a point has no value", "Give every point its figure: value = -2 … 2.", "points")
    elif known != sorted(set(known)):
        findings.add("the values do not ascend", "Order the points from the lowest value to the highest.", "points")
    _check_options(points, "point", findings)


def check_questions(built: Sequence[tuple[AnyQuestion, Findings]], declared: Sequence[str], version: int) -> None:
    """The rules of single questions, then those between them."""
    check_ids([(question.id, findings) for question, findings in built], "question")
    shorts: set[tuple[str, str]] = set()
    for question, findings in built:
        _check_wording(question, findings)
        for language, short in question.short.items():
            if short != FILLED and (language, fold(short)) in shorts:
                findings.within("short").add(
                    f'"{short}" is used twice', "Give each question a short name of its own.", language
                )
            shorts.add((language, fold(short)))
    _check_unfolded(built, version)
    for index, (question, findings) in enumerate(built):
        before = [earlier for earlier, _ in built[:index]]
        if isinstance(question, YesNoQuestion) and question.publishes is not None:
            _check_permission(question, question.publishes, before, findings)
        sound = question.only_if is None or _check_condition(question, before, declared, findings.within("only_if"))
        if question.only_if is not None and sound:
            _check_reachable(question, before, findings)


def _check_unfolded(built: Sequence[tuple[AnyQuestion, Findings]], version: int) -> None:
    """Batteries and own words make ids of their own, which must not meet another one or outgrow a button."""
    written = {question.id for question, _ in built}
    for question, findings in built:
        for asked in question.asked():
            if asked.id != question.id and asked.id in written:
                findings.add(f'it makes the id "{asked.id}", which another question has', "Rename one of them.", "id")
            keys = [option.id for option in asked.answers()] + [Missing.NO_ANSWER.value]
            longest = max((f"q:{version}:{asked.id}:{key}" for key in keys), key=len)
            if len(longest.encode()) > BUTTON_BYTES:
                findings.add(
                    f'the button "{longest}" has {len(longest.encode())} bytes',
                    f"At most {BUTTON_BYTES}: shorten ids.",
                    "id",
                )
                break


def _check_wording(question: AnyQuestion, findings: Findings) -> None:
    if isinstance(question, ChoiceQuestion) and question.type not in {"yes_no", "scale"}:
        if len(question.options) < 1:
            findings.add("there is no option", "Write at least one.", "options")
        _check_options(question.options, "option", findings)
    if isinstance(question, SeveralQuestion):
        _check_divisible(question.options, findings)
    most = question.at_most if isinstance(question, SeveralQuestion) else None
    # What is no number at all has been found already, as with every other key.
    if isinstance(question, SeveralQuestion) and isinstance(most, int) and not 1 <= most <= len(question.options):
        findings.add(f"at_most = {most} does not fit", f"Write 1 to {len(question.options)}.", "at_most")
    if isinstance(question, BatteryQuestion):
        _check_options(question.aspects, "aspect", findings)
        for language, words in question.text.items():
            if "{aspect}" not in words and words != FILLED:
                findings.within("text").add(
                    f'"{language}" lacks {{aspect}}', "Write {aspect} where its name belongs.", language
                )
    for low, high in (("minimum", "maximum"), ("earliest", "latest")):
        lowest, highest = getattr(question, low, None), getattr(question, high, None)
        if lowest is not None and highest is not None and lowest > highest:
            findings.add(f"{low} is above {high}", "Exchange the two or correct one.", low)
    if question.type == "open" and not 1 <= getattr(question, "at_most", 1) <= LONGEST_TEXT:
        findings.add(
            "at_most does not fit", f"Say how many characters an answer may have: 1 to {LONGEST_TEXT}.", "at_most"
        )
    if not 0 <= getattr(question, "decimals", 0) <= 6:
        findings.add("decimals does not fit", "Write 0 to 6.", "decimals")
    if question.hint is not None and not any(words.strip() for words in question.hint.values()):
        findings.within("hint").add("it is empty", "Write it, or remove it.")


def _check_divisible(options: Sequence[Option], findings: Findings) -> None:
    """Where several may be typed, a comma, slash or "und" divides: inside a label it would make two answers of one."""
    for number, option in enumerate(options, 1):
        for language, label in option.label.items():
            if len(recognition.parts(label)) > 1:
                findings.part(f"option {number}", "options", number - 1).add(
                    f'the label "{label}" ("{language}") can be read as several',
                    'Write it without comma, slash or "und".',
                )


def _check_aliases(options: Sequence[Option], what: str, findings: Findings) -> None:
    """Another name means one option only."""
    owners: dict[str, str] = {}
    for number, option in enumerate(options, 1):
        place = findings.part(f"{what} {number}", f"{what}s", number - 1)
        for name in (*option.label.values(), *option.aliases):
            if name != FILLED and owners.setdefault(fold(name), option.id) != option.id:
                place.add(f'"{name}" names two options', "Remove it from the aliases of one of them.", "aliases")


def _check_options(options: Sequence[Option], what: str, findings: Findings) -> None:
    seen: set[str] = set()
    labels: set[tuple[str, str]] = set()
    for number, option in enumerate(options, 1):
        place = findings.part(f"{what} {number}", f"{what}s", number - 1)
        if not ID.fullmatch(option.id):
            place.add(f'"{option.id}" is no id', "Use lower-case letters, digits and _, beginning with a letter.")
        elif option.id in RESERVED:
            place.add(f'the id "{option.id}" is reserved', "The bot adds this choice by itself: remove the option.")
        elif option.id in seen:
            place.add(f'the id "{option.id}" is used twice', "Give each option an id of its own.")
        seen.add(option.id)
        for language, label in option.label.items():
            if label != FILLED and (language, fold(label)) in labels:
                place.add(f'the label "{label}" is there twice', "Labels have to differ.")
            labels.add((language, fold(label)))
            if len(label) > LABEL_LENGTH:
                place.add(f'"{language}" has {len(label)} characters', f"At most {LABEL_LENGTH} fit a button.")
    if any(option.aliases for option in options):
        _check_aliases(options, what, findings)


def _check_permission(question: YesNoQuestion, wish: str, before: Sequence[AnyQuestion], findings: Findings) -> None:
    """What may be published is one earlier question in own words, and nobody is asked about words they never wrote."""
    place = findings.within("publishes")
    open_ones = [earlier.id for earlier in before if isinstance(earlier, OpenQuestion)]
    if wish not in open_ones:
        known = f"Known before it: {', '.join(open_ones) or 'none'}."
        place.add(f'there is no earlier question "{wish}" of type open', known)
    elif question.only_if != Answered(wish):
        condition = f'only_if = {{ question = "{wish}", answered = true }}'
        place.add("it would be asked of people who wrote nothing", f"Write {condition}.")
    elif any(isinstance(other, YesNoQuestion) and other.publishes == wish for other in before):
        place.add(f'permission for "{wish}" is asked twice', "Remove publishes from one of the two.")


def _check_condition(
    question: AnyQuestion, before: Sequence[AnyQuestion], declared: Sequence[str], findings: Findings
) -> bool:
    """Whether every question and option that a condition looks at exists and comes earlier."""
    asked = {single.id: single for earlier in before for single in earlier.asked()}
    sound = True
    for name, options in question.only_if.questions() if question.only_if else ():
        known = asked.get(name)
        battery = next(
            (earlier for earlier in before if isinstance(earlier, BatteryQuestion) and earlier.id == name), None
        )
        if battery is not None:
            aspects = ", ".join(aspect.id for aspect in battery.asked())
            findings.add(f'"{name}" is a battery', f"Name one of its questions: {aspects}.")
            sound = False
        elif known is None and name in declared:
            # An earlier question that could not be read is told of at its own place.
            if declared.index(name) >= declared.index(question.id):
                findings.add(f'"{name}" comes later', "A condition can only look at earlier questions.")
            sound = False
        elif known is None:
            findings.add(f'there is no question "{name}"', f"Known before it: {', '.join(asked) or 'none'}.")
            sound = False
        else:
            ids = {option.id for option in known.answers()} | RESERVED
            if options and isinstance(known, SeveralQuestion) and not _contains_only(question, name):
                findings.add(f'"{name}" may have several answers', 'Write contains = "…" instead of equals or one_of.')
                sound = False
            for option in options:
                if option not in ids:
                    findings.add(f'"{name}" has no option "{option}"', f"Its options: {', '.join(sorted(ids))}.")
                    sound = False
    return sound


def _contains_only(question: AnyQuestion, name: str) -> bool:
    """Whether a condition compares the answers of a question by `contains` alone."""
    front: list[Any] = [question.only_if]
    while front:
        condition = front.pop()
        if isinstance(condition, OneOf) and condition.question == name and not set(condition.options) <= RESERVED:
            return False
        front += getattr(condition, "conditions", ()) or ([condition.condition] if isinstance(condition, Not) else [])
    return True


def _check_reachable(question: AnyQuestion, before: Sequence[AnyQuestion], findings: Findings) -> None:
    """Whether some way of answering leads to the question: tries all that its condition could tell apart."""
    single = {asked.id: asked for earlier in before for asked in earlier.asked()}
    needed: set[str] = set()
    front = [question.only_if]
    while front:
        condition = front.pop()
        for name, _ in condition.questions() if condition else ():
            if name not in needed:
                needed.add(name)
                front.append(single[name].only_if)
    order = [asked for asked in single.values() if asked.id in needed]
    tried = itertools.islice(_ways(order, {}), TOO_MANY_WAYS)
    ways = 0
    for answers in tried:
        ways += 1
        if question.only_if is None or question.only_if.holds(answers):
            return
    if ways < TOO_MANY_WAYS:
        findings.add("this question can never be reached", "Correct its condition, or remove the question.", "only_if")


def _ways(order: Sequence[Question], answers: dict[str, Value]) -> Iterator[dict[str, Value]]:
    if not order:
        yield answers
        return
    question, rest = order[0], order[1:]
    if question.only_if is not None and not question.only_if.holds(answers):
        yield from _ways(rest, answers)
        return
    for value in _values(question):
        yield from _ways(rest, {**answers, question.id: value})


def _values(question: Question) -> Iterator[Value]:
    options = [option.id for option in question.answers()]
    if isinstance(question, SeveralQuestion):
        most = min(question.at_most or len(options), len(options))
        yield tuple(options[:most])
        for size in range(1, min(most, 3) + 1):
            yield from itertools.combinations(options, size)
    else:
        yield from options or ["1"]
    yield Missing.NO_ANSWER
    if question.optional:
        yield Missing.SKIPPED
