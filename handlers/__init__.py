"""What the bot answers: one file per command or topic, and here the order in which a message is understood."""

import re
from dataclasses import replace

from bot.core.conversation import Person, pressed
from bot.core.events import event_named
from bot.core.recognition import fold
from handlers import (
    about,
    announcements,
    consent,
    draft,
    erase,
    events,
    help,
    language,
    menus,
    my_data,
    news,
    not_understood,
    questions,
    reload,
    reminder_wish,
    reminders,
    rooms,
    staff,
    start,
    statistics,
    stop,
    survey,
    wish_review,
    wishes,
)
from handlers.turn import Command, Decision, Handler, Turn, decided

COMMANDS: dict[str, Command] = {
    "start": Command("help.start", start.run),
    "umfrage": Command("help.umfrage", survey.run, aliases=("survey",)),
    "termine": Command("help.termine", events.run, aliases=("events", "termin"), public=True),
    "erinnern": Command("help.erinnern", reminders.run, aliases=("remind", "erinnerung", "erinnerungen")),
    "neuigkeiten": Command("help.neuigkeiten", news.run, aliases=("news",)),
    "wuensche": Command("help.wuensche", wishes.run, aliases=("wishes",)),
    "sprache": Command("help.sprache", lambda turn: language.run(turn, then=_goes_on(turn)), aliases=("language",)),
    "hilfe": Command(
        "help.hilfe", lambda turn: help.overview(turn, COMMANDS.values()), aliases=("help",), aside=True, public=True
    ),
    "datenschutz": Command("help.datenschutz", about.privacy, aliases=("privacy",), aside=True, public=True),
    "impressum": Command("help.impressum", about.imprint, aliases=("imprint",), aside=True, public=True),
    "barrierefreiheit": Command(
        "help.barrierefreiheit", about.accessibility, aliases=("accessibility",), aside=True, public=True
    ),
    "meine_daten": Command("help.meine_daten", my_data.run, aliases=("my_data", "meinedaten"), aside=True),
    "loeschen": Command(
        "help.loeschen", lambda turn: erase.run(turn, then=_goes_on(turn)), aliases=("delete", "widerruf")
    ),
    "stop": Command("help.stop", stop.run, aliases=("stopp",)),
    "rundnachricht": announcements.COMMAND,
    "neu_laden": Command("help.neu_laden", reload.run, role="sender", aliases=("reload",), aside=True),
    "wuensche_pruefen": wish_review.COMMAND,
    "statistik": Command("help.statistik", statistics.run, role="analyst", aliases=("stats",)),
    "export": Command("help.export", statistics.export, role="analyst"),
}

KINDS: dict[str, Handler] = {
    "edit": survey.edited,
    "delete": survey.deleted,
    "undecipherable": not_understood.undecipherable,
}
"""What answers that something happened to a message."""

SPOKEN = tuple(name for name, command in COMMANDS.items() if command.role == "citizen")
"""The commands that can be said in plain words: those of staff never are, or anybody could say them."""
# One word behind the sign, perhaps with a bot's name: "/r/hannover" and "!!! Mehr Termine" are no commands.
_LIKE_A_COMMAND = re.compile(r"[/!]\w+(?:@\w+)?(?:\s.*)?", re.DOTALL)
_NAMES = {fold(name): command for command, entry in COMMANDS.items() for name in (command, *entry.aliases)}


