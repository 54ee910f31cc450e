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
ELSEWHERE = ("when", "or", "you", "go")
"""Concepts by which "where" asks for an event, though an office is named: "im Bürgeramt Sahlkamp oder woanders?"."""
BESIDE = 2
"""Words that may stand between an office and its quarter: "das Bürgeramt im Stadtteil Döhren"."""
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
    if intent == "unknown" and asks_where_an_office_is(question):
        subjects.append("office_address")
    covered = OFFICE if intent.startswith("event_") else COVERED.get(intent, frozenset())
    if question.has("survey", "online") and not question.has("office", "event", "events", "evening"):
        covered |= OPEN
    return tuple(one for one in dict.fromkeys(subjects) if one not in covered)


def _told(question: Question, subject: Hit) -> bool:
    """ "Ich sitze im Bus nach Döhren, wo muss ich hin?": whether a subject is only told of, beside what is asked.

    Phrases for a subject ask by themselves: "wie komme ich hin".
    """
    clause = question.clause(subject)
    asks = _asks(question, clause) or _asked_on(question, clause)
    asks = asks or any(question.clause(hit) == clause and hit.end - hit.start > 1 for hit in question.of("subject"))
    return not asks and sum(one == clause for one in question.clauses) > SHORT


def _asks(question: Question, clause: int) -> bool:
    """Whether a clause asks something by one of its words."""
    return any(question.clause(hit) == clause for hit in question.of(*ASKING))


def _asked_on(question: Question, clause: int) -> bool:
    """ "Wann ist der nächste Termin und ist dort ein Aufzug": whether a clause goes on from one that asks."""
    joined = any(question.clause(hit) == clause for hit in question.of("and"))
    return joined and _asks(question, clause - 1)


def of_an_office(question: Question) -> bool:
    """Whether an office is asked about, and no event."""
    named = question.has("office", *(f"subject.{subject}" for subject in OFFICE))
    return named and not question.has("event", "events", "evening")


def asks_where_an_office_is(question: Question) -> bool:
    """ "Wo ist das Bürgeramt Döhren?", which is not where the event in Döhren is; "in Döhren, im Bürgeramt?" is."""
    if not (of_an_office(question) and question.has("where")) or question.has(*ELSEWHERE) or question.days:
        return False
    pairs = [(hit, place) for hit in question.of("office") for place in question.places]
    return any(
        question.clause(hit) == question.clause(place)
        and (0 <= place.start - hit.end <= BESIDE or place.end == hit.start)
        for hit, place in pairs
    )


def asks_whether_an_office_is(question: Question) -> bool:
    """ "Gibt es in Döhren ein Bürgeramt?", which asks for no event in Döhren; "ist im Bürgeramt Döhren was?" might."""
    if not (of_an_office(question) and question.places and question.has("exist", "what")) or question.days:
        return False
    asked = question.has("when", "where", "next", "start", "go", "you", "anything", "subject", "document")
    inside = {hit.end for hit in question.of("in")}
    return not asked and question.strange() < 1 and inside.isdisjoint(hit.start for hit in question.of("office"))


def asks_of_place(question: Question) -> bool:
    """Whether a place that is named is where somebody wants an event to be."""
    asked = question.has(*PLACE_ASKED) and not question.has("office", "other") and not of_an_office(question)
    return asked and question.strange() <= 4


def mentioned(question: Question, events: Iterable[Event]) -> tuple[Event, ...]:
    """The events whose place is named."""
    ids = {name for place in question.places for name in place.events}
    return tuple(event for event in events if event.id in ids)
