"""`/hilfe`: what the bot can do and how to steer it; and the answer to what it does not understand."""

from collections.abc import Iterable
from dataclasses import replace

from bot.core.messages import Outgoing
from bot.core.texts import Texts
from handlers import survey
from handlers.turn import Command, Decision, Turn, serves


def overview(turn: Turn, commands: Iterable[Command]) -> Decision:
    """Every command the person may use, a line each, and the words that steer the survey."""
    lines = [turn.t("help.title")]
    lines += [turn.t(command.help) for command in commands if turn.may_use(command)]
    lines.append(turn.t("help.words"))
    return turn.say("\n".join(lines))


def listed(t: Texts, commands: Iterable[Command], role: str = "citizen") -> tuple[tuple[str, str], ...]:
    """The commands of a role as a network lists them: names without a slash, descriptions."""
    lines = (t(command.help).partition(" – ") for command in commands if serves(command, role))
    return tuple((name.removeprefix("/"), text) for name, _, text in lines)


def not_understood(turn: Turn) -> Decision:
    """A message outside of any question that means nothing to the bot: what would be understood."""
    person = replace(turn.person, misses=turn.person.misses + 1)
    if not turn.text:
        return turn.say(turn.t("misfit.nothing"), person=person)
    if turn.took_part:
        return turn.say(turn.t("help.after_survey"), person=person)
    closed = survey.closed(turn)
    return turn.say(turn.t("help.not_understood_closed" if closed else "help.not_understood"), person=person)


PATIENCE = 8
"""Messages in a row that mean nothing to the bot, after which it waits for one that does.

Two programs that answer each other would never end; a person is told what works.
"""


def patient(turn: Turn, decision: Decision) -> Decision:
    """What is said to a message that was not understood: the eighth time in a row a last word, then nothing."""
    misses = decision.person.misses
    if misses < PATIENCE:
        return decision
    person = replace(turn.person, misses=misses)
    return turn.say(turn.t("misfit.silence"), person=person) if misses == PATIENCE else Decision(person=person)


def undecipherable(turn: Turn) -> Decision:
    """A message that could not be decrypted: what the person can do, beside whatever is going on."""
    return turn.say(Outgoing(text=turn.t("misfit.undecipherable"), aside=True))


def only_text(turn: Turn) -> Decision:
    """A picture, a voice message, a sticker: friendly, and what to do instead."""
    return turn.say(turn.t("misfit.media"))


def unknown_command(turn: Turn) -> Decision:
    """A command that does not exist."""
    return turn.say(turn.t("help.unknown_command"))