def route(turn: Turn) -> Handler:
    """What answers this message: a button, a command, a menu, the survey, plain words, in this order."""
    if (wordless := _wordless(turn)) is not None:
        return wordless
    if staff.code_in(turn.text):
        return lambda joining: staff.join(joining, COMMANDS.values())
    command = command_in(turn.text)
    if command and not turn.may_use(COMMANDS[command]):
        return not_understood.task_of_others
    nothing_begun = command is None and not turn.person.language and turn.person.waiting is None
    if nothing_begun and (told := questions.understood(turn)):
        return lambda asked: asked.say(told)  # a question has its language with it
    if _language_first(turn, command):
        if named := language.named(turn):
            return lambda first: language.picked(first, named, then="start")
        said = "" if command else questions.in_another_language(turn)
        return lambda first: language.ask(first, then=_with_payload(first, command or "start"), said=said)
    if command:
        return COMMANDS[command].run
    if announcements.waits(turn):
        return announcements.typed
    if (by := reminders.put_off_in(turn, turn.text)) and not draft.writing_freely(turn):
        return lambda late: reminders.put_off_next(late, by)
    if _LIKE_A_COMMAND.fullmatch(turn.text):
        return not_understood.unknown_command
    return _in_conversation(turn)


def _wordless(turn: Turn) -> Handler | None:
    """What answers a message that is no new words: a tap, an edit, something taken back, a picture."""
    if turn.message.choice is not None:
        return pressed_button
    if turn.message.kind in KINDS:
        return KINDS[turn.message.kind]
    if turn.message.media:
        return announcements.picture if announcements.waits(turn) else not_understood.only_text
    return None


def _in_conversation(turn: Turn) -> Handler:
    """What answers plain words: whatever the conversation waits at, else what the words themselves mean."""
    if turn.person.waiting and turn.person.waiting.menu in menus.MENUS:
        return lambda typed: menus.typed(typed, otherwise=_plain_words)
    if draft.under_way(turn):
        return survey.typed
    if named := turn.vocabulary.command(turn.text):
        return COMMANDS[named].run
    if code := erase.code_in(turn.text):
        return lambda coded: erase.erase_response(coded, code)
    if tag := turn.language_in(turn.text):
        return lambda spoken: language.run(replace(spoken, argument=tag))
    if told := questions.understood(turn):
        return lambda asked: asked.say(told)
    if draft.of(turn) and not turn.took_part and not questions.courtesy(turn):
        return survey.run  # the survey has closed, or consent has to be asked for again
    return not_understood.run


async def _plain_words(turn: Turn) -> Decision:
    return await decided(_in_conversation(turn), turn)


async def answer(turn: Turn) -> Decision:
    """Route a message and follow where its handler leads; an aside ends with the question that waits."""
    person = turn.person
    turn = _with_argument(_spoken_argument(_without_slash(turn.as_person(_with_known_language(turn)))))
    turn = await menus.prepared(turn)
    if turn.message.private:
        return await _understood(turn)
    command = COMMANDS.get(command_in(turn.text) or turn.vocabulary.command(turn.text) or "")
    decision = await rooms.answer(turn, command if command and turn.may_use(command) else None, _understood)
    # Nothing is noted about those who only ask something in a room.
    return replace(decision, person=person) if decision.person == turn.person else decision


async def _understood(turn: Turn) -> Decision:
    """The answer to somebody who is alone with the bot; replies that helped nobody are counted, the others end it."""
    if menus.repeated(turn):
        return Decision(person=turn.person)
    return not_understood.patient(turn, await _routed(turn))


async def _routed(turn: Turn) -> Decision:
    handler = route(turn)
    decision = await decided(handler, turn)
    helps = {not_understood.unknown_command, not_understood.task_of_others, not_understood.only_text}
    aside = handler in helps or any(c.aside and c.run is handler for c in COMMANDS.values())
    said, effects, settles = decision.say, decision.effects, decision.settles
    while decision.then:
        name, _, argument = decision.then.partition(" ")
        following = COMMANDS[name]
        turn = replace(turn.as_person(decision.person), argument=argument)
        decision = await decided(following.run, turn)
        said, effects, aside = said + decision.say, effects + decision.effects, following.aside
    if aside and (waiting := menus.waiting_message(turn.as_person(decision.person))):
        said = (*said, waiting)
    if settles and said:
        said = (replace(said[0], settles=settles), *said[1:])
    return replace(decision, say=said, effects=effects)


