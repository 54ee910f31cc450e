"""`/sprache`: in which language the bot writes. Asked at the very start where the network does not say."""

from dataclasses import replace

from bot.core import recognition
from bot.core.conversation import menu_button
from bot.core.interview import prefixed
from bot.core.messages import Choice
from handlers import draft, questions
from handlers.turn import Decision, Menu, Turn, waits_at, waits_no_more

MENU = "language"


def run(turn: Turn, then: str = "") -> Decision:
    """Change the language at once where one is named, else ask; `then` leads back to what came before."""
    if tag := meant(turn, turn.argument):
        return picked(turn.as_person(waits_at(turn.person, MENU, then)), tag)
    return ask(turn, then, questions.in_another_language(replace(turn, text=turn.argument)))


def ask(turn: Turn, then: str, said: str = "") -> Decision:
    """Ask for the language; `then` is the command that goes on afterwards, `said` what is said before."""
    return turn.say(
        prefixed(said, LANGUAGE.put(turn)) if said else LANGUAGE.put(turn), person=waits_at(turn.person, MENU, then)
    )


def named(turn: Turn) -> str:
    """The language that a whole message names ("English"); a number names none before the languages were shown."""
    return "" if recognition.position(turn.text) is not None else meant(turn, turn.text)


def meant(turn: Turn, typed: str) -> str:
    """The language of the survey that these words name, in whichever language: "Englisch", "leichte Sprache"."""
    choice = recognition.exact(typed, choices(turn))
    return choice.key.rpartition(":")[2] if choice else turn.language_in(typed, asked=True)


def asked_for(turn: Turn) -> str:
    """What stands behind "Sprache" in "Sprache Englisch", where it is a language; empty where it is none."""
    typed = recognition.fold(turn.text)
    words = {word for t in turn.languages.values() for word in t.words("words.command.sprache")}
    for word in sorted(words, key=len, reverse=True):
        if typed.startswith(f"{word} "):
            name = typed.removeprefix(f"{word} ").removeprefix("auf ").removeprefix("to ")
            known = meant(turn, name) or questions.in_another_language(replace(turn, text=name))
            return name if known else ""
    return ""


def asks(turn: Turn) -> str:
    """In their language; whoever has none yet reads it in each, as they may understand only one of them."""
    if turn.person.language:
        return turn.t("language.ask")
    asked: dict[str, str] = {}
    for tag in turn.process.languages:  # plain German needs no line of its own beside German
        asked.setdefault(tag.partition("-")[0], turn.languages[tag]("language.ask"))
    return "\n".join(asked.values())


def choices(turn: Turn) -> tuple[Choice, ...]:
    """Each language by the name its speakers give it."""
    offered = turn.process.languages
    return tuple(Choice(menu_button(MENU, tag), turn.languages[tag]("language.name")) for tag in offered)


def picked(turn: Turn, tag: str, then: str = "") -> Decision:
    if not then and turn.person.waiting and turn.person.waiting.menu == MENU:
        then = turn.person.waiting.then
    person = replace(waits_no_more(turn.person), language=tag)
    if then:
        return Decision(person=person, then=then)
    now = turn.as_person(person)
    return draft.goes_on(now, now.t("language.set"))


LANGUAGE = Menu(asks=asks, choices=choices, picked=picked, meant=lambda turn: meant(turn, turn.text) or None)
