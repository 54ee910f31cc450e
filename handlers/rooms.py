"""In a room where others read along: what everybody may know is answered there, the rest where the person is alone."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.core.conversation import RemindRoom, pressed
from bot.core.recognition import fold
from handlers import news, questions, reminders
from handlers.turn import Command, Decision, Turn, decided

Alone = Callable[[Turn], Awaitable[Decision]]
"""Answers a turn as it is answered in a private chat."""


async def answer(turn: Turn, command: Command | None, alone: Alone) -> Decision:
    """Answer in the room what is public; for anything else lead the person to a private chat."""
    if (asked := pressed(turn.message.choice or "", "e")) and asked[1] == "ask":
        return await _asked_alone(turn, alone)
    if command is None and (said := questions.understood(turn)):
        return turn.say(said)
    if command is None and not turn.message.link:
        return turn.say(turn.t("group.help"))
    if command and command.public:
        return Decision(person=turn.person, say=(await decided(command.run, turn)).say)
    if command and command.run is reminders.run and turn.message.by_admin:
        return remind(turn)
    if command and command.run is news.run and turn.message.by_admin:
        return news.in_room(turn)
    if turn.message.link:
        return turn.say(turn.t("group.private", link=turn.message.link))
    # A network on which the bot may begin a conversation: it opens a private room and goes on there.
    private = await alone(replace(turn, message=replace(turn.message, private=True)))
    here = turn.say(turn.t("group.invited")).say
    there = tuple(replace(said, private=True) for said in private.say)
    return replace(private, say=(*here, *there))


async def _asked_alone(turn: Turn, alone: Alone) -> Decision:
    """Somebody liked a message about an event: whether they want a reminder is asked where nobody else reads it."""
    private = await alone(replace(turn, message=replace(turn.message, private=True)))
    return replace(private, say=tuple(replace(said, private=True) for said in private.say))


def remind(turn: Turn) -> Decision:
    """Whoever runs a room may have the whole of it reminded of every event: one message, not one for each."""
    off = {word for t in turn.languages.values() for word in t.words("words.off")}
    if fold(turn.argument) in off:
        return replace(turn.say(turn.t("group.reminders_off")), effects=(RemindRoom(None),))
    return replace(turn.say(turn.t("group.reminders_on")), effects=(RemindRoom(turn.t.language),))
