"""Writing an announcement: its text in each language, whom it is for, when it goes, and its picture."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import get_args

from bot.core import announcement as steps
from bot.core import markup
from bot.core.announcement import Announcement
from bot.core.audience import ROOMS, STAGES, Rooms, Stage
from bot.core.conversation import FetchPicture
from bot.core.events import over
from bot.core.messages import Outgoing
from bot.core.recognition import clean
from handlers.announcement_screen import (
    actions,
    after,
    choice,
    counted,
    described,
    keeps,
    shows,
    texts_described,
    when,
)
from handlers.evening import label
from handlers.turn import Decision, Turn

FARTHEST = timedelta(days=60)
"""How long before it goes an announcement can be given its time."""
PIECE = range(3_900, 4_097)
"""Characters of the first piece of a text that is too long for one message: Telegram's apps send it in pieces."""
IN_PIECES = 3
"""Seconds within which they do."""
_CLOCK = r"(?:um\s+)?(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?(?:\s*uhr)?"
_DATE = r"(?:\w+,?\s+)?(?P<day>\d{1,2})\.\s*(?P<month>\d{1,2})\.(?:\s*(?P<year>\d{4})|(?P<short_year>\d{2})(?=[\s,]))?"
_GERMAN = re.compile(rf"{_DATE}[\s,]*{_CLOCK}", re.IGNORECASE)
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})[T\s]+(?P<hour>\d{1,2}):(?P<minute>\d{2})")
_NEAR = re.compile(rf"(?P<near>heute|morgen|today|tomorrow)[\s,]+{_CLOCK}", re.IGNORECASE)


async def begin(turn: Turn, one: Announcement | None = None) -> Decision:
    """A new announcement, whose text is asked for first."""
    number = await turn.memory.newsroom.next_number()
    fresh = replace(one or Announcement(), id=number, author=turn.member)
    return keeps(turn, await ask_text(turn, after(fresh), turn.process.languages[0]), fresh, "begun")


async def correct(turn: Turn, original: Announcement, _: str) -> Decision:
    """A new announcement, as a correction to the same people where there is an original."""
    if not original.id:
        return await begin(turn)
    fresh = Announcement(audience=original.audience, corrects=original.id, corrected=original.begun_at)
    return await begin(turn, fresh)


async def overview(turn: Turn, one: Announcement, *before: Outgoing) -> Decision:
    """All that there is so far, and what can be done with it."""
    counts = await counted(turn, one.audience)
    t = turn.t
    lines = [
        t("announce.with_picture", name=one.picture) if one.picture else t("announce.without_picture"),
        described(turn, one.audience, counts),
        t("announce.at", when=when(turn, one.at)) if one.at else t("announce.at_once"),
    ]
    parts = [
        t("announce.overview", number=one.id),
        *([t("announce.corrects", number=one.corrects)] if one.corrects else []),
        *texts_described(turn, one),
        "\n".join(lines),
    ]
    choices = actions(turn, one, "offer", "preview", "test", "text", "audience", "time", "picture", "drop")
    return shows(turn, one, "draft", "\n\n".join(parts), choices, before)


async def again(turn: Turn, one: Announcement, screen: str) -> Decision:
    """The screen that the person is at, as it is now."""
    name, _, argument = screen.partition("=")
    if name in {"languages", "text"}:
        return await ask_text(turn, one, argument.partition("@")[0])
    if name == "audience":
        return await ask_audience(turn, one, argument)
    if name == "time":
        return await ask_time(turn, one, "")
    return await (ask_picture(turn, one, "") if name == "picture" else overview(turn, one))


def takes_words(screen: str) -> bool:
    """Whether free words are asked for."""
    return screen.partition("=")[0] in {"text", "time"}


async def words(turn: Turn, one: Announcement, screen: str) -> Decision:
    """What was typed where free words are asked for."""
    name, _, argument = screen.partition("=")
    if name == "time":
        return await _time(turn, one)
    language, _, refused = argument.partition("@")
    if refused and turn.message.sent_at.timestamp() < int(refused) + IN_PIECES:
        return turn.say(Outgoing(text=turn.t("announce.piece"), aside=True))
    return await _text(turn, one, language)


