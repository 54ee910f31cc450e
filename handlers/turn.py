"""What a handler gets and what it gives back: nothing is sent or stored while it decides."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from bot.core.conversation import Effect, Person, Vocabulary, Waiting, menu_button
from bot.core.messages import Choice, Incoming, Outgoing, Settled
from bot.core.process import Process
from bot.core.reading import Reader
from bot.core.reminders import QuietHours
from bot.core.texts import Texts
from storage.memory import Memory

Role = Literal["citizen", "editor", "sender", "analyst", "admin"]
"""An admin may do what the others may; the others have one task each."""
PLAIN = "-simple"
"""How the tag of a plain language ends."""
Job = Callable[[], Awaitable[Sequence[Outgoing]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is said to the person, who the person then is, what else happens, and the command that goes on from here.

    What is said first takes the buttons off the message that it `settles`. A `job` is slow work that begins after the
    commit; what it returns is said as well.
    """

    person: Person
    say: tuple[Outgoing, ...] = ()
    effects: tuple[Effect, ...] = ()
    then: str = ""
    settles: Settled | None = None
    job: Job | None = None

    def settling(self, message: str | None, text: str) -> "Decision":
        """The same, after a tap under a message, given by its id if it has one: it reads this text from now on."""
        return self if message is None else replace(self, settles=Settled(message, text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message with all that is known about it. `text` is cleaned, `argument` is what follows a command.

    Of staff `role` and `member` say which task they have and their number. With `four_eyes` an announcement needs two.
    """

    message: Incoming
    text: str
    person: Person
    process: Process
    languages: Mapping[str, Texts]
    vocabulary: Vocabulary
    took_part: bool
    now: datetime
    memory: Memory
    quiet: QuietHours
    reader: Reader
    argument: str = ""
    shown: object = None
    """What the menu that waits shows from the storage."""
    role: str = "citizen"
    member: int = 0
    four_eyes: bool = True

    def may_use(self, command: "Command") -> bool:
        """Whether the person's role is enough. Staff are served in private only, and never by a forward."""
        if command.role == "citizen":
            return True
        return serves(command, self.role) and self.message.private and self.message.vouched

    @property
    def t(self) -> Texts:
        """The bot's words in the person's language; in the process's first one before a language is known."""
        return self.languages[self.person.language or self.process.languages[0]]

    @property
    def today(self) -> date:
        """The day it is where the process takes place."""
        return self.now.astimezone(self.process.zone).date()

    @property
    def survey_is_open(self) -> bool:
        """Whether the survey can be taken today."""
        return self.process.stage(self.now) == "open"

    @property
    def plain_language(self) -> str:
        """How plain language is chosen, where the process offers it; else empty."""
        return self.t("language.plain") if any(tag.endswith(PLAIN) for tag in self.process.languages) else ""

    def language_in(self, text: str, *, asked: bool = False) -> str:
        """The language of the process that a text names, and nothing else: "in English please"; empty where none.

        Where a language was `asked` for, "en" names one, too.
        """
        tag = self.vocabulary.language(text, asked=asked)
        return tag if tag in self.process.languages else ""

    def say(self, *messages: Outgoing | str, person: Person | None = None, then: str = "") -> Decision:
        """A decision that says these messages, to a person who may have changed."""
        said = tuple(Outgoing(text=one) if isinstance(one, str) else one for one in messages)
        return Decision(person=person or self.person, say=said, then=then)

    def as_person(self, person: Person) -> "Turn":
        """The same message, seen by a person who has changed."""
        return self if person is self.person else replace(self, person=person)


Handler = Callable[[Turn], Decision | Awaitable[Decision]]


async def decided(handler: Handler, turn: Turn) -> Decision:
    """What a handler decides, whether or not it has to wait for something."""
    decision = handler(turn)
    return decision if isinstance(decision, Decision) else await decision


@dataclass(frozen=True, slots=True)
class Command:
    """A command: the id of its line in the help, what it does, who may use it, and its other names.

    An `aside` answers and lets the conversation go on where it was; a `public` one may be read by a whole room. `also`
    are roles that may use it as well.
    """

    help: str
    run: Handler
    role: Role = "citizen"
    aliases: tuple[str, ...] = ()
    aside: bool = False
    public: bool = False
    also: tuple[Role, ...] = ()


def serves(command: Command, role: str) -> bool:
    """Whether a command is there for a role: an admin may use them all."""
    return command.role in {"citizen", role} or role in {"admin", *command.also}


@dataclass(frozen=True, slots=True)
class Menu:
    """A question of the bot's own: its words, its choices, and what a choice leads to."""

    asks: Callable[[Turn], str]
    choices: Callable[[Turn], tuple[Choice, ...]]
    picked: Callable[[Turn, str], Decision | Awaitable[Decision]]
    prepared: Callable[[Turn], Awaitable[object]] | None = None
    """Reads what the menu shows from the storage, before it is asked for its words and choices."""
    meant: Callable[[Turn], str | None] = lambda _turn: None
    """The id of the choice that a typed message means by words that stand in no label."""
    introduced: bool = False
    """Whether it is asked below something longer, which stays to be read when a choice was tapped."""

    def put(self, turn: Turn) -> Outgoing:
        """The message in which it is asked."""
        return Outgoing(text=self.asks(turn), choices=self.choices(turn))


def menu_choices(menu: str, **labels: str) -> tuple[Choice, ...]:
    """Choices of a menu from ids and labels, in this order."""
    return tuple(Choice(menu_button(menu, key), label) for key, label in labels.items())


def waits_at(person: Person, menu: str, then: str = "") -> Person:
    """The person, now asked something by a menu."""
    return replace(person, waiting=Waiting(menu, then), misses=0)


def waits_no_more(person: Person) -> Person:
    """The person, with no menu before the survey's question, and no text that waits for its answer."""
    draft = replace(person.draft, asked_back="") if person.draft and person.draft.asked_back else person.draft
    nothing_new = person.waiting is None and not person.misses and draft is person.draft
    return person if nothing_new else replace(person, waiting=None, misses=0, draft=draft)
