"""What happened in a room between two syncs, where the homeserver leaves some of it out."""

import msgspec

from bot.channels.matrix.api import Api, Denied, path
from bot.channels.matrix.events import TYPES

PAGE = 100
MOST = 20_000
"""Events of one room that are fetched after a gap; more is another room's life that went on without the bot."""


class _Page(msgspec.Struct):
    chunk: list[msgspec.Raw] = []
    end: str | None = None


async def missed(api: Api, room: str, back_from: str, since: str) -> tuple[list[msgspec.Raw], bool]:
    """The events, oldest first, and whether these are all. Raises a SendError."""
    found: list[msgspec.Raw] = []
    token: str | None = back_from
    types = msgspec.json.encode({"types": TYPES}).decode()
    while token and token != since and len(found) < MOST:
        try:
            query = {"from": token, "dir": "b", "to": since, "limit": str(PAGE), "filter": types}
            answer = await api.call("GET", path("rooms", room, "messages"), None, query)
        except Denied:
            break  # the bot may not look back in this room
        page = msgspec.json.decode(answer, type=_Page)
        found += page.chunk
        token = page.end if page.end != token else None
    return found[::-1], not token
