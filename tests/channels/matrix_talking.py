"""What a person in Matrix rooms says, in the shapes that apps give it, whichever library theirs is made of."""

from abc import abstractmethod
from typing import Any

from tests.channels.matrix_listening import Json, Listener


class Talker(Listener):
    """One person who also speaks; every verb returns the event id of what was said."""

    @abstractmethod
    async def sends(self, event_type: str, content: Json, room: str = "") -> str:
        """Any event with any content that gets through."""

    async def says(self, text: str, room: str = "", **content: Any) -> str:
        """Type a message; further fields of its content as given."""
        return await self.sends("m.room.message", {"msgtype": "m.text", "body": text, **content}, room)

    async def says_html(self, text: str, html: str, room: str = "", **content: Any) -> str:
        """Say something formatted."""
        return await self.says(text, room, format="org.matrix.custom.html", formatted_body=html, **content)

    async def mentions(self, user_id: str, text: str, room: str = "") -> str:
        """Say something to somebody, as apps do when a name is picked from the list."""
        pill = f'<a href="https://matrix.to/#/{user_id}">{user_id}</a>'
        said = f"{user_id}: {text}"
        return await self.says_html(said, f"{pill}: {text}", room, **{"m.mentions": {"user_ids": [user_id]}})

    async def notices(self, text: str, room: str = "") -> str:
        """Say something as bots do."""
        return await self.says(text, room, msgtype="m.notice")

    async def edits(self, event_id: str, text: str, room: str = "") -> str:
        """Correct a message of one's own."""
        new = {"msgtype": "m.text", "body": text}
        relation = {"rel_type": "m.replace", "event_id": event_id}
        return await self.says(f"* {text}", room, **{"m.new_content": new, "m.relates_to": relation})

    async def replies(self, event_id: str, text: str, room: str = "") -> str:
        """Answer a message."""
        return await self.says(text, room, **{"m.relates_to": {"m.in_reply_to": {"event_id": event_id}}})

    async def says_in_thread(self, root: str, text: str, room: str = "") -> str:
        """Say something in the thread below a message."""
        fallback = {"is_falling_back": True, "m.in_reply_to": {"event_id": root}}
        relation = {"rel_type": "m.thread", "event_id": root, **fallback}
        return await self.says(text, room, **{"m.relates_to": relation})

    async def reacts(self, event_id: str, key: str = "👍", room: str = "") -> str:
        """Put a sign beside a message."""
        relation = {"rel_type": "m.annotation", "event_id": event_id, "key": key}
        return await self.sends("m.reaction", {"m.relates_to": relation}, room)
