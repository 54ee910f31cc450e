"""End-to-end encryption: matrix-nio's Olm machine, driven by our own calls so that nothing malformed stops a sync.

Everything it learns is on disk before the sync it came with is committed: after a crash the homeserver hands the same
keys over again, and they are simply known.
"""

import asyncio
import logging
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import structlog
from nio.crypto import Olm, OlmDevice
from nio.events import EncryptedToDeviceEvent, ToDeviceEvent
from nio.responses import KeysClaimResponse, KeysQueryResponse
from nio.store import SqliteStore
from peewee import PeeweeException  # type: ignore[import-untyped]

from bot.channels.matrix.api import Api, Denied, decoded, path
from bot.channels.matrix.events import Ciphertext, Event, Sync, read
from bot.core.messages import NotYet

log = structlog.get_logger(__name__)
# What the library warns of names people, devices and rooms; nobody's log is to know them.
logging.getLogger("nio").addHandler(logging.NullHandler())
logging.getLogger("nio").propagate = False

StoreFailed = PeeweeException
"""The disk does not take what is to be kept: keys that are only in memory must not count as known."""
MEGOLM = "m.megolm.v1.aes-sha2"
AT_ONCE = 200
"""Devices that a room key is sent to in one request."""
AWAY = 60.0
"""Seconds until somebody's server that did not answer, or a device without keys, is asked again."""


class KeysClash(Exception):
    """The homeserver has other one-time keys of this device: an old copy of the store was put back."""


class Undecipherable(Exception):
    """An encrypted event cannot be read, now or ever."""


@dataclass(frozen=True, slots=True)
class Deciphered:
    """What an encrypted event says: its true type and content.

    `id` is the same for whatever is enciphered the same: a homeserver that shows a message again under another event id
    does not make it another message.
    """

    id: str
    type: str
    content: msgspec.Raw


class _Plain(msgspec.Struct):
    type: str
    content: msgspec.Raw
    room_id: str = ""


class _Store(SqliteStore):  # type: ignore[misc]
    """nio's own store; a write-ahead log lets it write without the wait of a rollback journal."""

    def _create_database(self) -> Any:
        database = super()._create_database()
        database.init(self.database_path, pragmas={"foreign_keys": 1, "secure_delete": 1, "journal_mode": "wal"})
        return database


