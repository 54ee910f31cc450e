"""matrix-nio as its documentation uses it: callbacks, `sync_forever`, `room_send`, its own store.

It keeps no answers; what a crash interrupts is lost, and its device is not cross-signed. Called with the homeserver's
URL, its user, the password and a folder of its own.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from nio import AsyncClient, AsyncClientConfig, InviteMemberEvent, RoomMessageText

ANSWER = {"msgtype": "m.text", "body": "Ich schreibe jetzt Deutsch."}


async def main(url: str, user: str, password: str, folder: str) -> None:
    """Serve until killed."""
    client = AsyncClient(url, user, store_path=folder, config=AsyncClientConfig(encryption_enabled=True))

    async def invited(room: Any, _event: InviteMemberEvent) -> None:
        if room.room_id not in client.rooms:
            await client.join(room.room_id)

    async def said(room: Any, event: RoomMessageText) -> None:
        if event.sender != user:
            await client.room_send(room.room_id, "m.room.message", ANSWER, ignore_unverified_devices=True)

    await client.login(password)
    client.add_event_callback(invited, InviteMemberEvent)
    client.add_event_callback(said, RoomMessageText)
    print("ready", flush=True)
    await client.sync_forever(timeout=30_000)


if __name__ == "__main__":
    Path(sys.argv[4]).mkdir(parents=True, exist_ok=True)
    asyncio.run(main(*sys.argv[1:5]))
