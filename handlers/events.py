"""`/termine`: when and where the evenings are, each as a card that leads to reminders, calendar and headcount."""

from dataclasses import replace

from bot.core.calendar_file import calendar_file
from bot.core.conversation import event_button, menu_button
from bot.core.events import Event, event_named, over
from bot.core.messages import Choice, Outgoing, Venue
from handlers import reminders
from handlers.evening import all_over, coming, described, label
from handlers.turn import Decision, Menu, Turn, waits_at, waits_no_more

MENU, CARD = "events", "event"
REMIND_ALL, CALENDAR_ALL, ALL, LIST = "remind-all", "calendar-all", "all", "list"


async def run(turn: Turn) -> Decision:
    """The evenings still to come, to choose from; after the last one, that all are over. An argument names one."""
    if turn.argument and (meant := event_named(turn.argument, turn.process.events)):
        return await _one(turn, meant)
    if turn.argument and turn.argument.casefold() in _all_words(turn):
        return _overview(turn, "all")
    return _overview(turn)


def _overview(turn: Turn, then: str = "") -> Decision:
    if not turn.process.events:
        return turn.say(turn.t("events.none"))
    if not coming(turn):
        return _after_the_last(turn, then)
    person = waits_at(turn.person, MENU, then)
    turn = turn.as_person(person)
    if not turn.message.private:
        return turn.say(Outgoing(text=_listed(turn), aside=True))  # nobody in a room is asked anything
    return turn.say(Outgoing(text=asks(turn), choices=choices(turn), aside=True), person=person)


def _after_the_last(turn: Turn, then: str) -> Decision:
    """That all are over, or on demand the list of what was; there is nothing left to choose."""
    listed = _listed(turn.as_person(waits_at(turn.person, MENU, then))) if then else all_over(turn)
    said = Outgoing(text=listed, aside=True)
    return reminders.goes_on(turn, said) if turn.message.private else turn.say(said)


async def _one(turn: Turn, event: Event) -> Decision:
    """A single evening, past or to come; staff also read how many come."""
    if over(event, turn.now):
        return turn.say(f"{described(turn.t, turn.process, event)}\n{turn.t('events.past')}")
    person = waits_at(turn.person, CARD, event.id)
    shown = card(turn, event)
    if not turn.message.private:
        return turn.say(replace(shown, text=described(turn.t, turn.process, event), choices=()))
    if turn.role != "citizen":
        shown = replace(shown, text=_with_question(turn, event, await _headcount(turn, event)))
    return turn.say(shown, person=person)


def card(turn: Turn, event: Event) -> Outgoing:
    """What, when and where, and what can be done about it."""
    venue = None
    if event.latitude is not None and event.longitude is not None:
        venue = Venue(event.place, event.address, event.latitude, event.longitude)
    text = _with_question(turn, event)
    return Outgoing(text=text, choices=card_choices(turn, event), venue=venue, about=event.id, aside=True)


def _with_question(turn: Turn, event: Event, counted: str = "") -> str:
    """The facts, for staff also who comes, and the question that the numbers under them answer."""
    facts = "\n".join(part for part in (described(turn.t, turn.process, event), counted) if part)
    return f"{facts}\n\n{turn.t('event.ask')}"


def asks(turn: Turn) -> str:
    """All the evenings in one message, and which one may be looked at."""
    return f"{_listed(turn)}\n\n{turn.t('events.ask')}"


def _listed(turn: Turn) -> str:
    everything = turn.person.waiting is not None and turn.person.waiting.then == "all"
    shown = list(turn.process.events) if everything else coming(turn)
    title = turn.t.counted("events.all" if everything else "events.coming", len(shown))
    past = {event.id for event in shown} - {event.id for event in coming(turn)}
    cards = [
        described(turn.t, turn.process, event) + (f"\n{turn.t('events.past')}" if event.id in past else "")
        for event in shown
    ]
    return "\n\n".join([title, *cards])


def choices(turn: Turn) -> tuple[Choice, ...]:
    """An evening to look at more closely, or something for all of them."""
    labels = {event.id: label(turn, event) for event in coming(turn)}
    everything = turn.person.waiting is not None and turn.person.waiting.then == "all"
    some_past = len(labels) < len(turn.process.events)
    if reminders.ahead(turn):
        labels[REMIND_ALL] = turn.t("events.remind_all")
    labels[CALENDAR_ALL] = turn.t("events.calendar_all")
    if some_past and not everything:
        labels[ALL] = turn.t("events.show_all")
    return tuple(Choice(menu_button(MENU, key), shown) for key, shown in labels.items())


