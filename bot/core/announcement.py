"""An announcement from its first word to its last recipient: who may take which step, and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from bot.core import markup
from bot.core.audience import Audience
from bot.core.markup import Markup
from bot.core.messages import Attachment, Outgoing, Span
from bot.core.texts import Texts

State = Literal["draft", "offered", "confirmed", "sending", "paused", "done", "stopped", "dropped"]
OPEN: tuple[State, ...] = ("draft", "offered", "confirmed", "sending", "paused")
"""States in which something can still be done about it."""
UNDER_WAY: tuple[State, ...] = ("sending", "paused")
LONGEST = 3_500
"""Characters of a text, so that it is one message on every network."""
LONGEST_WITH_PICTURE = 900
"""Characters of a text under a picture: one message as well, with the heading and the last line."""
UNDO = timedelta(seconds=60)
"""Between the confirmation and the first message."""
APART = timedelta(minutes=10)
"""Between the beginnings of two announcements at the least."""
EXPIRES = timedelta(hours=24)
"""After its beginning nothing of an announcement is sent any more, unless its file says otherwise."""
COMMAND_LINE = 0
"""The number of a member of staff who wrote on the command line."""

Reason = Literal["state", "text", "second", "late", "nobody"]


class NotAllowed(Exception):
    """A step that cannot be taken; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One announcement. `id` 0 is not stored yet; `revision` counts every change, so that a stale button is known.

    `texts` are as staff wrote them, by language. `at` is when they want it sent; `starts_at` when it will be. `author`
    and `confirmed_by` are numbers of staff. `corrects` is the id of one that went out before, on `corrected_on`.
    """

    id: int = 0
    revision: int = 0
    state: State = "draft"
    texts: Mapping[str, str] = field(default_factory=dict)
    audience: Audience = field(default_factory=Audience)
    at: datetime | None = None
    expires: timedelta = EXPIRES
    picture: str = ""
    corrects: int | None = None
    corrected: datetime | None = None
    author: int = COMMAND_LINE
    confirmed_by: int | None = None
    starts_at: datetime | None = None
    begun_at: datetime | None = None
    done_at: datetime | None = None

    def until(self) -> datetime | None:
        """From when on nothing of it is sent any more."""
        return self.begun_at + self.expires if self.begun_at else None


def changed(  # noqa: PLR0913 - each of them can be changed alone
    announcement: Announcement,
    by: int,
    *,
    texts: Mapping[str, str] | None = None,
    audience: Audience | None = None,
    at: datetime | None = None,
    now_instead: bool = False,
    picture: str | None = None,
) -> Announcement:
    """With another content. Whoever changes it is its author, and whatever was agreed before is void."""
    if announcement.state not in {"draft", "offered"}:
        raise NotAllowed("state")
    return replace(
        announcement,
        state="draft",
        author=by,
        confirmed_by=None,
        texts=announcement.texts if texts is None else texts,
        audience=audience or announcement.audience,
        at=None if now_instead else at or announcement.at,
        picture=announcement.picture if picture is None else picture,
    )


def offered(announcement: Announcement, by: int) -> Announcement:
    """Ready to be confirmed by somebody else. Whoever offers it answers for it as its author."""
    if announcement.state != "draft":
        raise NotAllowed("state")
    if not any(announcement.texts.values()):
        raise NotAllowed("text")
    return replace(announcement, state="offered", author=by)


def confirmed(announcement: Announcement, by: int, starts_at: datetime, *, four_eyes: bool) -> Announcement:
    """To be sent at `starts_at`. With `four_eyes` only somebody else than its author can say so."""
    if announcement.state != "offered":
        raise NotAllowed("state")
    if four_eyes and by == announcement.author:
        raise NotAllowed("second")
    return replace(announcement, state="confirmed", confirmed_by=by, starts_at=starts_at)


def taken_back(announcement: Announcement, now: datetime) -> Announcement:
    """Not to be sent after all, as long as it has not begun: a draft again. One that was only offered, too."""
    if announcement.state not in {"offered", "confirmed"}:
        raise NotAllowed("state")
    if announcement.starts_at is not None and now >= announcement.starts_at:
        raise NotAllowed("late")
    return replace(announcement, state="draft", confirmed_by=None, starts_at=None)


def dropped(announcement: Announcement) -> Announcement:
    """Thrown away before anybody confirmed it."""
    if announcement.state not in {"draft", "offered"}:
        raise NotAllowed("state")
    return replace(announcement, state="dropped")


def begun(announcement: Announcement, now: datetime) -> Announcement:
    """Being sent from now on."""
    if announcement.state != "confirmed" or announcement.starts_at is None or now < announcement.starts_at:
        raise NotAllowed("state")
    return replace(announcement, state="sending", begun_at=now)


def paused(announcement: Announcement) -> Announcement:
    """Held; what is on its way arrives."""
    if announcement.state != "sending":
        raise NotAllowed("state")
    return replace(announcement, state="paused")


def resumed(announcement: Announcement) -> Announcement:
    """Going on where it was held."""
    if announcement.state != "paused":
        raise NotAllowed("state")
    return replace(announcement, state="sending")


def stopped(announcement: Announcement, now: datetime) -> Announcement:
    """Ended before its time: whoever has not got it does not get it."""
    if announcement.state not in UNDER_WAY:
        raise NotAllowed("state")
    return replace(announcement, state="stopped", done_at=now)


def starts_at(announcement: Announcement, now: datetime, last: datetime | None) -> datetime:
    """When it begins if it is confirmed now: a minute later, at its time, and ten minutes after the `last` one."""
    times = [now + UNDO, announcement.at, last + APART if last else None]
    return max(time for time in times if time is not None)


def text_in(announcement: Announcement, language: str, languages: tuple[str, ...]) -> str:
    """What readers of a language get: its own text, else plain German's German, else the first that there is."""
    wanted = (language, language.partition("-")[0], *languages)
    return next((announcement.texts[tag] for tag in wanted if announcement.texts.get(tag)), "")


def missing(announcement: Announcement, languages: tuple[str, ...]) -> list[str]:
    """The languages without a text of their own."""
    return [tag for tag in languages if not announcement.texts.get(tag)]


def written(
    announcement: Announcement, t: Texts, languages: tuple[str, ...], picture: Attachment | None = None, *, room: bool
) -> Outgoing:
    """The announcement as people who read this language get it; `room` is for many at once."""
    body = markup.read(text_in(announcement, t.language, languages))
    heading: Markup = ()
    if announcement.corrected is not None:
        heading = (Span(t("announce.correction", day=t.short_date(announcement.corrected.date())) + "\n\n", bold=True),)
    ending = (Span("\n\n" + t("announce.ending_room" if room else "announce.ending")),)
    spans = (*heading, *body, *ending)
    shown = spans if markup.formatted(spans) else ()
    return Outgoing(text=markup.plain(spans), spans=shown, attachment=picture, aside=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How far an announcement has come, in recipients."""

    sent: int = 0
    unclear: int = 0
    blocked: int = 0
    failed: int = 0
    waiting: int = 0
    late: int = 0
    stopped: int = 0
    to_come: int = 0

    @property
    def remaining(self) -> int:
        """Those who still get it."""
        return self.waiting + self.to_come

    @property
    def everybody(self) -> int:
        """All of them."""
        over = self.sent + self.unclear + self.blocked + self.failed + self.late + self.stopped
        return over + self.remaining
