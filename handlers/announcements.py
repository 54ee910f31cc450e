"""`/rundnachricht`: staff write to many. Here is the way in, the list, and which step a tap or a typed word means."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from bot.core import recognition
from bot.core.announcement import OPEN, Announcement, NotAllowed
from bot.core.conversation import pressed
from bot.core.messages import Outgoing
from handlers import announcement_draft as draft
from handlers import announcement_ending as ending
from handlers import announcement_release as release
from handlers.announcement_screen import (
    MENU,
    SENDERS,
    WRITERS,
    beginning,
    choice,
    current,
    may,
    offered_here,
    shows,
    waits_here,
)
from handlers.not_understood import missed
from handlers.turn import Command, Decision, Turn, waits_no_more

Step = Callable[[Turn, Announcement, str], Awaitable[Decision]]
"""(turn, announcement as it is now, what stands behind the step's name): what follows."""

STEPS: Mapping[str, tuple[frozenset[str], Step]] = {
    "show": (WRITERS | SENDERS, lambda turn, one, _: release.show(turn, one)),
    "correct": (WRITERS, draft.correct),
    "draft": (WRITERS, lambda turn, one, _: draft.overview(turn, one)),
    "text": (WRITERS, draft.ask_text),
    "audience": (WRITERS, draft.ask_audience),
    "set": (WRITERS, draft.set_audience),
    "time": (WRITERS, draft.ask_time),
    "now": (WRITERS, draft.send_now),
    "picture": (WRITERS, draft.ask_picture),
    "no_picture": (WRITERS, draft.without_picture),
    "preview": (WRITERS | SENDERS, release.preview),
    "test": (WRITERS | SENDERS, release.test),
    "drop": (WRITERS, ending.drop),
    "offer": (WRITERS, release.offer),
    "confirm": (SENDERS, release.confirm),
    "refuse": (SENDERS, release.refuse),
    "take_back": (WRITERS | SENDERS, release.take_back),
    "pause": (WRITERS | SENDERS, release.pause),
    "resume": (SENDERS, release.resume),
    "stop": (WRITERS | SENDERS, ending.stop),
}
"""Every step by its name, and whose task it is. Ending something is everybody's."""


async def run(turn: Turn) -> Decision:
    """What is under way; where nothing is, a new one is begun at once by whoever writes them."""
    turn = turn.as_person(waits_no_more(turn.person))
    known = await turn.memory.newsroom.of_interest(turn.now)
    if not known and may(turn, WRITERS):
        return await draft.begin(turn)
    return _list(turn, known)


def _list(turn: Turn, known: list[Announcement]) -> Decision:
    """All that something can be done about: the open ones, and those to be corrected."""
    t = turn.t
    under_way = [one for one in known if one.state in OPEN]
    over = [one for one in known if one.state not in OPEN]
    choices = [choice(one, "show", _listed(turn, one)) for one in under_way]
    if may(turn, WRITERS):
        choices.append(choice(Announcement(), "correct", t("announce.do.new")))
        choices += [choice(one, "correct", t("announce.do.correct", number=one.id)) for one in over]
    choices += [choice(one, "show", _listed(turn, one)) for one in over]
    if not choices:
        return turn.say(t("announce.none"))
    return shows(turn, Announcement(), "list", t("announce.list"), choices)


def _listed(turn: Turn, one: Announcement) -> str:
    state = turn.t(f"announce.state.{one.state}")
    return turn.t("announce.listed", number=one.id, state=state, text=beginning(turn, one)).rstrip(" :")


def waits(turn: Turn) -> bool:
    """Whether the person is asked something about an announcement."""
    return turn.person.waiting is not None and turn.person.waiting.menu == MENU


def waiting_message(turn: Turn) -> Outgoing:
    """What the person is asked, in short, after something in between."""
    return Outgoing(text=turn.t("announce.waiting"), aside=True)


async def pressed_button(turn: Turn, key: str) -> Decision:
    """A tapped button, of any age and from anybody: only as things are now, and only by whose task it is."""
    number, revision, action = pressed(key, "a") or ("", "", "")
    if not re.fullmatch(r"\d{1,18}", number) or not re.fullmatch(r"\d{1,9}", revision):
        return turn.say(turn.t("button.closed"))
    return await _taken(turn, int(number), int(revision), action)


async def typed(turn: Turn) -> Decision:
    """A typed message: one of the choices by number or label, or what is asked for in free words."""
    screen, number, revision = waits_here(turn)
    if not may(turn, WRITERS | SENDERS):
        return turn.say(turn.t("announce.not_yours"), person=waits_no_more(turn.person))
    word = turn.vocabulary.control(turn.text)
    if word == "cancel" or (word == "back" and screen in {"list", "draft", "show"}):
        left = turn.as_person(waits_no_more(turn.person))
        return left.say(left.t("announce.left"))
    if word == "back":
        return await _taken(turn, number, revision, "show" if screen in ending.SCREENS else "draft")
    one = await current(turn, number)
    known = await turn.memory.newsroom.of_interest(turn.now) if screen == "list" else []
    again = _list(turn, known) if screen == "list" else await offered_here(turn, one, screen, release.show, _again)
    if one is None and screen != "list":
        return again
    choices = again.say[-1].choices
    if found := recognition.exact(turn.text, choices) or (
        None if draft.takes_words(screen) else recognition.near(turn.text, choices)
    ):
        _, about, at, action = found.key.split(":")
        same = screen == "list" or int(at) == revision
        return await _taken(turn, int(about), int(at) if same else -1, action)
    if one is not None and draft.takes_words(screen):
        if one.revision != revision:
            return await _stale(turn, one)
        return await _allowed(turn, one, WRITERS, lambda: draft.words(turn, one, screen))
    return missed(turn, turn.t("announce.choose"), again.say[-1])


async def _again(turn: Turn, one: Announcement, screen: str) -> Decision:
    return ending.ask(turn, one, screen) if screen in ending.SCREENS else await draft.again(turn, one, screen)


async def picture(turn: Turn) -> Decision:
    """A picture that was sent while one was asked for."""
    screen, number, revision = waits_here(turn)
    one = await current(turn, number)
    if one is None or screen != "picture" or one.revision != revision:
        return turn.say(turn.t("misfit.media"))
    return await _allowed(turn, one, WRITERS, lambda: draft.take_picture(turn, one))


async def _taken(turn: Turn, number: int, revision: int, action: str) -> Decision:
    """Take a step, if it is the person's to take and nothing has changed since they were shown it."""
    name, _, argument = action.partition("=")
    if name not in STEPS:
        return turn.say(turn.t("button.closed"))
    roles, step = STEPS[name]
    one = Announcement() if number == 0 and name == "correct" else await current(turn, number)
    if one is None:
        return turn.say(turn.t("announce.gone") if may(turn, WRITERS | SENDERS) else turn.t("button.closed"))
    if revision != one.revision and may(turn, roles):
        return await _stale(turn, one)
    return await _allowed(turn, one, roles, lambda: step(turn, one, argument))


async def _stale(turn: Turn, one: Announcement) -> Decision:
    shown = await release.show(turn, one)
    first = Outgoing(text=turn.t("announce.stale", number=one.id), aside=True)
    return replace(shown, say=(first, *shown.say))


async def _allowed(
    turn: Turn, one: Announcement, roles: frozenset[str], step: Callable[[], Awaitable[Decision]]
) -> Decision:
    """Do a step for whom it is meant; a sentence for everybody else, and where the rules forbid it."""
    if not may(turn, WRITERS | SENDERS):
        return turn.say(turn.t("button.closed"))  # nobody learns that there is such a thing
    if not may(turn, roles):
        return turn.say(turn.t("staff.not_your_task"))
    try:
        return await step()
    except NotAllowed as error:
        again = await release.show(turn, one)
        return replace(again, say=(Outgoing(text=turn.t(f"announce.not.{error.reason}"), aside=True), *again.say))


COMMAND = Command("help.rundnachricht", run, role="editor", also=("sender",), aliases=("broadcast",))
