"""Questions of the bot's own: which there are, and what a tap or typed words mean while one of them waits."""

from collections.abc import Sequence
from dataclasses import replace

from bot.core import interview, recognition
from bot.core.conversation import pressed
from bot.core.interview import prefixed
from bot.core.messages import Choice, Outgoing
from bot.core.questions.choice import choice_misfit
from bot.core.recognition import fold
from handlers import (
    announcements,
    consent,
    draft,
    erase,
    events,
    language,
    news,
    not_understood,
    own_words,
    questions,
    reminders,
    review,
    start,
    wish_review,
    wishes,
)
from handlers.turn import Decision, Handler, Menu, Turn, decided, waits_no_more

MENUS: dict[str, Menu] = {
    language.MENU: language.LANGUAGE,
    start.MENU: start.WELCOME,
    consent.MENU: consent.CONSENT,
    erase.MENU: erase.ERASING,
    events.MENU: events.EVENTS,
    events.CARD: events.EVENT,
    news.MENU: news.NEWS,
    reminders.MENU: reminders.REMINDERS,
    reminders.TIMES: reminders.REMINDER_TIMES,
    reminders.ASK: reminders.ASKING,
    review.CHANGE: review.CHANGING,
    draft.CANCEL: draft.CANCELLING,
    draft.PAUSED: draft.PAUSING,
    wishes.LIST: wishes.LISTING,
    wishes.ONE: wishes.READING,
    wish_review.MENU: wish_review.REVIEWING,
    own_words.MENU: own_words.ASKING_BACK,
}

OF_THE_SURVEY = {review.CHANGE, draft.CANCEL, draft.PAUSED}
"""Menus that the survey puts: an earlier answer can be changed from them, too."""
OPEN = {events.MENU, events.CARD, reminders.MENU}
"""Menus of which nothing has to be chosen: what fits none of their choices is understood as if they were not there."""
LIKE_A_QUESTION = 20
"""Characters; anything shorter may be a person's answer that happens to be in the question."""


def waiting_message(turn: Turn) -> Outgoing | None:
    """What the conversation waits at, said again: a menu, or the survey's question."""
    waiting = turn.person.waiting
    if waiting and waiting.menu in MENUS:
        return MENUS[waiting.menu].put(turn)
    if announcements.waits(turn):
        return announcements.waiting_message(turn)
    return draft.waiting_message(turn)


def repeated(turn: Turn) -> bool:
    """Whether somebody says what waits back to the bot: no person does, and two programs would never end."""
    if len(turn.text) < LIKE_A_QUESTION or (waiting := waiting_message(turn)) is None:
        return False
    return len(waiting.text) >= LIKE_A_QUESTION and fold(waiting.text) in fold(turn.text)


async def prepared(turn: Turn) -> Turn:
    """The turn with what the menu that waits shows from the storage."""
    menu = MENUS.get(turn.person.waiting.menu) if turn.person.waiting else None
    return replace(turn, shown=await menu.prepared(turn)) if menu and menu.prepared else turn


async def typed(turn: Turn, otherwise: Handler) -> Decision:
    """Typed words while a menu waits: a choice, a word that steers, or help; `otherwise` answers as if none waited."""
    waiting = turn.person.waiting
    if waiting is None:
        return await decided(otherwise, turn)
    menu = MENUS[waiting.menu]
    choices = menu.choices(turn)
    if choice := _plainly(turn, waiting.menu, choices):
        return await _picked(menu, choice, turn)
    if steered := _steered(turn, waiting.menu):
        return steered
    if named := turn.vocabulary.command(turn.text):
        return Decision(person=turn.person, then=named)
    if code := erase.code_in(turn.text):
        return await erase.erase_response(turn, code)
    if choice := recognition.near(turn.text, choices):
        return await _picked(menu, choice, turn)
    if waiting.menu == own_words.MENU:
        return own_words.typed(turn)
    if tag := turn.language_in(turn.text):
        return _in_language(menu, turn, tag)
    # Whoever is asked for their language may have one that the survey is not in, but questions are understood in.
    surely = waiting.menu != language.MENU
    # A word that steers asks nothing: in French "pause" would be about opening hours.
    told = "" if turn.vocabulary.control(turn.text) else questions.understood(turn, surely=surely)
    if told:
        return turn.say(told, *([] if waiting.menu in OPEN else [menu.put(turn)]))
    if waiting.menu in OPEN and recognition.position(turn.text) is None:
        return await decided(otherwise, turn.as_person(waits_no_more(turn.person)))
    return not_understood.missed(turn, choice_misfit(turn.text, len(choices), turn.t), menu.put(turn))


