"""An evening in words: what is known about it, and nothing else."""

from bot.core.events import Event, over
from bot.core.process import Process
from bot.core.texts import Texts
from handlers import draft
from handlers.turn import Turn


def coming(turn: Turn) -> list[Event]:
    """The evenings that are not past."""
    return [event for event in turn.process.events if not over(event, turn.now)]


def all_over(turn: Turn, also: str = "") -> str:
    """That all evenings are past, what `also` follows from that, and what can still be done."""
    t, process = turn.t, turn.process
    last = t.date(process.events[-1].starts_at.astimezone(process.zone).date())
    said = "\n".join(filter(None, (t.counted("events.all_over", len(process.events), last=last), also)))
    if not turn.survey_is_open or turn.took_part or draft.under_way(turn):
        return said
    return f"{said}\n\n{t('events.survey_open', closes=t.date(process.survey.closes))}"


def described(t: Texts, process: Process, event: Event) -> str:
    """When, where, at which address, what else is known; whether it was cancelled."""
    lines = [t("events.cancelled")] if event.cancelled else []
    when = t.instant(event.starts_at, process.zone)
    lines.append(t("events.facts", when=when, place=event.place, address=event.address))
    if event.ends_at is not None:
        lines.append(t("events.end", when=t.instant(event.ends_at, process.zone)))
    if event.capacity is not None:
        lines.append(t.counted("events.capacity", event.capacity))
    if event.registration is not None:
        lines.append(t("events.registration", text=t.of(event.registration)))
    if event.accessibility is not None:
        lines.append(t("events.accessibility", text=t.of(event.accessibility)))
    return "\n".join(lines)


def label(turn: Turn, event: Event) -> str:
    """An evening in a line."""
    day = turn.t.short_date(event.starts_at.astimezone(turn.process.zone).date())
    return turn.t("events.label", place=event.place, day=day)
