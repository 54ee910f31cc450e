"""Made-up responses to a survey, the same for the same seed: what results are tried out with. Nobody said any of it."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from bot.core.conversation import JudgeWish, Response, Submit, Support
from bot.core.messages import Address
from bot.core.questions.figures import DateQuestion, NumberQuestion
from bot.core.questions.own_words import OpenQuestion
from bot.core.questions.question import Question
from bot.core.questions.several import SeveralQuestion
from bot.core.statistics import Counted
from bot.core.survey import Survey
from bot.core.values import Missing, Value
from storage.changes import Changes
from storage.memory import Memory

WISHES = (
    "Bitte öffnen Sie auch samstags.",
    "Ein Termin sollte in einer Woche möglich sein.",
    "Formulare in einfacher Sprache, bitte.",
    "Ich möchte meinen Ausweis online verlängern.",
    "Mehr Sitzplätze im Wartebereich.",
    "Please offer forms in English, too.",
    "Ein Bürgeramt, das mit einem Bus in die Stadtteile kommt.",
    "Hilfe vor Ort für Menschen, die kein Internet haben.",
    "Längere Öffnungszeiten am Donnerstag.",
    "Eine Abholbox für fertige Ausweise.",
)


def dice(seed: int) -> random.Random:
    """Chance that falls the same way for the same seed."""
    return random.Random(seed)  # noqa: S311


def answers(survey: Survey, chance: random.Random) -> dict[str, Value]:
    """One way through the survey."""
    given: dict[str, Value] = {}
    for question in survey.questions:
        if question.only_if is None or question.only_if.holds(given):
            given[question.id] = _answer(question, chance)
    return given


def _answer(question: Question, chance: random.Random) -> Value:
    if question.optional and chance.random() < 0.15:
        return Missing.SKIPPED
    options = [option.id for option in question.answers()]
    if not isinstance(question, OpenQuestion) and chance.random() < 0.06:
        return Missing.NO_ANSWER
    # Every question leans its own way, so that the pictures show something.
    weights = [1 + (sum(map(ord, question.id + option)) * 7919) % 9 for option in options]
    if isinstance(question, SeveralQuestion):
        most = min(question.at_most or 4, len(options))
        chosen = set(chance.choices(options, weights, k=chance.randint(1, most)))
        return tuple(option for option in options if option in chosen)
    if options:
        return chance.choices(options, weights)[0]
    if isinstance(question, NumberQuestion):
        return chance.randint(question.minimum, min(question.maximum, question.minimum + 12))
    if isinstance(question, DateQuestion):
        return question.latest.isoformat()
    return chance.choice(WISHES)


def submitted(survey: Survey, count: int, seed: int = 2025, languages: tuple[str, ...] = ("de",)) -> Iterator[Submit]:
    """Responses as they are handed in, on the days on which the survey is open."""
    chance = dice(seed)
    days = (survey.closes - survey.opens).days + 1
    for number in range(count):
        response = Response(
            id=f"{chance.getrandbits(128):032x}",
            survey=survey.id,
            version=survey.version,
            language=chance.choices(languages, range(len(languages) * 3, 0, -3)[: len(languages)])[0],
            day=_day(survey, days, chance),
            answers=answers(survey, chance),
        )
        yield Submit(response, f"{seed}-{number}", survey.published(response.answers))


def _day(survey: Survey, days: int, chance: random.Random) -> date:
    return survey.opens + timedelta(days=chance.randrange(days))


def counted(survey: Survey, given: list[Mapping[str, Value]]) -> Counted:
    """The same responses counted one by one: what the database's own counting has to come to."""
    values: dict[str, Counter[str]] = {question.id: Counter() for question in survey.questions}
    people: Counter[str] = Counter()
    missing: dict[str, Counter[str]] = {question.id: Counter() for question in survey.questions}
    for response in given:
        for question, value in response.items():
            if isinstance(value, Missing):
                missing[question][value.value] += 1
                continue
            people[question] += 1
            values[question].update(map(str, value if isinstance(value, tuple) else (value,)))
    return Counted(len(given), values, people, missing)


async def fill(
    memory: Memory, survey: Survey, count: int, languages: tuple[str, ...] = ("de",), seed: int = 2025
) -> None:
    """Put made-up responses into a bot's memory, as if that many people had handed them in."""
    everybody = list(submitted(survey, count, seed, languages))
    now = datetime(2025, 12, 1, tzinfo=UTC)
    for start in range(0, count, 500):
        changes = Changes(channel="terminal", now=now, today=now.date())
        for number, one in enumerate(everybody[start : start + 500], start):
            changes.submitted.append((one, Address("terminal", f"made-up {seed} {number}", "made-up")))
        await memory.write(changes)


async def judge_wishes(memory: Memory, judge: Callable[[int], str]) -> None:
    """Let staff judge every wish."""
    now = datetime(2025, 12, 2, tzinfo=UTC)
    changes = Changes(channel="terminal", now=now, today=now.date())
    staff = Address("terminal", "staff", "staff")
    for number, wish in enumerate(await memory.results.wishes("new")):
        changes.judged.append((JudgeWish(wish.id, "held" if judge(number) == "held" else "released"), staff))
    await memory.write(changes)


async def support_wishes(memory: Memory) -> None:
    """Let some people support some of the released wishes."""
    now = datetime(2025, 12, 2, tzinfo=UTC)
    voices = Changes(channel="terminal", now=now, today=now.date())
    for number, wish in enumerate(await memory.results.wishes("released", most=60)):
        for person in range((number * 37) % 90):
            voices.supported.append((Support(wish.id, wanted=True), Address("terminal", f"made-up {person}", "")))
    await memory.write(voices)
