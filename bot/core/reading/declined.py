"""Finds what a question asks for that nobody has told the bot: it is declined by name, whatever else is answered."""

from collections.abc import Iterable

from bot.core.events import Event
from bot.core.reading.question import Question
from bot.core.reading.reading import Intent

OFFICE = frozenset({"appointment", "opening_hours", "fees"})
"""Subjects of the offices, of which "when is the next one?" asks as well."""
OPEN = frozenset({"end_time", "opening_hours"})
"""Subjects that are known of the survey: "bis wann ist das offen?"."""
COVERED: dict[Intent, frozenset[str]] = {
    "online_participation": OPEN,
    "who_may_attend": frozenset({"interpreters", "childcare"}),  # "ohne deutschen Pass", "darf mein Sohn mit"
}
"""Subjects that sound like what is answered."""
PLACE_ASKED = ("event", "events", "evening", "exist", "anything", "when", "where", "start", "confirm", "list", "go")
"""Concepts by which a place without an event is one that is asked for."""


def declined(question: Question, intent: Intent) -> tuple[str, ...]:
    """The subjects that are asked about beside this intent and that nothing is known of, in the order of the text."""
    subjects = question.keys("subject")
    if question.has("person") and (question.days or question.places or question.has("comes")):
        subjects.append("speakers")  # who comes is not known, whoever is asked for
    covered = OFFICE if intent.startswith("event_") else COVERED.get(intent, frozenset())
    if question.has("survey", "online") and not question.has("office", "event", "events", "evening"):
        covered |= OPEN
    return tuple(one for one in dict.fromkeys(subjects) if one not in covered)


def asks_of_place(question: Question) -> bool:
    """Whether a place that is named is where somebody wants an event to be."""
    return question.has(*PLACE_ASKED) and not question.has("office", "other") and question.strange() <= 4


def mentioned(question: Question, events: Iterable[Event]) -> tuple[Event, ...]:
    """The events whose place is named."""
    ids = {name for place in question.places for name in place.events}
    return tuple(event for event in events if event.id in ids)
