"""Where a conversation stands: a person's language, consent, draft, and what the bot waits for."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, TypeVar

from bot.core.announcement import Announcement
from bot.core.messages import Address, Attachment, Choice, Outgoing
from bot.core.recognition import bare, fold
from bot.core.reminders import Coming, Lead, Reminder
from bot.core.survey import Progress
from bot.core.texts import Texts
from bot.core.values import Value

Control = Literal["back", "skip", "pause", "cancel", "onward"]
Agreed = Literal["yes", "no"]
Meaning = TypeVar("Meaning", bound=str)
DONE: Literal["done"] = "done"
"""The button that ends a selection of several; a typed message is a whole selection by itself."""
CONTROLS: tuple[Control, ...] = ("back", "skip", "pause", "cancel", "onward")


CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without I, O, 0 and 1, which are taken for one another most."""


@dataclass(frozen=True, slots=True)
class Consent:
    """That somebody agreed: to which version of the text, and on which day."""

    version: int
    day: date


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question of the bot's own that comes before the survey's: which one, and what goes on after it."""

    menu: str
    then: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person in one channel. `id` is random and says nothing about the address.

    `reminded` are the ids of the events they want to be reminded of ("*" is all), `leads` how long before (None as the
    process has it), `coming` what they said about coming, `news` since when they want to hear news.
    """

    id: int
    address: Address
    language: str | None = None
    consent: Consent | None = None
    stopped: bool = False
    waiting: Waiting | None = None
    misses: int = 0
    draft: Progress | None = None
    leads: tuple[Lead, ...] | None = None
    reminded: frozenset[str] = frozenset()
    coming: Mapping[str, Coming] = field(default_factory=dict)
    news: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A submitted survey: no person, the day but no time."""

    id: str
    survey: str
    version: int
    language: str
    day: date
    answers: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Submit:
    """Store the response and its deletion code, note that the person took part, and cut the link between them."""

    response: Response
    deletion_code: str
    wishes: tuple[str, ...] = ()
    """The questions whose answers in own words may be published."""


@dataclass(frozen=True, slots=True)
class Erase:
    """Forget everything about the person."""


@dataclass(frozen=True, slots=True)
class EraseResponse:
    """Remove the response that a deletion code belongs to."""

    deletion_code: str


@dataclass(frozen=True, slots=True)
class CountSource:
    """Somebody came through a poster or a link of this name; nobody learns who."""

    name: str


@dataclass(frozen=True, slots=True)
class JoinStaff:
    """Bind the person who typed a code for staff, if the code still holds when this is written."""

    code: str


@dataclass(frozen=True, slots=True)
class CancelPlanned:
    """Take back what the bot was going to send of its own accord."""


@dataclass(frozen=True, slots=True)
class Support:
    """Give a wish the person's voice, or take it back: one voice per person, however often it is given."""

    wish: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class PutOff:
    """Remind the person once more, later."""

    reminder: Reminder


@dataclass(frozen=True, slots=True)
class Reload:
    """Read the content anew and tell the person what has changed.

    `confirmed_by` is the number of a member of staff who wants everybody told who waits for it; None for nobody.
    """

    confirmed_by: int | None


@dataclass(frozen=True, slots=True)
class RemindRoom:
    """Remind the room in which this was said of every event, in a language; with None no more."""

    language: str | None


@dataclass(frozen=True, slots=True)
class NewsInRoom:
    """Tell the room that the message stands in what is new, from now on; or, where not `wanted`, no longer."""

    wanted: bool


@dataclass(frozen=True, slots=True)
class JudgeWish:
    """What staff decided of a wish."""

    wish: str
    state: Literal["released", "held"]


@dataclass(frozen=True, slots=True)
class KeepAnnouncement:
    """Write a step of an announcement, for the audit log as `action`, if it and the role `by` has are still the same.

    `picture` is its new picture, empty for none any more.
    """

    announcement: Announcement
    by: int
    role: str
    action: str
    picture: Attachment | None = None


@dataclass(frozen=True, slots=True)
class FetchPicture:
    """Get the picture that somebody on the staff has sent for an announcement, and check it, after the reply."""

    announcement: int
    reference: str
    by: int


@dataclass(frozen=True, slots=True)
class Tell:
    """Say something to somebody else on the staff."""

    to: Address
    message: Outgoing


Effect = (
    Submit
    | Erase
    | EraseResponse
    | CancelPlanned
    | CountSource
    | JoinStaff
    | PutOff
    | Reload
    | RemindRoom
    | NewsInRoom
    | KeepAnnouncement
    | FetchPicture
    | Tell
    | Support
    | JudgeWish
)


