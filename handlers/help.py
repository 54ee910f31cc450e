"""`/hilfe`: what the bot can do and how to steer it; and the answer to what it does not understand."""

from collections.abc import Iterable

from handlers import survey
from handlers.turn import Command, Decision, Turn


def overview(turn: Turn, commands: Iterable[Command]) -> Decision:
    """Every command a citizen may use, a line each, and the words that steer the survey."""
    lines = [turn.t("help.title")]
    lines += [turn.t(command.help) for command in commands if command.role == "citizen"]
    lines.append(turn.t("help.words"))
    return turn.say("\n".join(lines))


def not_understood(turn: Turn) -> Decision:
    """A message outside of any question that means nothing to the bot: what would be understood."""
    if not turn.text:
        return turn.say(turn.t("misfit.nothing"))
    if turn.took_part:
        return turn.say(turn.t("help.after_survey"))
    return turn.say(turn.t("help.not_understood_closed" if survey.closed(turn) else "help.not_understood"))


def only_text(turn: Turn) -> Decision:
    """A picture, a voice message, a sticker: friendly, and what to do instead."""
    return turn.say(turn.t("misfit.media"))


def unknown_command(turn: Turn) -> Decision:
    """A command that does not exist."""
    return turn.say(turn.t("help.unknown_command"))
