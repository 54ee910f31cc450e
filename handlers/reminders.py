"""`/erinnern`: which evenings somebody is reminded of, how long before, and once more later."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from bot.core import reminders
from bot.core.conversation import PutOff, menu_button
from bot.core.events import Event, event_named, over
from bot.core.messages import Choice, Outgoing
from bot.core.recognition import fold
from bot.core.reminders import LEADS, Coming, Lead
from handlers import draft, reminder_wish
from handlers.evening import all_over, coming, described, label
from handlers.turn import Decision, Menu, Turn, menu_choices, waits_at, waits_no_more

MENU, TIMES, ASK = "reminders", "reminder_times", "reminder_ask"
EVERY = reminders.ALL
EVERY_EVENT, CHANGE_TIMES, NO_MORE, DONE = "every-event", "change-times", "no-more", "done"
COMING: dict[str, Coming] = {coming: coming for coming in reminders.COMING}
KEPT_DAYS = 30
"""How long after an event it is kept who wanted to be reminded of it, and who came."""
LEAD_NAMES: dict[Lead, str] = {
    "week": "reminders.week",
    "day": "reminders.day",
    "two_hours": "reminders.two_hours",
}


def run(turn: Turn) -> Decision:
    """What somebody is reminded of, and how to change it; with an event's name, that one at once."""
    turn = turn.as_person(waits_no_more(turn.person))
    if turn.argument:
        if by := put_off_in(turn, turn.argument):
            return put_off_next(turn, by)
        if fold(turn.argument) in _words(turn, "words.every_event"):
            return subscribe(turn, [EVERY])
        if fold(turn.argument) in _words(turn, "words.off"):
            return _changed(turn, frozenset(), turn.t("reminders.ended"))
        if names := reminder_wish.named(turn.argument, turn) or reminder_wish.read(turn.argument, turn):
            return _granted(turn, names)
    if not ahead(turn) and not _mine(turn):
        return goes_on(turn, Outgoing(text=_none_left(turn), aside=True))
    text = f"{turn.t('reminders.unknown')}\n\n{asks(turn)}" if turn.argument else asks(turn)
    return turn.say(Outgoing(text=text, choices=choices(turn), aside=True), person=waits_at(turn.person, MENU))


def _granted(turn: Turn, wish: reminder_wish.Wish) -> Decision:
    """Reminders of the events that were named, as long before as was said, else with the times to choose from."""
    known = [event for event in turn.process.events if wish.every or event.id in wish.events]
    to_come = [event for event in known if not event.cancelled and not over(event, turn.now)]
    if not wish.every and not to_come:
        return Decision(person=turn.person, then=f"termine {known[0].id}")
    names = [EVERY] if wish.every else [event.id for event in to_come]
    if wish.lead is None or not any(leads_in_time(turn, event) for event in to_come):
        return subscribe(turn, names)
    as_wished = [event for event in to_come if wish.lead in leads_in_time(turn, event)]
    if as_wished and (wish.every or as_wished == to_come):
        others = _leads(turn) if turn.person.reminded else ()
        leads = tuple(lead for lead in LEADS if lead in {*others, wish.lead})
        return subscribe(turn.as_person(replace(turn.person, leads=leads)), names)
    begun = subscribe(turn, names)
    return _ask_times(turn.as_person(begun.person), begun.say[0])


def _ask_times(turn: Turn, *said: Outgoing) -> Decision:
    """How long before somebody wants to be reminded, after what has been said."""
    chosen = turn.as_person(waits_at(turn.person, TIMES))
    return chosen.say(*said, REMINDER_TIMES.put(chosen))


def asks(turn: Turn) -> str:
    t, mine = turn.t, _mine(turn)
    if not mine:
        return t("reminders.ask") if ahead(turn) else _none_left(turn)
    lines = [t("reminders.of"), *(f"– {label(turn, event)}" for event in mine)]
    return "\n".join([*lines, t("reminders.when", times=times(turn)), t("reminders.ask_change")])


def choices(turn: Turn) -> tuple[Choice, ...]:
    """Each evening to be added or taken off, all of them, the times, and none any more."""
    in_time, mine = ahead(turn), {event.id for event in _mine(turn)}
    labels = {EVERY_EVENT: turn.t("reminders.every_event")} if EVERY not in turn.person.reminded and in_time else {}
    for event in _open(turn):
        if event.id in mine:
            labels[event.id] = turn.t("reminders.not_of", event=label(turn, event))
        elif event in in_time:
            labels[event.id] = label(turn, event)
    if in_time:
        labels[CHANGE_TIMES] = turn.t("reminders.change_times")
    if turn.person.reminded:
        labels[NO_MORE] = turn.t("reminders.no_more")
    return tuple(Choice(menu_button(MENU, key), text) for key, text in labels.items())


