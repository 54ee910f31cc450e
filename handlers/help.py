"""`/hilfe`: what the bot can do and how to steer it."""

from collections.abc import Iterable

from bot.core.texts import Texts
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
