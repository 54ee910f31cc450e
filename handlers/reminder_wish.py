"""A wish to be reminded, said in a sentence: of which events, and how long before."""

from dataclasses import dataclass
from typing import Literal

from bot.core.events import Event, event_named
from bot.core.recognition import fold, fold_label, has
from bot.core.reminders import ALL, LEADS, Lead
from handlers.turn import Turn

Said = Lead | Literal["other"]
TIMES: tuple[Said, ...] = (*LEADS, "other")
ONE_EVENT = ("event_on_date", "event_next", "event_when", "event_where")
"""Kinds of question in which an event is named by its day ("am 3. Dezember") or by its place in the row."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Of which events, and how long before: None where nothing is said, "other" where it is no time that is offered."""

    events: tuple[str, ...]
    lead: Said | None

    @property
    def every(self) -> bool:
        return ALL in self.events

    def __str__(self) -> str:
        return " ".join((*self.events, *([self.lead] if self.lead else [])))


def spoken(turn: Turn) -> str | None:
    """What stands behind `/erinnern` for a whole message that asks for a reminder; None for any other message."""
    folded = fold(turn.text)
    words = set(folded.split())
    asked = bool(words & _words(turn, "words.remind.asks") and words & _words(turn, "words.remind.me"))
    if not (asked or has(folded, _words(turn, "words.remind.wanted"))) or has(
        folded, _words(turn, "words.remind.never")
    ):
        return None
    wish = read(turn.text, turn)
    if wish is not None:
        # Whoever wants none any more sees what they have, and takes it off there.
        return "" if turn.vocabulary.refuses(turn.text) else str(wish)
    # Anything else that is said may be a place where no event is.
    return "" if asked and words <= _words(turn, "words.remind.asks", "words.remind.me", "words.remind.small") else None


def named(argument: str, turn: Turn) -> Wish | None:
    """The wish that an argument says in the bot's own words: "misburg week"."""
    if event := event_named(argument, turn.process.events):
        return Wish((event.id,), None)
    *events, last = argument.split() or [""]
    lead = next((one for one in TIMES if one == last), None)
    events += [] if lead else [last]
    known = {ALL, *(event.id for event in turn.process.events)}
    return Wish(tuple(events), lead) if events and known.issuperset(events) else None


def read(typed: str, turn: Turn) -> Wish | None:
    """The events that a text names, and how long before; None where it names none."""
    rest, lead = _without_lead(fold(typed), turn)
    events = [event.id for event in turn.process.events if _names(rest, event)]
    if not events and set(rest.split()) & _words(turn, "words.remind.every"):
        events = [ALL]
    if not events:
        language = turn.person.language or turn.message.language or turn.process.languages[0]
        reading = turn.reader.read(rest if lead else typed, language, turn.now)
        events = [one.id for one in reading.events] if reading.intent in ONE_EVENT and len(reading.events) == 1 else []
    return Wish(tuple(events), lead) if events else None


def _without_lead(folded: str, turn: Turn) -> tuple[str, Said | None]:
    """The text without how long before, and that."""
    for lead in TIMES:
        for phrase in sorted(_words(turn, f"words.remind.{lead}"), key=len, reverse=True):
            if has(folded, [phrase]):
                return " ".join(f" {folded} ".replace(f" {phrase} ", " ", 1).split()), lead
    return folded, None


def _names(folded: str, event: Event) -> bool:
    names = (fold_label(name) for name in (event.id, event.place, event.address, *event.aliases))
    return has(folded, filter(None, names))


def _words(turn: Turn, *names: str) -> set[str]:
    return {word for t in turn.languages.values() for name in names for word in t.words(name)}