class Encryption:
    """The keys of one device, and what other people's devices they are shared with."""

    def __init__(self, api: Api, user: str, device: str, folder: Path, pickle_key: str) -> None:
        self._api = api
        self._user = user
        self._device = device
        self._store = _Store(user, device, str(folder), pickle_key=pickle_key, database_name=f"{device}.db")
        self._olm = Olm(user, device, self._store)
        self._asking = asyncio.Lock()
        self._in_vain: dict[str | tuple[str, str], float] = {}
        self._fallback_known = True

    def close(self) -> None:
        """Close the store."""
        self._store.database.close()

    # What comes in

    def take(self, sync: Sync) -> set[tuple[str, str]]:
        """Learn what a sync says about keys and devices; the rooms and sessions whose keys arrived."""
        if (count := sync.device_one_time_keys_count.get("signed_curve25519")) is not None:
            self._olm.uploaded_key_count = count
        if sync.device_unused_fallback_key_types is not None:
            self._fallback_known = "signed_curve25519" in sync.device_unused_fallback_key_types
        for user in sync.device_lists.changed:
            self._in_vain.pop(user, None)
        self._olm.add_changed_users({user for user in sync.device_lists.changed if user in self._olm.tracked_users})
        # Of whom we share no room with we are told no changes any more.
        self._olm.tracked_users.difference_update(sync.device_lists.left)
        arrived: set[tuple[str, str]] = set()
        if sync.to_device.events:
            with self._kept_together():
                for raw in sync.to_device.events:
                    if key := self._learned(raw):
                        arrived.add(key)
        return arrived

    def _learned(self, raw: msgspec.Raw) -> tuple[str, str] | None:
        """The room and session that one to-device event brings the key of. A malformed one brings nothing."""
        try:
            event = ToDeviceEvent.parse_event(msgspec.json.decode(raw))
            if not isinstance(event, EncryptedToDeviceEvent):
                return None  # verification dances and key requests are for people, not for a bot
            plain = self._olm.handle_to_device_event(event)
            return (plain.room_id, plain.session_id) if hasattr(plain, "session_id") else None
        except StoreFailed:
            raise  # a full disk: the homeserver keeps the keys until they are on ours
        except Exception as error:  # noqa: BLE001 - whatever a stranger sends; AssertionError and decoding errors were seen
            log.warning("to_device_malformed", error=type(error).__name__)
            return None

    async def deciphered(self, room: str, event: Event) -> Deciphered:
        """What an encrypted event of a room says. Raises Undecipherable, or a SendError while asking for devices."""
        content = read(event.content, Ciphertext)
        if content is None or content.algorithm != MEGOLM:
            raise Undecipherable("malformed")
        session = self._session(room, event.sender, content)
        if session is None and not content.sender_key:
            await self._know_devices([event.sender])
            session = self._session(room, event.sender, content)
        if session is None:
            raise Undecipherable("no key")
        try:
            text, index = session.decrypt(content.ciphertext)
        except Exception as error:
            raise Undecipherable(type(error).__name__) from error
        plain = read(text.encode(), _Plain)
        if plain is None or plain.room_id != room:
            raise Undecipherable("malformed inside")
        # The homeserver names the sender; only the keys of the sender's own device prove it.
        if not self._owns(event.sender, session):
            await self._know_devices([event.sender])
            if not self._owns(event.sender, session):
                raise Undecipherable("not the sender's key")
        return Deciphered(f"{session.id} {index}", plain.type, plain.content)

    def _session(self, room: str, sender: str, content: Ciphertext) -> Any:
        if content.sender_key:
            return self._olm.inbound_group_store.get(room, content.sender_key, content.session_id)
        # The sender's key may be left out: then it is that of one of the sender's devices.
        for device in self._olm.device_store.active_user_devices(sender):
            if session := self._olm.inbound_group_store.get(room, device.curve25519, content.session_id):
                return session
        return None

    def _owns(self, sender: str, session: Any) -> bool:
        if sender == self._user and session.sender_key == self._olm.account.identity_keys["curve25519"]:
            return True
        devices: Iterable[OlmDevice] = self._olm.device_store[sender].values()
        return any(device.curve25519 == session.sender_key and device.ed25519 == session.ed25519 for device in devices)

    # What is kept up

    async def keep_up(self) -> None:
        """Upload keys that run out, ask for changed devices, mend broken sessions. Raises a SendError, KeysClash."""
        await self._upload_keys()
        await self._know_devices(set(self._olm.users_for_key_query))
        if self._olm.wedged_devices:
            await self._claim(self._olm.get_users_for_key_claiming())
            self._olm.wedged_devices.clear()
        for message in list(self._olm.outgoing_to_device_messages):
            body = {"messages": {message.recipient: {message.recipient_device: message.content}}}
            await self._api.put(path("sendToDevice", message.type, secrets.token_hex(8)), body)
            self._olm.outgoing_to_device_messages.remove(message)

    async def _upload_keys(self) -> None:
        olm = self._olm
        most = olm.account.max_one_time_keys
        enough = olm.uploaded_key_count is None or olm.uploaded_key_count >= most // 2
        if olm.account.shared and enough and self._fallback_known:
            return
        content: dict[str, Any] = {}
        if not olm.account.shared or not enough:
            content = olm.share_keys()
        if not olm.account.shared or not self._fallback_known:
            content["fallback_keys"] = self._fallback_key()
        # On disk before they are public: a crash in between must not leave us without the private halves.
        olm.save_account()
        try:
            answer = decoded(await self._api.post(path("keys", "upload"), content))
        except Denied as error:
            if "already exists" in error.reason:
                raise KeysClash from error
            raise
        olm.account.shared = True
        olm.uploaded_key_count = answer.get("one_time_key_counts", {}).get("signed_curve25519", most)
        self._fallback_known = True
        olm.mark_keys_as_published()
        olm.save_account()

    def _fallback_key(self) -> dict[str, Any]:
        """A key to begin a session with when all others are used up, as after a long time away. nio knows none."""
        account = self._olm.account._account  # noqa: SLF001 - nio does not hand it out
        account.generate_fallback_key()
        keys = {}
        for name, key in account.fallback_key.items():
            told: dict[str, Any] = {"key": key.to_base64(), "fallback": True}
            signature = self._olm.sign_json(told)
            keys[f"signed_curve25519:{name}"] = {
                **told,
                "signatures": {self._user: {f"ed25519:{self._device}": signature}},
            }
        return keys

    async def _know_devices(self, users: Iterable[str]) -> None:
        """Learn the devices of those of these users whose we do not know, or who have changed theirs.

        Whose server says nothing of use is not asked again at once: one that is away must not slow the others down.
        Raises a SendError.
        """
        olm = self._olm
        async with self._asking:
            unknown = {user for user in users if user not in olm.tracked_users or user in olm.users_for_key_query}
            wanted = unknown - self._lately_in_vain()
            if not wanted:
                return
            changed = wanted & olm.users_for_key_query
            olm.users_for_key_query -= wanted  # who changes theirs while we ask is asked again
            try:
                body: dict[str, Any] = {"device_keys": {user: [] for user in wanted}}
                answer = decoded(await self._api.post(path("keys", "query"), body))
            except BaseException:
                olm.users_for_key_query |= changed
                raise
            changed_meanwhile = wanted & olm.users_for_key_query
            told = answer.get("device_keys", {})
            for user in wanted:
                try:
                    olm.handle_response(KeysQueryResponse({user: told[user]}, {}))
                except StoreFailed:
                    raise
                except Exception as error:  # noqa: BLE001 - one user's server may say anything about them, or nothing
                    log.info("devices_not_told", error=type(error).__name__)
                    self._in_vain[user] = asyncio.get_running_loop().time()
                    changed_meanwhile |= {user} & olm.tracked_users
            olm.users_for_key_query |= changed_meanwhile

    def _lately_in_vain(self) -> set[str | tuple[str, str]]:
        """The users and devices that were asked a short while ago, and did not answer."""
        earliest = asyncio.get_running_loop().time() - AWAY
        self._in_vain = {whom: at for whom, at in self._in_vain.items() if at > earliest}
        return set(self._in_vain)

    async def _claim(self, wanted: dict[str, list[str]]) -> None:
        """Begin sessions with devices that we have none with. Raises a SendError."""
        body = {"one_time_keys": {user: dict.fromkeys(ids, "signed_curve25519") for user, ids in wanted.items()}}
        answer = decoded(await self._api.post(path("keys", "claim"), body))
        with self._kept_together():
            for user, devices in answer.get("one_time_keys", {}).items():
                try:
                    self._olm.handle_response(KeysClaimResponse({user: devices}, {}))
                except StoreFailed:
                    raise
                except Exception as error:  # noqa: BLE001 - as above
                    log.warning("one_time_key_malformed", error=type(error).__name__)

    # What goes out

    async def enciphered(
        self, room: str, members: Iterable[str], type_: str, content: dict[str, Any]
    ) -> dict[str, Any]:
        """The content of `m.room.encrypted`, once every device in the room has the key. Raises a SendError.

        The caller makes sure that this runs once at a time for each room.
        """
        people = set(members)
        await self._know_devices(people)
        devices = {
            (device.user_id, device.id): device
            for user in people
            for device in self._olm.device_store.active_user_devices(user)
            if (device.user_id, device.id) != (self._user, self._device)
        }
        session = self._olm.outbound_group_sessions.get(room)
        # Whoever has left or signed out must not read what follows.
        if session is None or session.expired or session.users_shared_with - devices.keys():
            self._olm.create_outbound_group_session(room)
            session = self._olm.outbound_group_sessions[room]
        if missing := [device for key, device in devices.items() if key not in session.users_shared_with]:
            await self._share(room, session, missing)
        session.shared = True
        enciphered: dict[str, Any] = self._olm.group_encrypt(room, {"type": type_, "content": content})
        if relation := content.get("m.relates_to"):
            enciphered["m.relates_to"] = relation  # the homeserver has to see threads and edits
        return enciphered

    async def _share(self, room: str, session: Any, missing: list[OlmDevice]) -> None:
        without: dict[str, list[str]] = {}
        in_vain = self._lately_in_vain()
        for device in missing:
            if not self._olm.session_store.get(device.curve25519) and (device.user_id, device.id) not in in_vain:
                without.setdefault(device.user_id, []).append(device.id)
        if without:
            await self._claim(without)
        key = {
            "algorithm": MEGOLM,
            "room_id": room,
            "session_id": session.id,
            "session_key": session.session_key,
        }
        reachable = [device for device in missing if self._olm.session_store.get(device.curve25519)]
        if keyless := [device for device in missing if not self._olm.session_store.get(device.curve25519)]:
            log.info("devices_without_keys", devices=len(keyless))
            now = asyncio.get_running_loop().time()
            self._in_vain |= {
                (device.user_id, device.id): self._in_vain.get((device.user_id, device.id), now) for device in keyless
            }
        if missing and not reachable and not session.users_shared_with:
            raise NotYet("nobody in the room can be given the key yet", retry_after=30)
        for start in range(0, len(reachable), AT_ONCE):
            await self._send_key(key, session, reachable[start : start + AT_ONCE])

    async def _send_key(self, key: dict[str, Any], session: Any, devices: list[OlmDevice]) -> None:
        messages: dict[str, dict[str, Any]] = {}
        with self._kept_together():
            for device in devices:
                begun = self._olm.session_store.get(device.curve25519)
                sealed = self._olm._olm_encrypt(begun, device, "m.room_key", key)  # noqa: SLF001 - the room's key alone, to some devices
                messages.setdefault(device.user_id, {})[device.id] = sealed
        await self._api.put(path("sendToDevice", "m.room.encrypted", secrets.token_hex(8)), {"messages": messages})
        session.users_shared_with.update((device.user_id, device.id) for device in devices)

    def forget(self, room: str) -> None:
        """The room's key is not used again."""
        self._olm.outbound_group_sessions.pop(room, None)

    @contextmanager
    def _kept_together(self) -> Iterator[None]:
        """All that is learned within is written in one transaction."""
        with self._store.database.atomic():
            yield
