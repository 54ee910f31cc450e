"""What the bot says of its own accord: reminders, nudges, and that an evening has changed."""

from datetime import datetime

from bot.core.calendar_file import calendar_file
from bot.core.conversation import event_button
from bot.core.events import Event
from bot.core.messages import Choice, Outgoing
from bot.core.process import Process
from bot.core.reminders import Kind
from bot.core.texts import Texts
from handlers.evening import described


def reminder(event: Event, kind: Kind, process: Process, t: Texts, *, silent: bool) -> Outgoing:
    """An evening is near. Its date stands there in full: "tomorrow" would be wrong if this is delivered late."""
    later = [Choice(event_button(event.id, "hour"), t("later.hour"))]
    if kind != "two_hours":
        later.append(Choice(event_button(event.id, "morning"), t("later.morning")))
    text = "\n".join([t("reminder.title"), described(t, process, event), t("reminder.later")])
    return Outgoing(text=text, controls=tuple(later), silent=silent, about=event.id, aside=True)


def room_reminder(event: Event, process: Process, t: Texts, *, silent: bool) -> Outgoing:
    """The same for a room as a whole: nobody in it is asked whether they want to hear of it again."""
    text = f"{t('reminder.title_room')}\n{described(t, process, event)}"
    return Outgoing(text=text, silent=silent, about=event.id, aside=True)


def nudge(process: Process, t: Texts, *, last: bool, silent: bool) -> Outgoing:
    """A survey was begun and not finished: said once, and once more before it closes."""
    text = t("nudge.last" if last else "nudge.unfinished", closes=t.date(process.survey.closes))
    return Outgoing(text=text, silent=silent, aside=True)


def changed(new: Event, old: Event, process: Process, t: Texts, now: datetime) -> Outgoing:
    """What is new about an evening, with all its facts and a file that corrects the calendar."""
    title = t("changed.cancelled" if new.cancelled and not old.cancelled else "changed.title")
    text = "\n".join([title, described(t, process, new), *differences(new, old, process, t)])
    file = calendar_file([new], process, process.leads, t, now)
    return Outgoing(text=text, attachment=file, about=new.id, aside=True)


def differences(new: Event, old: Event, process: Process, t: Texts) -> list[str]:
    """Each fact that has changed, with what it was."""
    lines = []
    if new.cancelled != old.cancelled:
        lines.append(t("changed.off" if new.cancelled else "changed.on"))
    if new.starts_at != old.starts_at:
        then, before = (event.starts_at.astimezone(process.zone) for event in (new, old))
        if then.date() == before.date():
            lines.append(t("changed.time", new=then.strftime("%H:%M"), old=before.strftime("%H:%M")))
        else:
            lines.append(t("changed.day", new=t.instant(then, process.zone), old=t.instant(before, process.zone)))
    if (new.place, new.address) != (old.place, old.address):
        places = {name: f"{event.place}, {event.address}" for name, event in (("new", new), ("old", old))}
        lines.append(t("changed.place", **places))
    return lines or [t("changed.other")]
