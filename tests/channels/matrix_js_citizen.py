"""People with an encrypted app of another make than the bot's library: matrix-js-sdk on Node, with its Rust crypto."""

import asyncio
import json
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.channels import installed
from tests.channels.matrix_listening import PATIENCE, Heard, Json
from tests.channels.matrix_talking import Talker
from tests.channels.synapse import PASSWORD, Homeserver

PROGRAM = Path(__file__).parent / "matrix_js" / "citizen.mjs"
LONGEST_LINE = 2**24
"""Bytes: an event has at most 65,536, and is told with its raw form beside it."""


class MatrixJsCitizen(Talker):
    """One person with one device, in a process of its own that lives as long as the block of `matrix_js_citizen`."""

    def __init__(self, process: Process) -> None:
        super().__init__("")
        self.device_id = ""
        self.token = ""
        self._process = process
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    async def starts(self, homeserver: Homeserver, name: str, only_signed: bool, cross_sign: bool) -> None:
        """Log in as a new device and wait for the first sync."""
        fields = {"name": name, "password": PASSWORD, "onlySigned": only_signed, "crossSign": cross_sign}
        session = await self.does("start", url=homeserver.url, **fields)
        self.user_id, self.device_id, self.token = (session[key] for key in ("user_id", "device_id", "access_token"))

    async def creates_room(self, *invite: str, direct: bool = True, encrypted: bool = True, **fields: Any) -> str:
        """A private room in which one is, with invitations; further fields of createRoom as given."""
        options: Json = {"preset": "trusted_private_chat", "invite": list(invite), "is_direct": direct, **fields}
        self.room = await self.does("createRoom", options=options, encrypted=encrypted)
        return self.room

    async def joins(self, room_or_alias: str, via: Iterable[str] = ()) -> str:
        """Join, and be there from now on; the room."""
        self.room = await self.does("join", room=room_or_alias, via=list(via))
        self.invites.pop(self.room, None)
        return self.room

    async def invites_in(self, user_id: str, room: str = "") -> None:
        """Invite somebody."""
        await self.does("invite", room=room or self.room, user=user_id)

    async def leaves(self, room: str = "") -> None:
        """Leave, or decline an invitation."""
        await self.does("leave", room=room or self.room)

    async def kicks(self, user_id: str, room: str = "", reason: str = "") -> None:
        """Put somebody out, or take an invitation back."""
        await self.does("kick", room=room or self.room, user=user_id, reason=reason)

    async def members(self, room: str = "") -> dict[str, str]:
        """Everybody who is or was in a room, with their membership, as the app knows it."""
        members: dict[str, str] = await self.does("members", room=room or self.room)
        return members

    async def sends(self, event_type: str, content: Json, room: str = "") -> str:
        """Any event, encrypted where the room is; the app decides who gets the key."""
        place = room or self.room
        return self._acted(place, await self.does("send", room=place, type=event_type, content=content))

    async def redacts(self, event_id: str, room: str = "") -> str:
        """Delete a message."""
        place = room or self.room
        return self._acted(place, await self.does("redact", room=place, event=event_id))

    async def sets_state(self, event_type: str, content: Json, state_key: str = "", room: str = "") -> str:
        """Any state event."""
        place = room or self.room
        return str(await self.does("state", room=place, type=event_type, content=content, key=state_key))

    async def rotates(self, room: str = "") -> None:
        """Forget the room's key: the next message gets a new one."""
        await self.does("rotate", room=room or self.room)

    async def devices_of(self, user_id: str) -> dict[str, dict[str, bool]]:
        """Somebody's devices as the app judges them now: `signed` by their owner, `verified` by this person."""
        devices: dict[str, dict[str, bool]] = await self.does("devices", user=user_id)
        return devices

    async def trusts(self, user_id: str, device_id: str) -> None:
        """Mark a device as compared by eye."""
        await self.does("trust", user=user_id, device=device_id)

    async def logs_out(self) -> None:
        """End the session: the device and its keys are gone."""
        await self.does("logout")

    async def does(self, verb: str, **fields: Any) -> Any:
        """Any verb of citizen.mjs; raises RuntimeError with what the library says."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"id": number, "do": verb, **fields}).encode() + b"\n")
        await self._process.stdin.drain()
        async with asyncio.timeout(3 * PATIENCE):
            return await answer

    async def listens(self) -> None:
        """Take in what the program tells until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._take_in(json.loads(line))
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(RuntimeError("the program has ended"))

    def _take_in(self, told: Json) -> None:
        match told:
            case {"id": number, **outcome}:
                answer = self._waiting.pop(number)
                if answer.done():  # nobody waits for it any more
                    return
                if "error" in outcome:
                    answer.set_exception(RuntimeError(outcome["error"]))
                else:
                    answer.set_result(outcome["result"])
            case {"event": event}:
                self._heard(Heard(**event))
            case {"toDevice": message}:
                self.to_device.append(message)
            case {"membership": {"room": room, "membership": membership, "inviter": inviter}}:
                self._take_in_membership(room, membership, inviter)
            case {"passing": {"room": room, "type": kind, "content": content}}:
                self._take_in_passing(room, kind, content)
        self._changed.set()

    def _take_in_membership(self, room: str, membership: str, inviter: str) -> None:
        self.invites.pop(room, None)
        self.joined.discard(room)
        if membership == "invite":
            self.invites[room] = inviter
        elif membership == "join":
            self.joined.add(room)


@asynccontextmanager
async def matrix_js_citizen(
    homeserver: Homeserver, name: str, only_signed: bool = True, cross_sign: bool = True, login: bool = False
) -> AsyncIterator[MatrixJsCitizen]:
    """Somebody new of that name, or with `login` a new device of somebody; raises CannotInstallError.

    `only_signed`, as Element does: devices that their owner has not signed get no keys, and their messages stay
    unreadable. `cross_sign` signs this person's own device.
    """
    node, folder = installed.matrix_js_sdk()
    if not login:
        await homeserver.register(name)
    with tempfile.TemporaryFile() as output:
        process = await asyncio.create_subprocess_exec(
            str(node), str(PROGRAM), cwd=folder, stdin=PIPE, stdout=PIPE, stderr=output, limit=LONGEST_LINE
        )
        citizen = MatrixJsCitizen(process)
        listening = asyncio.create_task(citizen.listens())
        try:
            await citizen.starts(homeserver, name, only_signed, cross_sign)
            yield citizen
        except RuntimeError as problem:
            output.seek(0)
            problem.add_note(output.read().decode(errors="replace")[-3000:])
            raise
        finally:
            process.kill()
            await process.wait()
            await listening
