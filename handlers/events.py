"""`/termine`: when and where the evenings are; the link `ev_ID` shows one of them."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from bot.core.events import Event
from handlers.turn import Decision, Turn

OVER_FROM = time(20, 0)
"""No end is known; from this hour of its day an evening counts as past."""


def run(turn: Turn) -> Decision:
    """The evenings still to come; after the last one, that all are over."""
    t, events = turn.t, turn.process.events
    coming = [event for event in events if not over(event, turn.now, turn.process.zone)]
    if not events:
        return turn.say(t("events.none"))
    if not coming:
        last = t.instant(events[-1].starts_at, turn.process.zone)
        return turn.say(t.counted("events.all_over", len(events), last=last))
    title = t.counted("events.coming", len(coming))
    return turn.say("\n\n".join([title, *(described(turn, event) for event in coming)]))


def one(turn: Turn, event: Event) -> Decision:
    """A single evening, past or to come."""
    past = over(event, turn.now, turn.process.zone)
    facts = described(turn, event)
    return turn.say(f"{facts}\n{turn.t('events.past')}" if past else facts)


def over(event: Event, now: datetime, zone: ZoneInfo) -> bool:
    """Whether an evening is past."""
    local = event.starts_at.astimezone(zone)
    return now >= datetime.combine(local.date(), OVER_FROM, zone)


def described(turn: Turn, event: Event) -> str:
    """When, where, at which address; whether it was cancelled."""
    when = turn.t.instant(event.starts_at, turn.process.zone)
    facts = turn.t("events.facts", when=when, place=event.place, address=event.address)
    return f"{turn.t('events.cancelled')}\n{facts}" if event.cancelled else facts
