"""What is said to a message that means nothing to the bot, and what if one after the other does."""

from dataclasses import replace

from bot.core.interview import prefixed
from bot.core.messages import Outgoing
from handlers import questions
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
HELP_AFTER = 3
"""The reply that did not fit, in a row, which gets a short help as well."""


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
    now = "help.not_understood" if turn.survey_is_open else "help.not_understood_closed"
    return turn.say(turn.t(now), person=person)


def instead(turn: Turn, misfit: str, again: Outgoing) -> Decision:
    """What fits no answer that is awaited: the wish for a language, a question to the bot; else what would fit."""
    if tag := turn.language_in(turn.text):
        return Decision(person=turn.person, then=f"sprache {tag}")
    if told := questions.understood(turn, surely=True):
        return turn.say(told, again)
    return missed(turn, misfit, again)


def missed(turn: Turn, misfit: str, again: Outgoing) -> Decision:
    """A reply that did not fit: what would, and the question again; the third time in a row a short help."""
    misses = turn.person.misses + 1
    if not turn.vocabulary.refuses(turn.text) and (courteous := questions.courtesy(turn)):
        misfit = courteous
    elif misses % HELP_AFTER == 0:
        in_survey = "misfit.help_choice" if again.choices else "misfit.help"
        how = turn.t("misfit.help_menu" if turn.person.waiting else in_survey)
        misfit = f"{misfit}\n{how}"
    return turn.say(prefixed(misfit, again), person=replace(turn.person, misses=misses))


def unknown_command(turn: Turn) -> Decision:
    """A command that does not exist."""
    return turn.say(turn.t("help.unknown_command"))


def task_of_others(turn: Turn) -> Decision:
    """A command for others on the staff; whoever is not on it learns of no such command."""
    alone = turn.message.private and turn.message.vouched
    return turn.say(turn.t("staff.not_your_task")) if turn.role != "citizen" and alone else unknown_command(turn)


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
