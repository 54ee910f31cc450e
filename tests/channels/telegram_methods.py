"""What each method of the Bot API does to the chats, once a request is known to be well formed."""

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.channels.bot_api import File, Refusal
from tests.channels.telegram_callbacks import Callbacks
from tests.channels.telegram_chats import Chat, Chats, rows, shown
from tests.channels.telegram_formatting import content
from tests.channels.telegram_updates import Updates
from tests.channels.telegram_webhook import Webhook

Json = dict[str, Any]

NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)
WEBHOOK_IS_SET = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)


class Methods:
    """The methods by name; each takes the parameters and gives the result, or raises Refusal."""

    def __init__(self, chats: Chats, updates: Updates, callbacks: Callbacks, webhook: Webhook) -> None:
        self.settings: dict[tuple[str, str, str], Any] = {}
        self._chats = chats
        self._updates = updates
        self._callbacks = callbacks
        self._webhook = webhook
        self._waiting: dict[str, Callable[[Json], Awaitable[Any]]] = {
            "getUpdates": self._get_updates,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
        }
        self._known: dict[str, Callable[[Json], Any]] = {
            "answerCallbackQuery": lambda p: callbacks.answer(p["callback_query_id"], p.get("text", "")),
            "deleteMessage": self._delete_message,
            "deleteMyCommands": lambda p: self._set("commands", p, None),
            "editMessageCaption": lambda p: self._edit(p, "caption"),
            "editMessageReplyMarkup": lambda p: self._edit(p, None),
            "editMessageText": lambda p: self._edit(p, "text"),
            "getChat": lambda p: self._full(chats.find(p["chat_id"])),
            "getChatAdministrators": self._administrators,
            "getChatMember": self._get_member,
            "getMe": lambda _: {**chats.bot, "can_join_groups": True, "can_read_all_group_messages": True},
            "getMyCommands": lambda p: self._setting("commands", p) or [],
            "getMyDescription": lambda p: {"description": self._setting("description", p) or ""},
            "getMyShortDescription": lambda p: {"short_description": self._setting("short_description", p) or ""},
            "getWebhookInfo": lambda _: webhook.info(),
            "leaveChat": self._leave,
            "sendChatAction": lambda p: bool(chats.open_chat(p["chat_id"])),
            "sendDocument": lambda p: self._send(p, document=self._file(p, "document")),
            "sendMessage": self._send_message,
            "sendPhoto": self._send_photo,
            "sendVenue": self._send_venue,
            "setMyCommands": lambda p: self._set("commands", p, p["commands"]),
            "setMyDescription": lambda p: self._set("description", p, p.get("description")),
            "setMyShortDescription": lambda p: self._set("short_description", p, p.get("short_description")),
        }

    def has(self, method: str) -> bool:
        """Whether there is such a method here."""
        return method in self._waiting or method in self._known

    async def perform(self, method: str, params: Json) -> Any:
        """Do it; what Telegram gives back, which is `true` for methods nobody needed yet."""
        if method in self._waiting:
            return await self._waiting[method](params)
        return self._known[method](params) if method in self._known else True

    async def _get_updates(self, params: Json) -> list[Json]:
        if self._webhook.url:
            raise Refusal(409, WEBHOOK_IS_SET)
        self._updates.allowed = params.get("allowed_updates", self._updates.allowed)
        return await self._updates.get(params.get("offset", 0), params.get("limit", 100), params.get("timeout", 0))

    async def _set_webhook(self, params: Json) -> bool:
        self._updates.terminate("Conflict: terminated by setWebhook request")
        self._updates.allowed = params.get("allowed_updates", self._updates.allowed)
        if params.get("drop_pending_updates"):
            self._updates.drop()
        await self._webhook.send_to(params["url"], params.get("secret_token", ""), params.get("max_connections", 40))
        return True

    async def _delete_webhook(self, params: Json) -> bool:
        return await self._set_webhook({**params, "url": ""})

    def _send_message(self, params: Json) -> Json:
        text, entities = content(params, "text")
        return self._send(params, text=text, **({"entities": entities} if entities else {}))

    def _send_photo(self, params: Json) -> Json:
        size = {name: value for name, value in self._file(params, "photo").items() if name.startswith("file_")}
        size.pop("file_name", None)
        return self._send(params, photo=[{**size, "width": 640, "height": 480}])

    def _send_venue(self, params: Json) -> Json:
        location = {name: params[name] for name in ("latitude", "longitude")}
        venue = {"location": location, "title": params["title"], "address": params["address"]}
        return self._send(params, venue=venue, location=location)

    def _send(self, params: Json, **more: Any) -> Json:
        chat = self._chats.open_chat(params["chat_id"])
        reply_to = params.get("reply_parameters", {})
        if reply_to and not reply_to.get("allow_sending_without_reply") and reply_to["message_id"] not in chat.messages:
            raise Refusal(400, "Bad Request: message to be replied not found")
        if "caption" in params:
            caption, entities = content(params, "caption")
            more |= {"caption": caption} if caption else {}
            more |= {"caption_entities": entities} if entities else {}
        if rows(params.get("reply_markup")):
            more["reply_markup"] = params["reply_markup"]
        return self._chats.add_message(chat, self._chats.bot, **more)

    def _file(self, params: Json, field: str) -> Json:
        """A file as Telegram describes it: one that was sent along, or one it has already."""
        given = params[field]
        if isinstance(given, str):
            given = params.get(given.removeprefix("attach://"), given)
        if isinstance(given, File):
            number = f"file{len(self._chats.files) + 1}"
            kept: Json = {"file_id": number, "file_unique_id": f"unique-{number}", "file_size": len(given.content)}
            kept |= {"file_name": given.name, "mime_type": given.content_type}
            self._chats.files[number] = kept
            return kept
        if isinstance(given, str) and given in self._chats.files:
            return self._chats.files[given]
        raise Refusal(400, "Bad Request: wrong file identifier/HTTP URL specified")

    def _edit(self, params: Json, field: str | None) -> Json:
        chat = self._chats.open_chat(params["chat_id"])
        message = chat.messages.get(params["message_id"])
        if message is None:
            raise Refusal(400, "Bad Request: message to edit not found")
        if message["from"] != self._chats.bot:
            raise Refusal(400, "Bad Request: message can't be edited")
        if field == "text" and "text" not in message:
            raise Refusal(400, "Bad Request: there is no text in the message to edit")
        if field == "caption" and "text" in message:
            raise Refusal(400, "Bad Request: there is no caption in the message to edit")
        edited = {name: value for name, value in message.items() if name not in {"reply_markup", "edit_date"}}
        if field is not None:
            edited.pop(entities_field := "entities" if field == "text" else "caption_entities", None)
            edited[field], entities = content(params, field)
            edited |= {entities_field: entities} if entities else {}
        if rows(params.get("reply_markup")):
            edited["reply_markup"] = params["reply_markup"]
        if edited == {name: value for name, value in message.items() if name != "edit_date"}:
            raise Refusal(400, NOT_MODIFIED)
        chat.note("<", f"(edited) {shown(edited)}", edited.get("reply_markup"))
        chat.messages[params["message_id"]] = edited | {"edit_date": int(time.time())}
        chat.edits.append(params["message_id"])
        chat.changed()
        return chat.messages[params["message_id"]]

    def _delete_message(self, params: Json) -> bool:
        chat = self._chats.open_chat(params["chat_id"])
        message = chat.messages.get(params["message_id"])
        if message is None:
            raise Refusal(400, "Bad Request: message to delete not found")
        if message["from"] != self._chats.bot and not chat.private:
            raise Refusal(400, "Bad Request: message can't be deleted")
        del chat.messages[params["message_id"]]
        chat.note("<", f"(deleted) {shown(message)}")
        chat.edits.append(params["message_id"])
        chat.changed()
        return True

    def _set(self, name: str, params: Json, value: Any) -> bool:
        self.settings[name, _scope(params), params.get("language_code", "")] = value
        return True

    def _setting(self, name: str, params: Json) -> Any:
        return self.settings.get((name, _scope(params), params.get("language_code", "")))

    def _full(self, chat: Chat) -> Json:
        return {**chat.raw, "accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": _NO_GIFTS}

    def _administrators(self, params: Json) -> list[Json]:
        chat = self._chats.open_chat(params["chat_id"])
        if chat.private:
            raise Refusal(400, "Bad Request: there are no administrators in the private chat")
        people = [(user, status) for user, status in chat.members.values() if user != self._chats.bot]
        return [member(user, status) for user, status in people if status in {"creator", "administrator"}]

    def _get_member(self, params: Json) -> Json:
        chat = self._chats.open_chat(params["chat_id"])
        if params["user_id"] in chat.members:
            return member(*chat.members[params["user_id"]])
        stranger = self._chats.known.get(params["user_id"])
        if stranger is None:
            raise Refusal(400, "Bad Request: invalid user_id specified")
        return member(stranger.members[stranger.id][0], "left")

    def _leave(self, params: Json) -> bool:
        chat = self._chats.open_chat(params["chat_id"])
        if chat.private:
            raise Refusal(400, "Bad Request: chat member status can't be changed in private chats")
        chat.state = "left"
        return True


def member(user: Json, status: str) -> Json:
    """A ChatMember in the shape its status has."""
    more: Json = {}
    if status == "administrator":
        more = dict.fromkeys(_RIGHTS, False) | {"can_manage_chat": True}
    elif status == "creator":
        more = {"is_anonymous": False}
    elif status == "kicked":
        more = {"until_date": 0}
    return {"user": user, "status": status, **more}


def _scope(params: Json) -> str:
    """The scope of a menu as a key: `default`, or all of it where it says more than its type."""
    scope = params.get("scope", {"type": "default"})
    return str(scope["type"]) if len(scope) == 1 else json.dumps(scope, sort_keys=True)


_GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
_NO_GIFTS = dict.fromkeys(_GIFTS, False)
_RIGHTS = (
    *("can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats"),
    *("can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories"),
    *("can_edit_stories", "can_delete_stories"),
)