ENDING = {"loeschen", "stop"}
"""Commands that are not begun by a wish: who says it is told first what they do."""


class Vocabulary:
    """The words that steer the bot, in every language at once: somebody may write "back" in a German conversation."""

    def __init__(self, languages: Iterable[Texts], commands: Iterable[str]) -> None:
        languages = tuple(languages)
        self._controls: dict[str, Control] = {}
        self._commands: dict[str, str] = {}
        self._nothing: set[str] = set()
        self._polite: set[str] = set()
        self._agreed: dict[str, Agreed] = {}
        self._against: set[str] = set()
        self._named: dict[str, str] = {}
        self._named_briefly: dict[str, str] = {}
        for t in languages:
            self._nothing.update(t.words("words.no_answer"))
            self._named |= dict.fromkeys([fold(t("language.name")), *t.words("words.language")], t.language)
            self._named_briefly |= dict.fromkeys(t.words("words.language_short"), t.language)
            self._polite.update(t.words("words.please"))
            self._agreed |= dict.fromkeys(t.words("words.yes"), "yes")
            self._agreed |= dict.fromkeys(t.words("words.no"), "no")
            self._against.update(t.words("words.no"), t.words("words.negations"))
            for control in CONTROLS:
                self._controls |= dict.fromkeys(t.words(f"words.{control}"), control)
            for command in commands:
                self._commands |= dict.fromkeys(t.words(f"words.command.{command}"), command)

    def control(self, typed: str) -> Control | None:
        """The control word that the whole message is, said politely or not: "Pause bitte"."""
        return self._meant(typed, self._controls)

    def nothing(self, typed: str) -> bool:
        """Whether the whole message says that nothing is said: "keine Angabe"; "nein danke" says it as well."""
        folded = fold(typed)
        return bool({folded, bare(folded, self._polite)} & self._nothing) or self.agreed(typed) == "no"

    def agreed(self, typed: str) -> Agreed | None:
        """The yes or no that the whole message is: "ja gerne", "nein danke"."""
        return self._meant(typed, self._agreed)

    def refuses(self, typed: str) -> bool:
        """Whether a message says no to something, whatever else it says: "kein Interesse, danke"."""
        return self.agreed(typed) == "no" or not self._against.isdisjoint(fold(typed).split())

    def command(self, typed: str) -> str | None:
        """The command that the whole message names in plain words; said politely, too, where it ends nothing."""
        named = self._meant(typed, self._commands)
        return self._commands.get(fold(typed)) if named in ENDING else named

    def language(self, typed: str, *, asked: bool = False) -> str | None:
        """The language of the bot that the whole message names: "auf Englisch bitte"; "en" where it was `asked` for."""
        return self._meant(typed, self._named) or (self._meant(typed, self._named_briefly) if asked else None)

    def _meant(self, typed: str, words: Mapping[str, Meaning]) -> Meaning | None:
        folded = fold(typed)
        return words.get(folded) or words.get(bare(folded, self._polite))


def question_button(version: int, question: str, option: str) -> str:
    """The key of a survey button; short enough for the 64 bytes that Telegram allows."""
    return f"q:{version}:{question}:{option}"


def control_button(question: str, control: Control | Literal["done"]) -> str:
    """The key of a button that steers rather than answers; it knows the question it stood under."""
    return f"c:{question}:{control}"


def menu_button(menu: str, choice: str) -> str:
    """The key of a button under one of the bot's own questions."""
    return f"m:{menu}:{choice}"


def event_button(event: str, action: str) -> str:
    """The key of a button about an event, which is valid whenever it is tapped."""
    return f"e:{event}:{action}"


def announcement_button(announcement: int, revision: int, action: str) -> str:
    """The key of a button about an announcement as it is at this revision."""
    return f"a:{announcement}:{revision}:{action}"


def pressed(key: str, kind: Literal["q", "c", "m", "e", "a"]) -> list[str] | None:
    """What stands in a button of this kind, else None: the data of a button may come from anybody."""
    parts = key.split(":")
    return parts[1:] if parts[0] == kind and len(parts) == (4 if kind in {"q", "a"} else 3) else None


def question_choices(
    version: int, question: str, choices: Iterable[Choice], ticked: Container[str] = ()
) -> tuple[Choice, ...]:
    """A question's choices with the keys that travel in buttons, and with their ticks."""
    return tuple(
        Choice(question_button(version, question, choice.key), choice.label, choice.key in ticked) for choice in choices
    )
