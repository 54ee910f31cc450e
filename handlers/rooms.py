"""In a room where others read along: what everybody may know is answered there, the rest where the person is alone."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from handlers.turn import Command, Decision, Turn

Alone = Callable[[Turn], Awaitable[Decision]]
"""Answers a turn as it is answered in a private chat."""


async def answer(turn: Turn, command: Command | None, alone: Alone) -> Decision:
    """Answer in the room what is public; for anything else lead the person to a private chat."""
    if command is None and not turn.message.link:
        return turn.say(turn.t("group.help"))
    if command and command.public:
        shown = command.run(turn)
        decision = shown if isinstance(shown, Decision) else await shown
        return Decision(person=turn.person, say=decision.say, effects=decision.effects)
    if turn.message.link:
        return turn.say(turn.t("group.private", link=turn.message.link))
    # A network on which the bot may begin a conversation: it opens a private room and goes on there.
    private = await alone(replace(turn, message=replace(turn.message, private=True)))
    here = turn.say(turn.t("group.invited")).say
    there = tuple(replace(said, private=True) for said in private.say)
    return replace(private, say=(*here, *there))
