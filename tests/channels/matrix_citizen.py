"""People with a plain Matrix app, without encryption: they talk as anybody does, and may send what no app would."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import quote

import aiohttp

from tests.channels.matrix_listening import Heard, Json
from tests.channels.matrix_talking import Talker
from tests.channels.synapse import Homeserver, Login

API = "/_matrix/client/v3"
_FILTER = '{"presence":{"types":[]},"room":{"timeline":{"limit":100}}}'


class MatrixCitizen(Talker):
    """One person with one device; its sync loop runs as long as the block of `matrix_citizen`."""

    def __init__(self, homeserver: Homeserver, login: Login) -> None:
        super().__init__(login.user_id)
        self.homeserver = homeserver
        self.login = login
        self._since_token = ""

    async def creates_room(self, *invite: str, direct: bool = False, **fields: Any) -> str:
        """A private room in which one is, with invitations; further fields of createRoom as given."""
        asked: Json = {"preset": "private_chat", "invite": list(invite), "is_direct": direct, **fields}
        self.room = (await self.call("POST", "createRoom", asked))["room_id"]
        return self.room

    async def joins(self, room_or_alias: str, via: Iterable[str] = ()) -> str:
        """Join, and be there from now on; the room."""
        servers = "&".join(f"via={quote(server)}" for server in via)
        self.room = (await self.call("POST", f"join/{quote(room_or_alias)}?{servers}", {}))["room_id"]
        self.invites.pop(self.room, None)
        return self.room

    async def invites_in(self, user_id: str, room: str = "") -> None:
        """Invite somebody."""
        await self._in_room("POST", "invite", {"user_id": user_id}, room)

    async def leaves(self, room: str = "") -> None:
        """Leave, or decline an invitation."""
        await self._in_room("POST", "leave", {}, room)
        self.invites.pop(room or self.room, None)

    async def kicks(self, user_id: str, room: str = "", reason: str = "") -> None:
        """Put somebody out, or take an invitation back."""
        await self._in_room("POST", "kick", {"user_id": user_id, "reason": reason}, room)

    async def bans(self, user_id: str, room: str = "", reason: str = "") -> None:
        """Put somebody out for good."""
        await self._in_room("POST", "ban", {"user_id": user_id, "reason": reason}, room)

    async def upgrades(self, room: str = "", version: str = "11") -> str:
        """Replace a room by one of another version, as its owner can; the new one, in which one then is."""
        answer = await self._in_room("POST", "upgrade", {"new_version": version}, room)
        self.room = answer["replacement_room"]
        return self.room

    async def members(self, room: str = "") -> dict[str, str]:
        """Everybody who is or was in a room, with their membership."""
        answer = await self._in_room("GET", "members", None, room)
        return {event["state_key"]: event["content"]["membership"] for event in answer["chunk"]}

    async def redacts(self, event_id: str, room: str = "", reason: str = "") -> str:
        """Delete a message."""
        fields = {"reason": reason} if reason else {}
        answer = await self._in_room("PUT", f"redact/{quote(event_id)}/{secrets.token_hex(8)}", fields, room)
        return self._acted(room or self.room, answer["event_id"])

    async def shows(self, msgtype: str = "m.image", room: str = "", content: bytes = b"\x89PNG\r\n") -> str:
        """Send a file: m.image, m.file, m.audio or m.video."""
        address = await self.homeserver.upload(content, self.login.token)
        return await self.says("bild.png", room, msgtype=msgtype, url=address, info={"size": len(content)})

    async def sends(self, event_type: str, content: Json, room: str = "") -> str:
        """Any event with any content that Synapse lets through."""
        path = f"send/{quote(event_type)}/{secrets.token_hex(8)}"
        answer = await self._in_room("PUT", path, content, room)
        return self._acted(room or self.room, answer["event_id"])

    async def sets_state(self, event_type: str, content: Json, state_key: str = "", room: str = "") -> str:
        """Any state event."""
        path = f"state/{quote(event_type)}/{quote(state_key)}"
        return str((await self._in_room("PUT", path, content, room))["event_id"])

    async def sends_to_device(self, user_id: str, event_type: str, content: Json, device_id: str = "*") -> None:
        """Any message to somebody's device, or to all of them; no shared room is needed."""
        path = f"sendToDevice/{quote(event_type)}/{secrets.token_hex(8)}"
        await self.call("PUT", path, {"messages": {user_id: {device_id: content}}})

    async def call(self, method: str, path: str, fields: Json | None = None) -> Json:
        """Any call of the client-server API; path: what follows `/_matrix/client/v3/`."""
        return await self.homeserver.request(method, f"{API}/{path}", fields, self.login.token)

    async def listens(self) -> None:
        """Sync for ever, through restarts of the homeserver too."""
        while True:
            since = f"&since={quote(self._since_token)}&timeout=30000" if self._since_token else ""
            try:
                answer = await self._reads(f"sync?filter={quote(_FILTER)}{since}")
            except aiohttp.ClientResponseError as problem:
                if problem.status == 401:  # logged out elsewhere: an app shows its login page
                    return
                raise
            await self._take_in(answer)
            self._since_token = answer["next_batch"]

    async def _reads(self, path: str) -> Json:
        while True:
            try:
                return await self.call("GET", path)
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError):
                await asyncio.sleep(0.1)

    async def _take_in(self, answer: Json) -> None:
        self.to_device += answer.get("to_device", {}).get("events", [])
        rooms = answer.get("rooms", {})
        for room, news in rooms.get("invite", {}).items():
            for event in news["invite_state"]["events"]:
                if event["type"] == "m.room.member" and event.get("state_key") == self.user_id:
                    self.invites[room] = event["sender"]
        self.joined = (self.joined | set(rooms.get("join", {}))) - set(rooms.get("leave", {}))
        for room, news in [*rooms.get("join", {}).items(), *rooms.get("leave", {}).items()]:
            timeline = news["timeline"]
            missed = await self._missed(room, timeline["prev_batch"]) if timeline.get("limited") else []
            for event in [*missed, *timeline["events"]]:
                self._heard(_heard_in(room, event))
            for event in news.get("ephemeral", {}).get("events", []):
                self._take_in_passing(room, event["type"], event["content"])
        self._changed.set()

    async def _missed(self, room: str, before: str) -> list[Json]:
        """What a long absence left out, oldest first."""
        missed: list[Json] = []
        until = f"&to={quote(self._since_token)}" if self._since_token else ""
        while before:
            answer = await self._reads(f"rooms/{quote(room)}/messages?dir=b&limit=100&from={quote(before)}{until}")
            missed += answer["chunk"]
            before = answer.get("end", "") if answer["chunk"] else ""
        return missed[::-1]

    async def _in_room(self, method: str, path: str, fields: Json | None, room: str) -> Json:
        return await self.call(method, f"rooms/{quote(room or self.room)}/{path}", fields)


def _heard_in(room: str, event: Json) -> Heard:
    encrypted = event["type"] == "m.room.encrypted"
    unreadable = "this app knows no encryption" if encrypted and event["content"] else ""
    return Heard(
        event["event_id"], room, event["sender"], event["type"], event["content"], event, encrypted, unreadable
    )


@asynccontextmanager
async def matrix_citizen(homeserver: Homeserver, name: str, login: Login | None = None) -> AsyncIterator[MatrixCitizen]:
    """Somebody new of that name, or who logged in before, with an app that listens as long as the block."""
    who = login or await homeserver.register(name)
    citizen = MatrixCitizen(homeserver, who)
    listening = asyncio.create_task(citizen.listens())
    try:
        yield citizen
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