def picked(turn: Turn, key: str) -> Decision:
    turn = turn.as_person(waits_no_more(turn.person))
    if key == EVERY_EVENT:
        return subscribe(turn, [EVERY])
    if key == CHANGE_TIMES:
        return _ask_times(turn)
    if key == NO_MORE:
        return _changed(turn, frozenset(), turn.t("reminders.ended"))
    mine = {event.id for event in _mine(turn)}
    if key not in mine:
        return subscribe(turn, [key])
    # Taken off one by one, "all" becomes those that are left.
    return _changed(turn, frozenset(mine - {key}), turn.t("reminders.ended_one"))


def subscribe(turn: Turn, names: Iterable[str]) -> Decision:
    """From now on the person is reminded of these events; what that means is said with it."""
    t, names = turn.t, set(names)
    every = [event for event in coming(turn) if EVERY in names and not event.cancelled]
    chosen = every or [event for event in turn.process.events if event.id in names]
    late = [event for event in chosen if not leads_in_time(turn, event)]
    of = [event for event in chosen if event not in late]
    if not of:
        return goes_on(turn, Outgoing(text=_too_late_for(turn, late) if late else _none_left(turn), aside=True))
    names = {EVERY} if EVERY in names else {event.id for event in of}
    # Who wants to be reminded of an evening takes back that they do not come.
    again = {event.id for event in of}
    answers = {event: answer for event, answer in turn.person.coming.items() if event not in again or answer != "no"}
    person = replace(turn.person, reminded=turn.person.reminded | names, coming=answers, stopped=False)
    lines = [t("reminders.begun_every" if EVERY in names else "reminders.begun")]
    lines += [] if EVERY in names else [f"– {label(turn, event)}" for event in of]
    planned = [lead for lead in _leads(turn) if any(lead in leads_in_time(turn, event) for event in of)]
    lines += [t("reminders.when", times=_in_words(turn, planned))] if planned else []
    lines += [t("reminders.stored", days=KEPT_DAYS), *([_too_late_for(turn, late)] if late else [])]
    said = Outgoing(text="\n".join(lines), aside=True)
    return goes_on(turn.as_person(person), said) if planned else _ask_times(turn.as_person(person), said)


def ask(turn: Turn, event: Event) -> Decision:
    """Ask somebody who showed interest elsewhere, such as by a reaction in a room, whether they want a reminder."""
    person = waits_at(turn.person, ASK, event.id)
    turn = turn.as_person(person)
    return turn.say(Outgoing(text=_ask_asks(turn), choices=ASKING.choices(turn), about=event.id), person=person)


def put_off(turn: Turn, event: Event, by: Literal["hour", "morning"]) -> Decision:
    """Remind once more, later; the night is left out, and what would come after the beginning is refused."""
    later = reminders.put_off(by, event, turn.quiet, turn.now)
    if later is None:
        return turn.say(Outgoing(text=turn.t("reminders.too_late"), aside=True))
    person = replace(turn.person, stopped=False)
    when = turn.t.instant(later.due_at, turn.process.zone)
    said = goes_on(turn.as_person(person), Outgoing(text=turn.t("reminders.put_off", when=when), aside=True))
    return replace(said, effects=(*said.effects, PutOff(later)))


def put_off_next(turn: Turn, by: Literal["hour", "morning"]) -> Decision:
    """The same by words: what is meant is the next evening that the person is reminded of."""
    mine = _mine(turn)
    return put_off(turn, mine[0], by) if mine else run(replace(turn, argument=""))


def put_off_in(turn: Turn, typed: str) -> Literal["hour", "morning"] | None:
    """Whether a whole message says that a reminder is wanted again, and when."""
    wanted = fold(typed)
    if wanted in _words(turn, "words.in_an_hour"):
        return "hour"
    return "morning" if wanted in _words(turn, "words.in_the_morning") else None


def goes_on(turn: Turn, said: Outgoing) -> Decision:
    """Say something, and then what the conversation waits at, where that is the survey."""
    left = turn.as_person(waits_no_more(turn.person))
    waiting = draft.waiting_message(left)
    if waiting is None:
        return turn.say(said)  # the card or list stays open: its other choices can still be typed
    return left.say(said, waiting)