async def ask_text(turn: Turn, one: Announcement, language: str, refused: datetime | None = None) -> Decision:
    """Ask for the text in a language; for which one, where there are several. `refused` is when a piece of one was."""
    languages = turn.process.languages
    if not language and len(languages) > 1:
        choices = [choice(one, f"text={tag}", turn.languages[tag]("language.name")) for tag in languages]
        return shows(turn, one, "languages", turn.t("announce.ask_language"), choices)
    tag = language if language in languages else languages[0]
    question = turn.t("announce.ask_text", language=turn.languages[tag]("language.name"), most=_most(turn, one))
    return shows(turn, one, f"text={tag}" + (f"@{refused.timestamp():.0f}" if refused else ""), question, ())


def _most(turn: Turn, one: Announcement) -> str:
    return turn.t.number(steps.LONGEST_WITH_PICTURE if one.picture else steps.LONGEST)


async def _text(turn: Turn, one: Announcement, language: str) -> Decision:
    longest = steps.LONGEST_WITH_PICTURE if one.picture else steps.LONGEST
    text = clean(turn.message.formatted) or turn.text
    long = len(markup.plain(markup.read(text)))
    wrong = None
    if not text:
        wrong = turn.t("announce.no_words")
    elif long > longest:
        wrong = turn.t("announce.too_long", long=turn.t.number(long), most=turn.t.number(longest))
    elif misfit := markup.misfit(text):
        wrong = turn.t(f"announce.markup.{misfit}")
    if wrong:
        first_piece = long > longest and len(turn.message.text) in PIECE
        asked = await ask_text(turn, one, language, turn.message.sent_at if first_piece else None)
        return replace(asked, say=(Outgoing(text=wrong, aside=True), *asked.say))
    kept = steps.changed(one, turn.member, texts={**one.texts, language: text})
    return keeps(turn, await overview(turn, after(kept)), kept, "written")


async def ask_audience(turn: Turn, one: Announcement, field: str) -> Decision:
    """Ask whom it is for: first in which respect, then what."""
    t, audience = turn.t, one.audience
    if not field:
        counts = await counted(turn, audience)
        fields = ("channel", "language", "stage", "event", "rooms")
        choices = [choice(one, "draft", t("announce.do.ready"))]
        choices += [choice(one, f"audience={name}", t(f"announce.by.{name}")) for name in fields]
        return shows(turn, one, "audience", f"{described(turn, audience, counts)}\n{t('announce.ask_by')}", choices)
    values = await _values(turn, field)
    choices = [choice(one, f"set={field}={value}", words) for value, words in values]
    return shows(turn, one, f"audience={field}", t(f"announce.ask.{field}"), choices)


async def _values(turn: Turn, field: str) -> list[tuple[str, str]]:
    """What can be chosen in one respect: values and their words."""
    t, everything = turn.t, [("", turn.t("announce.any"))]
    if field == "channel":
        channels = sorted(
            {count.channel for count in await counted(turn, replace(Announcement().audience, rooms="too"))}
        )
        return everything + [(channel, channel.capitalize()) for channel in channels]
    if field == "language":
        return everything + [(tag, turn.languages[tag]("language.name")) for tag in turn.process.languages]
    if field == "stage":
        return everything + [(stage, t(f"announce.stage.{stage}")) for stage in STAGES]
    if field == "event":
        ahead = [event for event in turn.process.events if not over(event, turn.now)]
        return everything + [(event.id, label(turn, event)) for event in ahead]
    return [(rooms, t(f"announce.choose_rooms.{rooms}")) for rooms in ROOMS]