def picked(turn: Turn, key: str) -> Decision:
    """An evening, or something for all of them, after which the list stays open."""
    left = turn.as_person(waits_no_more(turn.person))
    event = turn.process.find_event(key)
    if event is not None:
        return Decision(person=left.person, then=f"termine {event.id}")
    if key == ALL:
        return _overview(left, "all")
    if key == REMIND_ALL:
        return reminders.subscribe(turn, [reminders.EVERY])
    return _calendar(turn, coming(turn))


def card_choices(turn: Turn, event: Event) -> tuple[Choice, ...]:
    """What can be done about an evening; a reminder while there is time for one, nothing where it was cancelled."""
    t = turn.t
    if event.cancelled:
        return (Choice(event_button(event.id, "calendar"), t("event.calendar")),)
    remind = {"remind": t("event.remind")} if reminders.leads_in_time(turn, event) else {}
    labels = {
        **remind,
        "calendar": t("event.calendar"),
        "yes": t("event.yes"),
        "maybe": t("event.maybe"),
        "no": t("event.no"),
    }
    return tuple(Choice(event_button(event.id, action), text) for action, text in labels.items())


async def acted(turn: Turn, name: str, action: str) -> Decision:
    """A button of a card, of any age, or the choice typed."""
    event = turn.process.find_event(name)
    if event is None or over(event, turn.now):
        return turn.say(Outgoing(text=turn.t("event.too_late"), aside=True))
    if action == "calendar":
        return _calendar(turn, [event])
    if event.cancelled:
        return turn.say(card(turn, event))
    if action == "remind":
        return reminders.subscribe(turn, [event.id])
    if action in {"hour", "morning"}:
        return reminders.put_off(turn, event, "hour" if action == "hour" else "morning")
    if action == "ask":
        return reminders.ask(turn, event)
    if action in {"yes", "maybe", "no"}:
        return _counted(turn, event, action)
    return await _one(turn, event)


def _counted(turn: Turn, event: Event, action: str) -> Decision:
    """Who comes: counted for staff, and changed at any time. Whoever does not come is not reminded."""
    coming_now = {**turn.person.coming, event.id: reminders.COMING[action]}
    text = turn.t({"yes": "event.said_yes", "maybe": "event.said_maybe", "no": "event.said_no"}[action])
    text = f"{text}\n{turn.t('event.counted', days=reminders.KEPT_DAYS)}"
    return reminders.goes_on(turn.as_person(replace(turn.person, coming=coming_now)), Outgoing(text=text, aside=True))


async def _headcount(turn: Turn, event: Event) -> str:
    """For staff: how many said that they come."""
    counted = await turn.memory.diary.headcount(event.id)
    return turn.t("event.headcount", **{answer: counted.get(answer, 0) for answer in ("yes", "maybe", "no")})


def _calendar(turn: Turn, events: list[Event]) -> Decision:
    leads = turn.person.leads or turn.process.leads
    file = calendar_file(events, turn.process, leads, turn.t, turn.now)
    return reminders.goes_on(
        turn, Outgoing(text=turn.t.counted("event.file", len(events)), attachment=file, aside=True)
    )


def _card_of(turn: Turn) -> Event | None:
    waiting = turn.person.waiting
    return turn.process.find_event(waiting.then) if waiting and waiting.menu == CARD else None


def _card_asks(turn: Turn) -> str:
    event = _card_of(turn)
    return _with_question(turn, event) if event else turn.t("event.too_late")


def _card_offers(turn: Turn) -> tuple[Choice, ...]:
    event = _card_of(turn)
    return card_choices(turn, event) if event else ()


async def _card_picked(turn: Turn, key: str) -> Decision:
    if key == LIST:
        return _overview(turn)
    event = _card_of(turn)
    return await acted(turn, event.id if event else "", key)


def _meant(turn: Turn) -> str | None:
    event = event_named(turn.text, tuple(coming(turn)))
    return event.id if event else None


def _back_to_the_list(turn: Turn) -> str | None:
    return LIST if turn.vocabulary.control(turn.text) == "back" and coming(turn) else None


def _all_words(turn: Turn) -> set[str]:
    return {"all", "alle", *(t("events.show_all").casefold() for t in turn.languages.values())}


EVENTS = Menu(asks=asks, choices=choices, picked=picked, meant=_meant)
EVENT = Menu(asks=_card_asks, choices=_card_offers, picked=_card_picked, meant=_back_to_the_list)
