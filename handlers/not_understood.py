"""What is said to a message that means nothing to the bot, and what if one after the other does."""

from dataclasses import replace

from bot.core.messages import Outgoing
from bot.core.recognition import fold
from handlers import menus, questions, survey
from handlers.turn import Decision, Turn

PATIENCE = 8
"""Messages in a row that mean nothing to the bot, after which it waits for one that does.

Two programs that answer each other would never end; a person is told what works.
"""
AGAIN = 4
"""Of the messages after that, every how-manyeth is told once more what works.

A person who goes on writing hears of it; a program that answers each of our messages falls silent at the first one that
gets no answer.
"""
LIKE_A_QUESTION = 20
"""Characters; anything shorter may be a person's answer that happens to be in the question."""


def run(turn: Turn) -> Decision:
    """A message outside of any question that means nothing to the bot: what would be understood."""
    person = replace(turn.person, misses=turn.person.misses + 1)
    if not turn.text:
        return turn.say(turn.t("misfit.nothing"), person=person)
    if turn.vocabulary.agreed(turn.text) == "no":
        return turn.say(turn.t("menu.left"), person=person)
    if courteous := questions.courtesy(turn):
        return turn.say(courteous, person=person)
    if turn.took_part:
        return turn.say(turn.t("help.after_survey"), person=person)
    closed = survey.closed(turn)
    return turn.say(turn.t("help.not_understood_closed" if closed else "help.not_understood"), person=person)


def unknown_command(turn: Turn) -> Decision:
    """A command that does not exist."""
    return turn.say(turn.t("help.unknown_command"))


def only_text(turn: Turn) -> Decision:
    """A picture, a voice message, a sticker: friendly, and what to do instead."""
    return turn.say(turn.t("misfit.media"))


def undecipherable(turn: Turn) -> Decision:
    """A message that could not be decrypted: what the person can do, beside whatever is going on."""
    return turn.say(Outgoing(text=turn.t("misfit.undecipherable"), aside=True))


def patient(turn: Turn, decision: Decision) -> Decision:
    """The decision, counted where it helped nobody: from the eighth in a row on only what works is said, and seldom."""
    misses = decision.person.misses
    if misses <= turn.person.misses:
        return replace(decision, person=replace(decision.person, misses=0)) if misses else decision
    if misses < PATIENCE:
        return decision
    person = replace(turn.person, misses=misses)
    spoken = (misses - PATIENCE) % AGAIN == 0
    return turn.say(turn.t("misfit.silence"), person=person) if spoken else Decision(person=person)


def repeats_us(turn: Turn) -> bool:
    """Whether somebody says the bot's own question back to it: no person does, and two programs would never end."""
    if len(turn.text) < LIKE_A_QUESTION or (waiting := menus.waiting_message(turn)) is None:
        return False
    return len(waiting.text) >= LIKE_A_QUESTION and fold(waiting.text) in fold(turn.text)