async def set_audience(turn: Turn, one: Announcement, argument: str) -> Decision:
    """Choose in one respect; everything else stays."""
    field, _, value = argument.partition("=")
    if value not in {known for known, _ in await _values(turn, field)}:
        return await ask_audience(turn, one, "")
    audience = one.audience
    if field == "stage":
        stage: Stage | None = next((stage for stage in get_args(Stage) if stage == value), None)
        audience = replace(audience, stage=stage or "")
    elif field == "rooms":
        rooms: Rooms = next(rooms for rooms in get_args(Rooms) if rooms == value)
        audience = replace(audience, rooms=rooms)
    elif field == "channel":
        audience = replace(audience, channel=value)
    elif field == "language":
        audience = replace(audience, language=value)
    elif field == "event":
        audience = replace(audience, event=value)
    kept = steps.changed(one, turn.member, audience=audience)
    return keeps(turn, await ask_audience(turn, after(kept), ""), kept, "audience")


async def ask_time(turn: Turn, one: Announcement, _: str) -> Decision:
    """Ask when it is to go."""
    return shows(turn, one, "time", turn.t("announce.ask_time"), actions(turn, one, "now", "draft"))


async def send_now(turn: Turn, one: Announcement, _: str) -> Decision:
    """As soon as it is confirmed."""
    kept = steps.changed(one, turn.member, now_instead=True)
    return keeps(turn, await overview(turn, after(kept)), kept, "timed")


async def _time(turn: Turn, one: Announcement) -> Decision:
    at = _instant(turn)
    wrong = None
    if at is None:
        wrong = turn.t("announce.no_time")
    elif not turn.now < at <= turn.now + FARTHEST:
        wrong = turn.t("announce.bad_time", days=FARTHEST.days)
    if at is None or wrong:
        asked = await ask_time(turn, one, "")
        return replace(asked, say=(Outgoing(text=wrong or "", aside=True), *asked.say))
    by_day = turn.quiet.after(at)
    kept = steps.changed(one, turn.member, at=by_day)
    later = (
        [] if by_day == at else [Outgoing(text=turn.t("announce.not_at_night", when=when(turn, by_day)), aside=True)]
    )
    return keeps(turn, await overview(turn, after(kept), *later), kept, "timed")


def _instant(turn: Turn) -> datetime | None:
    """An instant as staff type it, in the process's time zone; without a year the next such day."""
    typed, today = turn.text.strip(), turn.today
    found = _GERMAN.fullmatch(typed) or _ISO.fullmatch(typed) or _NEAR.fullmatch(typed)
    if found is None:
        return None
    given = found.groupdict()
    try:
        if near := given.get("near"):
            day = today + timedelta(days=near.casefold() in {"morgen", "tomorrow"})
        else:
            year = given.get("year") or (given.get("short_year") and f"20{given['short_year']}")
            day = date(int(year or today.year), int(given["month"]), int(given["day"]))
            if not year and day < today:
                day = day.replace(year=today.year + 1)
        return datetime.combine(
            day, time(int(given["hour"]), int(given["minute"] or 0)), tzinfo=turn.process.zone
        ).astimezone(UTC)
    except ValueError:
        return None


async def ask_picture(turn: Turn, one: Announcement, _: str) -> Decision:
    """Ask for a picture."""
    names = ("no_picture", "draft") if one.picture else ("draft",)
    return shows(turn, one, "picture", turn.t("announce.ask_picture"), actions(turn, one, *names))


async def take_picture(turn: Turn, one: Announcement) -> Decision:
    """A picture was sent: it is fetched and examined, and then the overview comes."""
    longest = max((len(markup.plain(markup.read(text))) for text in one.texts.values()), default=0)
    if not turn.message.picture:
        return turn.say(Outgoing(text=turn.t("announce.no_picture"), aside=True))
    if longest > steps.LONGEST_WITH_PICTURE:
        most = turn.t.number(steps.LONGEST_WITH_PICTURE)
        return turn.say(Outgoing(text=turn.t("announce.too_long_for_picture", most=most), aside=True))
    said = turn.say(Outgoing(text=turn.t("announce.fetching"), aside=True))
    return replace(said, effects=(FetchPicture(one.id, turn.message.picture, turn.member),))


async def without_picture(turn: Turn, one: Announcement, _: str) -> Decision:
    """No picture after all."""
    kept = steps.changed(one, turn.member, picture="")
    return keeps(turn, await overview(turn, after(kept)), kept, "picture")