def _plainly(turn: Turn, menu: str, choices: Sequence[Choice]) -> Choice | None:
    """The choice that is typed without a slip; where the menu asks for yes or no, in any words for that."""
    if choice := recognition.exact(turn.text, choices):
        return choice
    if meant := MENUS[menu].meant(turn):
        return Choice(meant, "")
    agreed = None if menu in OPEN else turn.vocabulary.agreed(turn.text)
    return next((choice for choice in choices if agreed and choice.key.endswith(f":{agreed}")), None)


def _steered(turn: Turn, menu: str) -> Decision | None:
    """Where a word leads that steers; where nothing has to be chosen, "nein danke" leaves."""
    word = turn.vocabulary.control(turn.text)
    left = turn.as_person(waits_no_more(turn.person))
    if word == "pause" and draft.under_way(left):
        return draft.pause(left)
    if word == "cancel" and menu in {draft.PAUSED, draft.CANCEL} and (begun := draft.under_way(left)):
        return draft.control(left, begun, word)
    if word == "onward" and menu == draft.PAUSED:
        return Decision(person=waits_no_more(turn.person), then="umfrage")
    if menu in OF_THE_SURVEY and (begun := draft.of(left)) and (changing := review.asked_to_change(left, begun)):
        return changing
    if word in {"back", "cancel", "pause"} and turn.person.language:
        return _left(left)
    if word == "onward" and menu in OF_THE_SURVEY:
        return _left(left)
    return _left(left) if menu in OPEN and turn.vocabulary.agreed(turn.text) == "no" else None


async def tapped(turn: Turn, key: str) -> Decision:
    """A tapped choice of a menu, of any age: it counts where that menu waits, else what waits is said again."""
    name, option = pressed(key, "m") or ("", "")
    left = turn.as_person(waits_no_more(turn.person))
    if name == interview.REVIEW and (begun := draft.under_way(left)):
        return review.picked(left, begun, option)
    waiting, menu = turn.person.waiting, MENUS.get(name)
    offered = next((choice for choice in menu.choices(turn) if choice.key == key), None) if menu else None
    if menu and offered and name == events.MENU:
        return await _picked(menu, offered, turn)  # the list stays as it is: one may look at several
    # A language may be chosen at any time; every other menu only while it is the one that waits.
    if menu and offered and (name == language.MENU or (waiting and waiting.menu == name)):
        picked = await _picked(menu, offered, turn)
        text = f"{menu.asks(turn)}\n{turn.t('answer.given', answer=offered.label)}"
        return picked if menu.introduced else picked.settling(turn.message.target, text)
    again = waiting_message(turn)
    closed = turn.t("button.submitted" if name == interview.REVIEW and turn.took_part else "button.closed")
    return turn.say(prefixed(closed, again)) if again else turn.say(closed)


async def _picked(menu: Menu, choice: Choice, turn: Turn) -> Decision:
    return await decided(lambda chosen: menu.picked(chosen, choice.key.rpartition(":")[2]), turn)


def _in_language(menu: Menu, turn: Turn, tag: str) -> Decision:
    """The menu in another language; what leads to the survey is said in it from its beginning."""
    if menu in {start.WELCOME, consent.CONSENT}:
        return Decision(person=turn.person, then=f"sprache {tag}")
    spoken = turn.as_person(replace(turn.person, language=tag))
    return spoken.say(spoken.t("language.set"), menu.put(spoken))


def _left(left: Turn) -> Decision:
    """Out of a menu, back to where the conversation was."""
    waiting = waiting_message(left)
    return left.say(waiting or left.t("menu.left"))
