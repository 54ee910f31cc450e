"""`/neuigkeiten`: whether somebody wants to hear what is new; in a room, whether the room does."""

from dataclasses import replace

from bot.core.conversation import NewsInRoom
from bot.core.messages import Choice, Outgoing
from bot.core.recognition import fold
from handlers import draft
from handlers.turn import Decision, Menu, Turn, menu_choices, waits_at, waits_no_more

MENU = "news"


def run(turn: Turn) -> Decision:
    """Ask; with "an" or "aus" behind the command, at once."""
    if _ends(turn) or fold(turn.argument) in _words(turn, "words.on", "words.yes"):
        return picked(turn, "no" if _ends(turn) else "yes")
    turn = turn.as_person(waits_no_more(turn.person))
    return turn.say(Outgoing(text=asks(turn), choices=choices(turn), aside=True), person=waits_at(turn.person, MENU))


def in_room(turn: Turn) -> Decision:
    """Whoever runs a room may have the whole of it hear news, and may end that with "aus"."""
    ends = _ends(turn)
    said = turn.say(turn.t("news.room_ended" if ends else "news.room_begun"))
    return replace(said, effects=(NewsInRoom(wanted=not ends),))


def _ends(turn: Turn) -> bool:
    return fold(turn.argument) in _words(turn, "words.off", "words.no")


def _words(turn: Turn, *names: str) -> set[str]:
    return {word for t in turn.languages.values() for name in names for word in t.words(name)}


def asks(turn: Turn) -> str:
    """What it means, and how it is now."""
    t = turn.t
    if turn.person.news:
        return t("news.is_on", day=t.short_date(turn.person.news))
    return t("news.ask", title=t.of(turn.process.title))


def choices(turn: Turn) -> tuple[Choice, ...]:
    t = turn.t
    if turn.person.news:
        return menu_choices(MENU, yes=t("news.keep"), no=t("news.end"))
    return menu_choices(MENU, yes=t("news.yes"), no=t("news.no"))


def picked(turn: Turn, key: str) -> Decision:
    """A consent of its own: the day is kept, and "no" takes it back."""
    person = waits_no_more(turn.person)
    if key == "yes":
        person = replace(person, news=person.news or turn.today, stopped=False)
    else:
        person = replace(person, news=None)
    text = turn.t("news.begun" if key == "yes" else "news.ended")
    return draft.goes_on(turn.as_person(person), Outgoing(text=text, aside=True))


NEWS = Menu(asks=asks, choices=choices, picked=picked)
