"""`/loeschen`: erases everything about a person, or with a deletion code a submitted response."""

import re
from dataclasses import replace

from bot.core.conversation import CODE_LETTERS, Erase, EraseResponse
from bot.core.messages import Choice
from bot.core.recognition import fold
from handlers import draft
from handlers.turn import Decision, Menu, Turn, menu_choices, waits_at, waits_no_more

MENU = "erase"
_CODE = re.compile(rf"[{CODE_LETTERS}]{{10}}")
_LOOKS_LIKE_CODE = re.compile(rf"(?:\S{{3,10}}\s+)?[{CODE_LETTERS}]{{5}}[\s-]*[{CODE_LETTERS}]{{5}}", re.IGNORECASE)

_ENDS_WITH_CODE = re.compile(
    rf"(?P<before>(?:[^\W\d]+[\s:,]+){{2,8}})(?P<code>[{CODE_LETTERS}]{{5}}[\s-]*[{CODE_LETTERS}]{{5}})[.!]?",
    re.IGNORECASE,
)


def code_of(argument: str) -> str:
    """The code behind `/loeschen`, however it is spaced, dashed or quoted; empty where it is none."""
    letters = "".join(character for character in argument.upper() if character.isalnum())
    return letters if _CODE.fullmatch(letters) else ""


def code_in(text: str) -> str | None:
    """The deletion code that a message is, alone, behind one word such as "löschen", or at the end of a sentence.

    A hyphen or a figure has to be in it: ten plain letters may be two words that somebody meant. In a sentence it is a
    figure, or the sentence speaks of a code.
    """
    if found := _ENDS_WITH_CODE.fullmatch(text.strip()):
        speaks = "code" in fold(found["before"]) and re.search(r"[2-9]|-", found["code"])
        if speaks or re.search("[2-9]", found["code"]):
            return code_of(found["code"]) or None
    if not _LOOKS_LIKE_CODE.fullmatch(text.strip()) or not re.search(r"[2-9]|-", text):
        return None
    return code_of(text.strip()[-11:]) or code_of(text.strip()[-10:]) or None


async def run(turn: Turn, then: str = "") -> Decision:
    """With a code the response goes at once; without one, the person is asked first."""
    if turn.argument:
        return await erase_response(turn, code_of(turn.argument))
    return turn.say(ERASING.put(turn), person=waits_at(turn.person, MENU, then))


async def erase_response(turn: Turn, code: str) -> Decision:
    """Remove the response of a deletion code, whoever brings it: nobody knows any more whose it was."""
    person = waits_no_more(turn.person)
    if not code or not await turn.memory.results.has_response(code):
        return turn.say(turn.t("erase.unknown_code"), person=person)
    said = turn.say(turn.t("erase.response_done"), person=person)
    return replace(said, effects=(EraseResponse(code),))


def asks(turn: Turn) -> str:
    parts = [turn.t("erase.ask")]
    if turn.took_part:
        parts.append(turn.t("erase.submitted", closes=turn.t.date(turn.process.survey.closes)))
    return "\n".join(parts)


def choices(turn: Turn) -> tuple[Choice, ...]:
    return menu_choices(MENU, no=turn.t("erase.no"), yes=turn.t("erase.yes"))


def picked(turn: Turn, key: str) -> Decision:
    person = waits_no_more(turn.person)
    if key == "no":
        then = turn.person.waiting.then if turn.person.waiting else ""
        kept, left = turn.t("erase.kept"), turn.as_person(person)
        return left.say(kept, then=then) if then else draft.goes_on(left, kept)
    t = turn.t
    text = t("erase.done_took_part", closes=t.date(turn.process.survey.closes)) if turn.took_part else t("erase.done")
    text = f"{text}\n{t('erase.staff')}" if turn.member else text
    return replace(turn.say(text, person=person), effects=(Erase(),))


ERASING = Menu(asks=asks, choices=choices, picked=picked)
