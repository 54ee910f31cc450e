"""What an operator may ask of the storage: done here, or handed to the process that already writes."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from bot.core.announcement import Announcement
from bot.core.conversation import CODE_LETTERS
from bot.core.messages import Attachment
from bot.problems import UserError
from storage.database import Unavailable
from storage.memory import Memory

ROLES = ("editor", "sender", "analyst", "admin")
CODE_LASTS = timedelta(minutes=10)
MOST_BYTES = 2 * 1024 * 1024
"""Of a request: an announcement may have a picture."""
LONGEST_PATH = 100
"""Bytes that a socket's path may have; the system's limit is 104 or 108."""


class Request(msgspec.Struct):
    """What is asked: `invite` with a role, `remove` with a number, `reload` (`confirm` makes it known), `announce`."""

    action: str
    role: str = ""
    member: int = 0
    confirm: bool = False
    announcement: Announcement | None = None
    picture: Attachment | None = None


class Reply(msgspec.Struct):
    """What the operator reads, and whether it was done."""

    done: bool
    text: str


Offer = Callable[[Announcement, Attachment | None], Awaitable[str]]
"""Makes a draft that somebody on the staff has to confirm; what the operator reads."""


async def carry_out(
    request: Request,
    memory: Memory,
    now: datetime,
    reload: Callable[[bool], Awaitable[str]] | None = None,
    offer: Offer | None = None,
) -> Reply:
    """Do what is asked."""
    if request.action == "announce" and request.announcement is not None and offer is not None:
        try:
            return Reply(True, await offer(request.announcement, request.picture))
        except UserError as error:
            return Reply(False, str(error))
    if request.action == "reload" and reload is not None:
        return Reply(True, await reload(request.confirm))
    if request.action == "invite" and request.role in ROLES:
        part = "".join(secrets.choice(CODE_LETTERS) for _ in range(10))
        code = f"TEAM-{part[:5]}-{part[5:]}"
        await memory.invite(code, request.role, now, now + CODE_LASTS)
        minutes = int(CODE_LASTS.total_seconds() // 60)
        how = f"To be typed to the bot in a private chat, once, within {minutes} minutes. Role: {request.role}"
        return Reply(True, f"{code}\n{how}")
    if request.action == "remove":
        if await memory.remove_staff(request.member, now):
            return Reply(True, f"Removed: {request.member}")
        return Reply(False, f"There is no member {request.member}. See: mitreden staff list")
    return Reply(False, f"Unknown request: {request.action}")


@asynccontextmanager
async def listening(path: Path, handle: Callable[[Request], Awaitable[Reply]]) -> AsyncIterator[None]:
    """Take requests of other commands on a socket that only its owner can reach, as long as the block lasts."""
    if len(os.fsencode(path)) > LONGEST_PATH:
        yield
        return

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = msgspec.json.decode(await reader.readline(), type=Request)
            reply = await handle(request)
        except (msgspec.DecodeError, ValueError):
            reply = Reply(False, "Not a request.")
        except Unavailable:
            reply = Reply(False, "The database does not answer just now. Try again.")
        writer.write(msgspec.json.encode(reply) + b"\n")
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    before = os.umask(0o177)
    try:
        server = await asyncio.start_unix_server(serve, path, limit=MOST_BYTES)
    finally:
        os.umask(before)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)


async def ask(path: Path, request: Request) -> Reply | None:
    """Hand a request to the running process; None where none listens."""
    if not path.exists():
        return None
    try:
        reader, writer = await asyncio.open_unix_connection(path, limit=MOST_BYTES)
    except (ConnectionError, OSError):
        return None
    try:
        writer.write(msgspec.json.encode(request) + b"\n")
        async with asyncio.timeout(60 if request.action in {"reload", "announce"} else 10):
            return msgspec.json.decode(await reader.readline(), type=Reply)
    except (TimeoutError, msgspec.DecodeError) as error:
        raise UserError("The running Mitreden does not answer. Look at its log, or restart it.") from error
    finally:
        writer.close()