def times(turn: Turn) -> str:
    """How long before, in words."""
    return _in_words(turn, _leads(turn))


def _in_words(turn: Turn, leads: Iterable[Lead]) -> str:
    return ", ".join(turn.t(LEAD_NAMES[lead]) for lead in leads)


def _leads(turn: Turn) -> tuple[Lead, ...]:
    return turn.person.leads or turn.process.leads


def time_choices(turn: Turn) -> tuple[Choice, ...]:
    """Each time with whether it is chosen; choosing it again takes it off."""
    chosen = _leads(turn)
    states = {True: turn.t("reminders.on"), False: turn.t("reminders.off")}
    labels = {lead: f"{turn.t(LEAD_NAMES[lead])} ({states[lead in chosen]})" for lead in LEADS}
    return menu_choices(TIMES, **labels, **{DONE: turn.t("reminders.times_done")})


def time_picked(turn: Turn, key: str) -> Decision:
    """A time put on or off; at least one is left on."""
    if key == DONE:
        turn = turn.as_person(waits_no_more(turn.person))
        return goes_on(turn, Outgoing(text=turn.t("reminders.when", times=times(turn))))
    chosen = set(_leads(turn)) ^ {lead for lead in LEADS if lead == key}
    ask_times = turn.t("reminders.ask_times" if chosen else "reminders.one_time")
    if chosen:
        turn = turn.as_person(replace(turn.person, leads=tuple(lead for lead in LEADS if lead in chosen)))
    return turn.say(Outgoing(text=ask_times, choices=time_choices(turn)))


def _changed(turn: Turn, reminded: frozenset[str], text: str) -> Decision:
    return goes_on(turn.as_person(replace(turn.person, reminded=reminded)), Outgoing(text=text, aside=True))


def leads_in_time(turn: Turn, event: Event) -> set[str]:
    """How long before this evening somebody can still be reminded."""
    return {one.kind for one in reminders.of_event(event, LEADS, turn.quiet, turn.now)}


def _open(turn: Turn) -> list[Event]:
    """The evenings that have not begun."""
    return [event for event in turn.process.events if event.starts_at > turn.now and not event.cancelled]


def ahead(turn: Turn) -> list[Event]:
    """The evenings that somebody can be reminded of."""
    return [event for event in _open(turn) if leads_in_time(turn, event)]


def _too_late_for(turn: Turn, events: Iterable[Event]) -> str:
    return "\n".join([turn.t("reminders.too_late_for"), *(f"– {label(turn, event)}" for event in events)])


def _none_left(turn: Turn) -> str:
    """Why nobody can be reminded of anything."""
    if turn.process.events and not coming(turn):
        return all_over(turn, turn.t("reminders.all_over"))
    return turn.t("reminders.none_left")


def _mine(turn: Turn) -> list[Event]:
    return reminders.wanted(_open(turn), turn.person.reminded, turn.person.coming)


def _words(turn: Turn, name: str) -> set[str]:
    return {word for t in turn.languages.values() for word in t.words(name)}


def _asked(turn: Turn) -> Event | None:
    return turn.process.find_event(turn.person.waiting.then) if turn.person.waiting else None


def _ask_asks(turn: Turn) -> str:
    event = _asked(turn)
    facts = described(turn.t, turn.process, event) if event else ""
    return f"{turn.t('reminders.ask_one')}\n{facts}"


def _ask_picked(turn: Turn, key: str) -> Decision:
    event = _asked(turn)
    turn = turn.as_person(waits_no_more(turn.person))
    if key == "yes" and event is not None:
        return subscribe(turn, [event.id])
    return goes_on(turn, Outgoing(text=turn.t("reminders.refused")))


def _meant(turn: Turn) -> str | None:
    event = event_named(turn.text, tuple(_open(turn)))
    return event.id if event else None


REMINDERS = Menu(asks=asks, choices=choices, picked=picked, meant=_meant)
REMINDER_TIMES = Menu(asks=lambda turn: turn.t("reminders.ask_times"), choices=time_choices, picked=time_picked)
ASKING = Menu(
    asks=_ask_asks,
    choices=lambda turn: menu_choices(ASK, yes=turn.t("reminders.ask_yes"), no=turn.t("reminders.ask_no")),
    picked=_ask_picked,
)