def _language_first(turn: Turn, command: str | None) -> bool:
    """Whether the language has to be known before anything else is said; not for a deletion code, which is at hand."""
    if turn.person.language or command == "sprache" or erase.code_in(turn.argument or turn.text):
        return False
    return command is not None or turn.person.waiting is None


def _with_payload(turn: Turn, command: str) -> str:
    """The command that waits for a language; what a link carried with it, or the event it names, is kept."""
    takes_one = command in {"start", "termine", "erinnern"}
    payload = turn.argument if takes_one and re.fullmatch(r"(?=.{1,50}$)[\w*-]+(?: [\w-]+){0,2}", turn.argument) else ""
    return f"{command} {payload}".strip()


def _goes_on(turn: Turn) -> str:
    """The command that leads back to the menu that waits, for one that comes in between."""
    waiting = turn.person.waiting
    if waiting is None:
        return ""
    back = {start.MENU: "start", consent.MENU: "umfrage", language.MENU: waiting.then, erase.MENU: waiting.then}
    return back.get(waiting.menu, "")


def command_in(text: str) -> str | None:
    """The command that a message begins with: "/umfrage", "!umfrage", "/löschen CODE"."""
    if text[:1] not in {"/", "!"}:
        return None
    word = text[1:].split(maxsplit=1)[0] if text[1:].strip() else ""
    return _NAMES.get(fold(word.partition("@")[0]))


async def pressed_button(turn: Turn) -> Decision:
    """A tapped button, of any age and from anybody: what it says is checked before it counts."""
    key = turn.message.choice or ""
    if pressed(key, "q"):
        return survey.pressed_button(turn, key)
    if pressed(key, "c"):
        return survey.pressed_control(turn, key)
    if pressed(key, "a"):
        return await announcements.pressed_button(turn, key)
    if about := pressed(key, "e"):
        return await events.acted(turn, *about)
    return await menus.tapped(turn, key)


def _with_known_language(turn: Turn) -> Person:
    """The person, speaking the language that the network names, until they choose one."""
    named = turn.message.language
    if turn.person.language or not named:
        return turn.person
    offered = turn.process.languages
    guess = named if named in offered else named.partition("-")[0]
    return replace(turn.person, language=guess) if guess in offered else turn.person


def _without_slash(turn: Turn) -> Turn:
    """ "/pause" is the word "Pause": in a messenger full of commands, people try it."""
    if turn.text[:1] in {"/", "!"} and turn.vocabulary.control(turn.text):
        return replace(turn, text=turn.text[1:])
    return turn


def _spoken_argument(turn: Turn) -> Turn:
    """ "start misburg" does what a link to that evening does, "erinnere mich an Misburg" what the command does, and so
    does "Sprache Englisch"."""
    if not turn.text or command_in(turn.text) is not None or draft.writing_freely(turn):
        return turn
    if name := language.asked_for(turn):
        return replace(turn, text=f"/sprache {name}")
    typed = fold(turn.text)
    words = {word: "start" for t in turn.languages.values() for word in t.words("words.command.start")}
    words |= {word: "erinnern" for t in turn.languages.values() for word in t.words("words.command.erinnern")}
    for word, command in words.items():
        name = typed.removeprefix(f"{word} ").removeprefix("an ").removeprefix("of ")
        if typed.startswith(f"{word} ") and (event := event_named(name, turn.process.events)):
            return replace(turn, text=f"/{command} {event.id}")
    if turn.message.private and not announcements.waits(turn) and (wish := reminder_wish.spoken(turn)) is not None:
        return replace(turn, text=f"/erinnern {wish}".strip())
    return turn


def _with_argument(turn: Turn) -> Turn:
    """The turn with what stands behind its command."""
    if command_in(turn.text) is None:
        return turn
    return replace(turn, argument="".join(turn.text.split(maxsplit=1)[1:]))
