"""What staff are shown of an announcement: choices that know the state they were made for, and who may take them."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.core import markup
from bot.core.announcement import Announcement, text_in
from bot.core.audience import FEW, Audience, Count, total
from bot.core.conversation import KeepAnnouncement, Tell, announcement_button
from bot.core.messages import Attachment, Choice, Outgoing
from handlers.announcement_progress import in_words
from handlers.evening import label
from handlers.turn import Decision, Turn, waits_at, waits_no_more

MENU = "announcement"
WRITERS = frozenset({"editor", "admin"})
SENDERS = frozenset({"sender", "admin"})
KNOWN_BY = 30
"""Characters of an announcement's beginning in a list."""


def may(turn: Turn, roles: frozenset[str]) -> bool:
    """Whether the person has one of these tasks; staff are served in private only, and never by a forward."""
    return turn.role in roles and turn.message.private and turn.message.vouched


def choice(one: Announcement, action: str, words: str) -> Choice:
    """A choice that is valid as long as the announcement is what it is now."""
    return Choice(announcement_button(one.id, one.revision, action), words)


def actions(turn: Turn, one: Announcement, *names: str) -> list[Choice]:
    """Choices for steps, in the person's language."""
    return [choice(one, name, turn.t(f"announce.do.{name}")) for name in names]


def shows(  # noqa: PLR0913, PLR0917 - what a screen consists of
    turn: Turn,
    one: Announcement,
    screen: str,
    text: str,
    choices: Iterable[Choice],
    before: Sequence[Outgoing] = (),
) -> Decision:
    """A decision that asks something about an announcement; what is typed next is meant for it."""
    person = waits_at(turn.person, MENU, f"{screen}:{one.id}:{one.revision}")
    return turn.say(*before, Outgoing(text=text, choices=tuple(choices)), person=person)


def waits_here(turn: Turn) -> tuple[str, int, int]:
    """What the person was shown: which screen, of which announcement, as it was at which revision."""
    waiting = turn.person.waiting
    screen, number, revision = (waiting.then if waiting and waiting.menu == MENU else "::").split(":")
    return screen, int(number or 0), int(revision or 0)


async def current(turn: Turn, number: int) -> Announcement | None:
    """The announcement as it is now."""
    return await turn.memory.newsroom.find(number) if number else None


async def offered_here(
    turn: Turn,
    one: Announcement | None,
    screen: str,
    show: Callable[[Turn, Announcement], Awaitable[Decision]],
    again: Callable[[Turn, Announcement, str], Awaitable[Decision]],
) -> Decision:
    """What can be chosen on a screen."""
    if one is None:
        left = turn.as_person(waits_no_more(turn.person))
        return left.say(left.t("announce.gone"))
    return await (show(turn, one) if screen == "show" else again(turn, one, screen))


def keeps(
    turn: Turn, decision: Decision, one: Announcement, action: str, picture: Attachment | None = None
) -> Decision:
    """The decision, with the step written, if nobody is quicker."""
    step = KeepAnnouncement(one, turn.member, turn.role, action, picture)
    return replace(decision, effects=(*decision.effects, step))


def after(one: Announcement) -> Announcement:
    """The announcement once the step that made it is written."""
    return replace(one, revision=one.revision + 1)


async def tells(turn: Turn, decision: Decision, others: Iterable[int] | None, *messages: Outgoing) -> Decision:
    """The decision, with messages to others on the staff: those of these numbers, or all who may confirm."""
    members = [member for member in await turn.memory.staff() if member.id != turn.member]
    wanted = set(others) if others is not None else {member.id for member in members if member.role in SENDERS}
    told = [Tell(member.address, message) for member in members if member.id in wanted for message in messages]
    return replace(decision, effects=(*decision.effects, *told))


async def counted(turn: Turn, audience: Audience) -> list[Count]:
    """How many hear it, by channel and language, at this moment."""
    return await turn.memory.newsroom.count(audience, turn.process.survey.id, turn.process.languages[0])


def described(turn: Turn, audience: Audience, counts: list[Count]) -> str:
    """Whom it is for in words, and how many these are."""
    t = turn.t
    parts = []
    if audience.channel:
        parts.append(t("announce.channel", channel=audience.channel.capitalize()))
    if audience.language:
        parts.append(t("announce.language", language=turn.languages[audience.language]("language.name")))
    if audience.stage:
        parts.append(t(f"announce.stage.{audience.stage}"))
    if audience.event and (event := turn.process.find_event(audience.event)) is not None:
        parts.append(t("announce.event", event=label(turn, event)))
    who = [t("announce.everybody")] if audience.people and not parts else parts
    if audience.rooms != "none":
        who = [*who, t(f"announce.rooms.{audience.rooms}")]
    people = [count for count in counts if not count.room]
    lines = [t("announce.audience", who="; ".join(who))]
    if audience.people:
        lines.append(t("announce.people", count=in_words(total(people), t)))
        # Beside a number that is not said, an exact sum would say it.
        if len(people) > 1 and all(count.many >= FEW for count in people):
            lines += [f"– {_place(turn, count)}: {count.many}" for count in people]
    if audience.rooms != "none":
        lines.append(t("announce.room_count", count=str(total([count for count in counts if count.room]))))
    return "\n".join(lines)


def _place(turn: Turn, count: Count) -> str:
    spoken = turn.languages.get(count.language)
    return f"{count.channel.capitalize()}, {spoken('language.name') if spoken else count.language}"


def texts_described(turn: Turn, one: Announcement) -> list[str]:
    """Each language with its text, or whose text it gets instead."""
    lines = []
    for tag in turn.process.languages:
        name = turn.languages[tag]("language.name")
        instead = text_in(one, tag, turn.process.languages)
        if one.texts.get(tag):
            lines.append(turn.t("announce.has_text", language=name, text=one.texts[tag]))
        elif instead:
            other = next(t("language.name") for key, t in turn.languages.items() if one.texts.get(key) == instead)
            lines.append(turn.t("announce.no_text", language=name, other=other))
        else:
            lines.append(turn.t("announce.no_text_yet", language=name))
    return lines


def beginning(turn: Turn, one: Announcement) -> str:
    """Its first words, by which staff know it again."""
    words = " ".join(markup.plain(markup.read(text_in(one, turn.t.language, turn.process.languages))).split())
    return words if len(words) <= KNOWN_BY else words[: KNOWN_BY - 1].rstrip() + "…"


def when(turn: Turn, at: datetime) -> str:
    """An instant in words."""
    return turn.t.instant(at, turn.process.zone)
