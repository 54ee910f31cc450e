"""What `mitreden announce --dry-run` shows: how many would get it, and its texts as each network shows them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bot.core.announcement import Announcement, missing, text_in, written
from bot.core.audience import FEW, STAGES, Count, shown, total
from bot.core.messages import Attachment
from bot.core.process import Process
from bot.core.texts import Texts
from storage.memory import Memory

Counts = Mapping[str, list[Count]]
"""By how far people have come in the survey, and "rooms"."""


async def counts(memory: Memory, announcement: Announcement, process: Process) -> Counts:
    """How many there are of each channel, language and stage, among those whom it is for."""
    audience, first = announcement.audience, process.languages[0]
    found: dict[str, list[Count]] = {}
    if audience.people:
        for stage in STAGES:
            if audience.stage in {"", stage}:
                only = replace(audience, stage=stage, rooms="none")
                found[stage] = await memory.newsroom.count(only, process.survey.id, first)
    if audience.rooms != "none":
        found["rooms"] = await memory.newsroom.count(replace(audience, rooms="only"), process.survey.id, first)
    return found


def table(counts: Counts) -> Iterator[str]:
    """A line for each channel and language, with a column for each segment; few people are not counted out."""
    segments = list(counts)
    places = sorted({(count.channel, count.language) for found in counts.values() for count in found})
    yield "  ".join(["channel   ", "language  ", *(f"{name:>10}" for name in segments)])
    for channel, language in places:
        numbers = [
            total([count for count in counts[name] if (count.channel, count.language) == (channel, language)])
            for name in segments
        ]
        yield "  ".join([f"{channel:10}", f"{language:10}", *(f"{shown(number):>10}" for number in numbers)])
    everybody = sum(total(found) for found in counts.values())
    # Beside a number that is not said, an exact sum would say it.
    hidden = any(0 < count.many < FEW for found in counts.values() for count in found)
    yield f"together: about {round(everybody, -1)}" if hidden and everybody >= FEW else f"together: {shown(everybody)}"


def circumstances(announcement: Announcement, process: Process, picture: Attachment | None) -> Iterator[str]:
    """When it begins and ends, and its picture."""
    at = announcement.at.astimezone(process.zone) if announcement.at else None
    yield f"begins: {f'not before {at:%Y-%m-%d %H:%M}, ' if at else ''}a minute after it is confirmed, never at night"
    yield f"ends: {announcement.expires.total_seconds() / 3600:g} hours after that; who has not got it then does not"
    if picture is not None:
        yield f"picture: {picture.name}, {len(picture.content) / 1000:,.0f} KB"


def texts(
    announcement: Announcement, process: Process, languages: Mapping[str, Texts], picture: Attachment | None
) -> Iterator[str]:
    """Every language on every network, exactly as it will be sent."""
    from bot.channels import terminal  # noqa: PLC0415 - the channels' renderings, for this command only
    from bot.channels.matrix import rendering as matrix  # noqa: PLC0415
    from bot.channels.telegram import rendering as telegram  # noqa: PLC0415

    every = process.languages
    without = missing(announcement, every)
    for tag in process.languages:
        message = written(
            announcement, languages[tag], process.languages, picture, room=not announcement.audience.people
        )
        other = next((key for key, text in announcement.texts.items() if text == text_in(announcement, tag, every)), "")
        note = f" (no text of its own: gets that of {other})" if tag in without else ""
        yield ""
        yield f"== {tag}{note}"
        yield "-- telegram"
        yield telegram.formatted(message) or message.text
        yield "-- matrix"
        for content in matrix.contents(message, kind="m.text"):
            yield content["body"]
            yield content.get("formatted_body", "")
        yield "-- terminal"
        yield terminal.rendered(message)
