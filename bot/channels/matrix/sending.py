"""How a message becomes events in a room: rendered, in parts, encrypted where the room is, with its file."""

from typing import Any

from bot.channels.matrix import rendering
from bot.channels.matrix.api import Api, decoded, path
from bot.channels.matrix.encryption import Encryption
from bot.channels.matrix.private import PrivateRooms
from bot.channels.matrix.rooms import Room
from bot.core.messages import Address, Attachment, Blocked, NotYet, Outgoing


class Sending:
    """What one account sends. `encryption` has its keys while they are open; `mode` is whether it has any at all."""

    def __init__(self, api: Api, private: PrivateRooms, user: str, mode: str) -> None:
        self._api = api
        self._private = private
        self._user = user
        self._mode = mode
        self.encryption: Encryption | None = None

    async def send(self, to: Address, message: Outgoing, key: str) -> str:
        """Send one message, all of it in its room before another; the last event's id. Raises a SendError."""
        room = await self._private.room(to, private=message.private)
        alone = len(room.members) <= 2
        if not room.others(self._user):
            raise Blocked("nobody is left in the room")
        # A notice never rings: right for answers that a whole room reads, and for what is to be silent.
        quiet = message.silent or (not alone and message.reply_to is not None)
        ringing = None if quiet or alone else "@room"
        kind = "m.notice" if quiet else "m.text"
        sent = ""
        async with room.sending:
            for number, content in enumerate(rendering.contents(message, kind=kind, ringing=ringing)):
                sent = await self._put(room, content, f"{key}-{number}" if number else key)
            if message.attachment is not None:
                await self._put(room, await self._uploaded(room, message.attachment), f"{key}-file")
        return sent

    async def _put(self, room: Room, content: dict[str, Any], key: str) -> str:
        type_ = "m.room.message"
        if room.encrypted:
            if self._mode == "off":
                raise Blocked("the room is encrypted, and [matrix] encryption is off")
            if self.encryption is None:
                raise NotYet("our keys are being opened anew", retry_after=1)
            content = await self.encryption.enciphered(room.id, room.members, type_, content)
            type_ = "m.room.encrypted"
        return str(decoded(await self._api.put(path("rooms", room.id, "send", type_, key), content))["event_id"])

    async def _uploaded(self, room: Room, file: Attachment) -> dict[str, Any]:
        """A file as an event that points to it; in an encrypted room the homeserver gets it enciphered."""
        info = {"mimetype": file.media_type, "size": len(file.content)}
        content: dict[str, Any] = {
            "msgtype": "m.image" if file.media_type.startswith("image/") else "m.file",
            "body": file.name,
            "filename": file.name,
            "info": info,
            "m.mentions": {},  # without it older programs look for names in the name of the file
        }
        data, keys = file.content, None
        if room.encrypted:
            from nio.crypto import encrypt_attachment  # noqa: PLC0415 - rare

            data, keys = encrypt_attachment(file.content)
        answer = decoded(await self._api.call("POST", "/_matrix/media/v3/upload", data, {}))
        where = str(answer["content_uri"])
        return {**content, "file": {**keys, "url": where}} if keys else {**content, "url": where}
