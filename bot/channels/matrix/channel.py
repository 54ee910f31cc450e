"""The bot on one Matrix homeserver: its own sync loop, and sends that a repeat does not double."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec
import structlog

from bot.background import Background
from bot.channels.matrix.api import Api, Denied, SignedOut, path
from bot.channels.matrix.behind import FACT as GAP
from bot.channels.matrix.behind import Behind
from bot.channels.matrix.cross_signing import sign_device
from bot.channels.matrix.encryption import Encryption, KeysClash, StoreFailed
from bot.channels.matrix.events import NAME, TYPES, EncryptedFile, sync_in
from bot.channels.matrix.found import Found
from bot.channels.matrix.invites import Invitation, Invitations, remembered
from bot.channels.matrix.private import PrivateRooms
from bot.channels.matrix.reading import Reading
from bot.channels.matrix.receipts import Receipts
from bot.channels.matrix.rooms import Rooms
from bot.channels.matrix.sending import Sending
from bot.channels.matrix.session import Account, Session, Store, signed_in
from bot.channels.matrix.waiting import FACT
from bot.channels.retrying import back_off, lasting
from bot.core.messages import (
    Address,
    Blocked,
    Halted,
    Memory,
    NotYet,
    Outgoing,
    Receive,
    Refused,
    SendError,
)

log = structlog.get_logger(__name__)

LONG_POLL = 30
"""Seconds that a sync waits for something new."""
LONGEST_SEND = 60.0
"""Seconds after which a send that hangs frees its room."""
PATIENCE = 60.0
"""Seconds to wait for the key of a message before its sender is told that it cannot be read."""
LEAVING_AT_ONCE = 8
"""Rooms that are left at the same time because everybody else has."""
BOOKMARK_EVERY = 300.0
"""Seconds until it is noted from where to go on, also while nobody says anything to the bot."""
FILTER = msgspec.json.encode(
    {
        "presence": {"types": []},
        "account_data": {"types": []},
        "room": {
            "account_data": {"types": []},
            "ephemeral": {"types": []},
            "state": {"types": ["m.room.encryption", "m.room.tombstone"], "lazy_load_members": True},
            "timeline": {"limit": 100, "types": TYPES},
        },
    }
).decode()

EncryptionMode = Literal["required", "allowed", "off"]


class Matrix:
    """One account on one homeserver. `name` is what rooms that the bot opens are called."""

    repeatable = True

    def __init__(  # noqa: PLR0913 - what an operator can set
        self,
        account: Account,
        folder: Path,
        *,
        encryption: EncryptionMode = "allowed",
        staff_servers: Sequence[str] = (),
        name: str = "Mitreden",
        polled: Callable[[], None] = lambda: None,
        patience: float = PATIENCE,
        longest_send: float = LONGEST_SEND,
    ) -> None:
        self.name = NAME
        self._account = account
        self._mode = encryption
        self._staff_servers = frozenset(staff_servers or (account.server,))
        self._polled = polled
        self._longest_send = longest_send
        self._api = Api(account.homeserver)
        self._store = Store(folder)
        self._encryption: Encryption | None = None
        self._facts: dict[str, str] = {}
        self._pending: dict[str, str] = {}
        self._gaps: dict[str, str] = {}
        self._behind = Behind(self._gaps)
        self._rooms = Rooms(self._api, account.user, lambda room: f"encrypted {room}" in self._facts)
        self._invitations = Invitations(self._api, self._welcome)
        self._receipts = Receipts(self._api)
        self._reading = Reading(
            self._api,
            self._rooms,
            account.user,
            self._staff_servers,
            self._facts,
            self._pending,
            self._behind,
            encryption,
            patience,
        )
        self._private = PrivateRooms(
            self._api, self._rooms, account.user, self._facts, name, encrypted=encryption != "off"
        )
        self._sending = Sending(self._api, self._private, account.user, encryption)
        self._ready = asyncio.Event()
        self._background = Background()
        self._leaving = asyncio.Semaphore(LEAVING_AT_ONCE)
        self._noted_at = 0.0

    def serves(self, to: Address) -> bool:
        """Everybody on any homeserver."""
        return to.channel == NAME

    async def open(self) -> None:
        """Ready to call the homeserver."""
        await self._api.open()

    async def close(self) -> None:
        """Let what goes beside the messages finish shortly, and close the store."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await self._background.idle()
        await self._background.close()
        await self._api.close()
        if self._encryption is not None:
            self._encryption.close()

    async def ready(self) -> None:
        """Return once signed in, with keys: what is sent before waits for it."""
        await self._ready.wait()

    # Receiving

    async def run(self, receive: Receive, memory: Memory) -> None:
        """Sync for ever; whatever fails is tried again. Raises Halted where an operator has to act."""
        self._store.open()
        self._remember(await memory.facts(NAME))
        since = await memory.bookmark(NAME)
        beside = [
            self._background.begin(lasting(lambda: self._invitations.work(self._ready))),
            self._background.begin(lasting(self._receipts.work)),
        ]
        self._behind.begin(since, partial(self._catch_up, receive))
        failures = 0
        try:
            while True:
                try:
                    if not self._ready.is_set():
                        await self._sign_in()
                    since = await self._sync(since, receive)
                    failures = 0
                except SignedOut as error:
                    raise Halted(
                        "Matrix: the homeserver has ended our session. Run: mitreden matrix login --new"
                    ) from error
                except Halted:
                    raise
                except KeysClash:
                    self._begin_anew()
                except SendError as error:
                    failures += 1
                    pause = max(getattr(error, "retry_after", None) or 0.0, back_off(failures))
                    log.warning("sync_failed", error=type(error).__name__, reason=str(error), retry_in=round(pause, 1))
                    await asyncio.sleep(pause)
                except Exception as error:  # noqa: BLE001 - a full disk, a lost database: the homeserver keeps everything
                    failures += 1
                    log.error("batch_not_written", error=type(error).__name__)
                    if isinstance(error, StoreFailed):
                        self._close_keys()  # what we know of them must be what is on the disk
                    await asyncio.sleep(back_off(failures))
        finally:
            for task in beside:
                task.cancel()
            await self._behind.close()

    async def _sign_in(self) -> None:
        """Once: session, keys, cross-signing. A failing cross-signature is said, and tried again at the next start."""
        session = await signed_in(self._api, self._account, self._store)
        await self._private.know()
        for name, value in self._facts.items():
            if taken := remembered(name, value):  # before a crash, joined after it
                self._invitations.add(taken)
        if self._mode != "off":
            await self._ready_keys(session)
        self._ready.set()
        log.info("signed_in_as", device=session.device)

    async def _ready_keys(self, session: Session) -> None:
        if self._encryption is None:
            folder = self._store.folder
            self._encryption = Encryption(self._api, session.user, session.device, folder, session.pickle_key)
            self._reading.encryption = self._sending.encryption = self._encryption
        await self._encryption.keep_up()
        if not session.signed:
            try:
                session.signed = await sign_device(self._api, self._account, session, self._store)
            except Denied as error:
                log.warning("not_cross_signed", code=error.code)
            if session.signed:
                self._store.keep(session)

    def _begin_anew(self) -> None:
        """Go on as another device: the homeserver has keys of this one that we do not have. Raises Halted."""
        log.error("keys_clash", remedy="an old copy of [matrix] store was put back; going on as a new device")
        if not self._account.password:
            raise Halted("Matrix: an old copy of [matrix] store was put back. Run: mitreden matrix login --new")
        self._close_keys()
        self._api.token = ""
        self._store.put_aside()

    def _close_keys(self) -> None:
        """Sends wait until they are open again."""
        self._ready.clear()
        if self._encryption is not None:
            self._encryption.close()
            self._encryption = self._reading.encryption = self._sending.encryption = None

    async def _sync(self, since: str | None, receive: Receive) -> str:
        """One sync, handed over and committed; from where the next one goes on."""
        await self._keep_up()
        query = {"filter": FILTER, "timeout": str(LONG_POLL * 1000 if since else 0)}
        if since:
            query["since"] = since
        asked_at = asyncio.get_running_loop().time()
        answer = await self._api.get(path("sync"), LONG_POLL + 30.0, **query)
        self._polled()
        sync = sync_in(answer)
        if sync.next_batch == since and asyncio.get_running_loop().time() - asked_at < 1.0:
            await asyncio.sleep(1.0)  # something between us and the homeserver does not wait as it was asked to
        read = await self._reading.read(sync, since, lambda early: self._take(early, None, receive))
        now = asyncio.get_running_loop().time()
        if since is None or (since != sync.next_batch and now - self._noted_at > BOOKMARK_EVERY):
            read.facts["reached"] = sync.next_batch  # what comes from now on is for us, also after a crash
        await self._take(read, sync.next_batch, receive)
        return sync.next_batch

    async def _take(self, read: Found, bookmark: str | None, receive: Receive) -> None:
        """Hand over what was read, and do what follows from it; without a bookmark more of that sync is to come."""
        for invited in read.invited:
            if self._invitations.add(invited):
                name, value = invited.fact
                read.facts[name] = value
        if read.batch or read.facts:
            await receive(read.batch, bookmark, read.facts)
            self._remember(read.facts)
            if bookmark is not None:
                self._noted_at = asyncio.get_running_loop().time()
        self._receipts.note(read.last)
        for room in read.empty:
            self._rooms.forget(room)
            self._background.begin(self._leave(room))
        self._behind.go_on()

    async def _catch_up(self, receive: Receive, room: str, since: str, until: str) -> None:
        """Hand over what was said in a room that is behind. Raises a SendError."""
        await self._ready.wait()
        await self._take(await self._reading.catch_up(room, since, until), None, receive)
        if self._behind.left(room):
            self._rooms.forget(room)  # it has learned what was older than what it knew

    def _remember(self, facts: Mapping[str, str]) -> None:
        """Take over facts that are stored; an empty value ends one."""
        for name, value in facts.items():
            kept = self._pending if name.startswith(FACT) else self._gaps if name.startswith(GAP) else self._facts
            if value:
                kept[name] = value
            else:
                kept.pop(name, None)

    async def _keep_up(self) -> None:
        if self._encryption is not None:
            try:
                await self._encryption.keep_up()
            except SignedOut:
                raise
            except SendError as error:  # whatever it is must not keep the homeserver from telling us the news
                log.warning("keys_not_kept_up", error=type(error).__name__, reason=str(error))

    def _welcome(self, invited: Invitation) -> bool:
        return not (invited.encrypted and self._mode == "off")

    # Beside the syncs

    async def send(self, to: Address, message: Outgoing, key: str) -> str:
        """Send or edit one message; the last event's id. Raises a SendError."""
        await self._ready.wait()
        try:
            async with asyncio.timeout(self._longest_send):
                return await self._sending.send(to, message, key)
        except TimeoutError as error:
            raise NotYet("took too long", retry_after=5) from error
        except Denied as error:
            if error.code in {"M_FORBIDDEN", "M_NOT_FOUND"}:
                raise Blocked(error.code) from error
            raise

    async def fetch(self, reference: str, most: int) -> bytes:
        """A picture that somebody sent, deciphered where it has to be. Raises a SendError."""
        if not reference.startswith("{"):
            return await self._api.download(reference, most)
        from nio.crypto import decrypt_attachment  # noqa: PLC0415 - rare
        from nio.exceptions import EncryptionError  # noqa: PLC0415

        file = msgspec.json.decode(reference, type=EncryptedFile)
        data = await self._api.download(file.url, most)
        try:
            return bytes(decrypt_attachment(data, file.key.k, file.hashes.get("sha256", ""), file.iv))
        except EncryptionError as error:
            raise Refused("cannot be deciphered") from error

    async def _leave(self, room: str) -> None:
        """Where it fails, nobody is there to notice."""
        async with self._leaving:
            with contextlib.suppress(SendError):
                await self._api.post(path("rooms", room, "leave"), {})
