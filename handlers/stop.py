"""`/stop`: no more messages that nobody asked for. A draft is kept, and that is said."""

from dataclasses import replace

from bot.core.conversation import CancelPlanned, Waiting
from handlers import draft
from handlers.turn import Decision, Turn, waits_no_more


def run(turn: Turn) -> Decision:
    """Take back what was planned, reminders included; an open survey is paused."""
    t, person = turn.t, replace(waits_no_more(turn.person), stopped=True, reminded=frozenset(), news=None)
    kept = draft.of(turn) is not None and not turn.took_part
    if kept and turn.survey_is_open:
        text, person = t("stop.draft"), replace(person, waiting=Waiting(draft.PAUSED))
    else:
        text = "\n".join([t("stop.done"), *([t("survey.over_draft")] if kept else [])])
    return replace(turn.say(text, person=person), effects=(CancelPlanned(),))
