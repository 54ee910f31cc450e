"""`/neu_laden`: staff have the files read again, and confirm before anybody is told of a change."""

from dataclasses import replace

from bot.core.conversation import Reload
from bot.core.recognition import fold
from handlers.turn import Decision, Turn


def run(turn: Turn) -> Decision:
    """What has changed comes as a message of its own, once the files are read."""
    yes = {word for t in turn.languages.values() for word in t.words("words.yes")}
    confirm = fold(turn.argument) in yes
    return replace(turn.say(turn.t("reload.begun")), effects=(Reload(turn.member if confirm else None),))
