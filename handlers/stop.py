"""`/stop`: no more messages that nobody asked for. A draft is kept, and that is said."""

from dataclasses import replace

from bot.core.conversation import CancelPlanned, Waiting
from handlers import draft
from handlers.turn import Decision, Turn, waits_no_more


def run(turn: Turn) -> Decision:
    """Take back what was planned, reminders included; an open survey is paused."""
    open_draft = draft.of(turn) is not None and not turn.took_part
    person = replace(waits_no_more(turn.person), stopped=True, reminded=frozenset(), news=None)
    if open_draft:
        person = replace(person, waiting=Waiting(draft.PAUSED))
    said = turn.say(turn.t("stop.draft" if open_draft else "stop.done"), person=person)
    return replace(said, effects=(CancelPlanned(),))
