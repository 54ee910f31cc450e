"""Finds what a question asks for that nobody has told the bot: it is declined by name, whatever else is answered."""

from collections.abc import Iterable

from bot.core.events import Event
from bot.core.reading.question import Question
from bot.core.reading.reading import Intent
from bot.core.reading.vocabulary import Hit

OFFICE = frozenset({"appointment", "opening_hours", "fees"})
"""Subjects of the offices, of which "when is the next one?" asks as well."""
OPEN = frozenset({"end_time", "opening_hours"})
"""Subjects that are known of the survey: "bis wann ist das offen?"."""
COVERED: dict[Intent, frozenset[str]] = {
    "online_participation": OPEN,
    "who_may_attend": frozenset({"interpreters", "childcare"}),  # "ohne deutschen Pass", "darf mein Sohn mit"
}
"""Subjects that sound like what is answered."""
ASKING = (
    *("when", "where", "what", "how", "who_else", "exist", "anything", "can", "may", "cost", "confirm", "request"),
    *("list", "all", "event", "events", "evening", "online", "survey"),
)
"""Concepts by which a clause asks something."""
SHORT = 3
"""Words of a clause that is no story: "und Parkplätze auch?"."""
PLACE_ASKED = ("event", "events", "evening", "exist", "anything", "when", "where", "start", "confirm", "list", "go")
"""Concepts by which a place without an event is one that is asked for."""


def declined(question: Question, intent: Intent) -> tuple[str, ...]:
    """The subjects that are asked about beside this intent and that nothing is known of, in the order of the text."""
    hits = [hit for hit in question.of("subject") if intent == "unknown" or not _told(question, hit)]
    subjects = [hit.concept.partition(".")[2] for hit in hits]
    if question.has("person") and (question.days or question.places or question.has("comes")):
        subjects.append("speakers")  # who comes is not known, whoever is asked for
    covered = OFFICE if intent.startswith("event_") else COVERED.get(intent, frozenset())
    if question.has("survey", "online") and not question.has("office", "event", "events", "evening"):
        covered |= OPEN
    return tuple(one for one in dict.fromkeys(subjects) if one not in covered)


def _told(question: Question, subject: Hit) -> bool:
    """ "Ich sitze im Bus nach Döhren, wo muss ich hin?": whether a subject is only told of, beside what is asked.

    Phrases for a subject ask by themselves: "wie komme ich hin".
    """
    clause = question.clause(subject)
    asks = any(question.clause(hit) == clause for hit in question.of(*ASKING))
    asks = asks or any(question.clause(hit) == clause and hit.end - hit.start > 1 for hit in question.of("subject"))
    return not asks and sum(one == clause for one in question.clauses) > SHORT


def asks_of_place(question: Question) -> bool:
    """Whether a place that is named is where somebody wants an event to be."""
    return question.has(*PLACE_ASKED) and not question.has("office", "other") and question.strange() <= 4


def mentioned(question: Question, events: Iterable[Event]) -> tuple[Event, ...]:
    """The events whose place is named."""
    ids = {name for place in question.places for name in place.events}
    return tuple(event for event in events if event.id in ids)
