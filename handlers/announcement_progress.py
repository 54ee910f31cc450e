"""How far an announcement has come, in one message that staff watch."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.core.announcement import UNDER_WAY, Announcement, Tally
from bot.core.audience import FEW
from bot.core.texts import Texts


def reported(one: Announcement, tally: Tally, t: Texts, zone: ZoneInfo, now: datetime) -> str:
    """The whole state in lines; a handful of recipients is not counted out."""
    lines = [t(f"announce.progress.{one.state}", number=one.id)]
    if tally.everybody < FEW:
        lines.append(t("announce.few", count=in_words(tally.everybody, t)))
    else:
        numbers = {
            "sent": tally.sent,
            "unclear": tally.unclear,
            "blocked": tally.blocked,
            "failed": tally.failed,
            "late": tally.late,
            "not_sent": tally.stopped + (0 if one.state in UNDER_WAY else tally.remaining),
            "remaining": tally.remaining if one.state in UNDER_WAY else 0,
        }
        always = {"sent", "unclear", "blocked", *(["remaining"] if one.state in UNDER_WAY else [])}
        shows = {name: number for name, number in numbers.items() if number or name in always}
        lines += [t(f"announce.count.{name}", count=t.number(number)) for name, number in shows.items()]
    if one.state == "sending" and (at := _done_at(one, tally, now)) is not None:
        lines.append(t("announce.done_at", time=at.astimezone(zone).strftime("%H:%M")))
    if one.done_at is not None:
        lines.append(t("announce.ended_at", when=t.instant(one.done_at, zone)))
    if one.state not in UNDER_WAY and tally.unclear and tally.everybody >= FEW:
        lines += ["", t("announce.unclear_means")]
    return "\n".join(lines)


def in_words(many: int, t: Texts) -> str:
    """A number of people as it may be said, to the ear as well: below five only that it is so."""
    return t("announce.fewer", few=FEW) if 0 < many < FEW else t.number(many)


def _done_at(one: Announcement, tally: Tally, now: datetime) -> datetime | None:
    """When it will be through, if it goes on as it has so far."""
    over = tally.everybody - tally.remaining
    if one.begun_at is None or not over or not tally.remaining:
        return None
    return now + (now - one.begun_at) / over * tally.remaining + timedelta(seconds=30)
