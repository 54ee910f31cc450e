"""Throwing a draft away, and ending what is being sent: neither can be undone, so each is asked back once."""

from bot.core import announcement as steps
from bot.core.announcement import Announcement
from handlers import announcement_release as release
from handlers.announcement_screen import choice, keeps, shows, waits_here
from handlers.turn import Decision, Turn, waits_no_more

SCREENS = frozenset({"drop", "stop"})
YES = "yes"


async def drop(turn: Turn, one: Announcement, word: str) -> Decision:
    """Throw it away, once that is said twice."""
    kept = steps.dropped(one)
    if not _said_twice(turn, one, "drop", word):
        return ask(turn, one, "drop")
    said = turn.say(turn.t("announce.dropped", number=one.id), person=waits_no_more(turn.person))
    return keeps(turn, said, kept, "dropped")


async def stop(turn: Turn, one: Announcement, word: str) -> Decision:
    """End it, once that is said twice: whoever has not got it does not get it. Until then it goes on."""
    kept = steps.stopped(one, turn.now)
    if not _said_twice(turn, one, "stop", word):
        return ask(turn, one, "stop")
    return await release.moved(turn, kept, "stopped")


def ask(turn: Turn, one: Announcement, screen: str) -> Decision:
    """Whether it is really meant; as everywhere, the first choice loses nothing."""
    no = choice(one, "show", turn.t(f"announce.{screen}_no"))
    yes = choice(one, f"{screen}={YES}", turn.t(f"announce.{screen}_yes"))
    return shows(turn, one, screen, turn.t(f"announce.{screen}_ask", number=one.id), (no, yes))


def _said_twice(turn: Turn, one: Announcement, screen: str, word: str) -> bool:
    """A yes counts only as the answer to the question that was asked last, about the announcement as it is now."""
    return word == YES and waits_here(turn) == (screen, one.id, one.revision)
