"""The reference on Matrix: a bare loop on aiohttp. It joins what it is invited to and answers every message.

No encryption, no storage, no order between rooms; what it had not answered when it is killed is never answered.
Called with the homeserver's URL, its user and the password.
"""

import asyncio
import sys
from itertools import count
from typing import Any
from urllib.parse import quote

import aiohttp

Json = dict[str, Any]
API = "/_matrix/client/v3"
ANSWER = "Ich schreibe jetzt Deutsch."


class Loop:
    """The bot."""

    def __init__(self, session: aiohttp.ClientSession, user: str) -> None:
        self._session = session
        self._user = user
        self._numbers = count()

    async def call(self, method: str, path: str, body: Json | None = None) -> Json:
        """One call of the client-server API."""
        async with self._session.request(method, f"{API}/{path}", json=body) as response:
            answer: Json = await response.json()
            return answer

    async def serve(self, password: str) -> None:
        """Log in and answer for ever."""
        identifier = {"type": "m.id.user", "user": self._user}
        login = {"type": "m.login.password", "identifier": identifier, "password": password}
        token = (await self.call("POST", "login", login))["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"
        since = (await self.call("GET", "sync"))["next_batch"]
        print("ready", flush=True)
        while True:
            news = await self.call("GET", f"sync?timeout=30000&since={quote(since)}")
            for room in news.get("rooms", {}).get("invite", {}):
                await self.call("POST", f"join/{quote(room)}", {})
            for room, joined in news.get("rooms", {}).get("join", {}).items():
                for event in joined["timeline"]["events"]:
                    if event["type"] == "m.room.message" and event["sender"] != self._user:
                        await self._answer(room)
            since = news["next_batch"]

    async def _answer(self, room: str) -> None:
        path = f"rooms/{quote(room)}/send/m.room.message/a{next(self._numbers)}"
        await self.call("PUT", path, {"msgtype": "m.text", "body": ANSWER})


async def main(url: str, user: str, password: str) -> None:
    """Serve until killed."""
    async with aiohttp.ClientSession(url) as session:
        await Loop(session, user).serve(password)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
