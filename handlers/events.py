"""`/termine`: when and where the evenings are; the link `ev_ID` shows one of them."""

from bot.core.events import Event, over
from handlers.turn import Decision, Turn


def run(turn: Turn) -> Decision:
    """The evenings still to come; after the last one, that all are over."""
    t, events = turn.t, turn.process.events
    coming = [event for event in events if not over(event, turn.now)]
    if not events:
        return turn.say(t("events.none"))
    if not coming:
        last = t.instant(events[-1].starts_at, turn.process.zone)
        return turn.say(t.counted("events.all_over", len(events), last=last))
    title = t.counted("events.coming", len(coming))
    return turn.say("\n\n".join([title, *(described(turn, event) for event in coming)]))


def one(turn: Turn, event: Event) -> Decision:
    """A single evening, past or to come."""
    past = over(event, turn.now)
    facts = described(turn, event)
    return turn.say(f"{facts}\n{turn.t('events.past')}" if past else facts)


def described(turn: Turn, event: Event) -> str:
    """When, where, at which address; whether it was cancelled."""
    when = turn.t.instant(event.starts_at, turn.process.zone)
    facts = turn.t("events.facts", when=when, place=event.place, address=event.address)
    return f"{turn.t('events.cancelled')}\n{facts}" if event.cancelled else facts
