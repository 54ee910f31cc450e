"""What Telegram refuses though the types are right: lengths, buttons, tags; known without the description."""

import re
from collections.abc import Iterator
from typing import Any

from tests.channels import telegram_formatting as formatting

Json = dict[str, Any]

TEXT_UNITS = 4096
CAPTION_UNITS = 1024
NOTICE_UNITS = 200
DATA_BYTES = 64
BUTTONS = 100
ACTIONS = re.compile(
    r"typing|(?:upload|record)_(?:video|video_note|voice)|upload_(?:photo|document)|choose_sticker|find_location"
)
_DOES = (
    *("url", "callback_data", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat"),
    *("switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay"),
)


def broken(method: str, params: Json) -> Iterator[str]:
    """What Telegram would refuse about a request, as it describes it after "Bad Request: "."""
    if _has_surrogates(params):
        yield "strings must be encoded in UTF-8"
    if method == "sendMessage" or (method == "editMessageText" and "rich_message" not in params):
        yield from _formatted(params, "text", TEXT_UNITS)
    if "caption" in params:
        yield from _formatted(params, "caption", CAPTION_UNITS)
    if "reply_markup" in params:
        yield from _markup(params["reply_markup"])
    yield from (f"{name} is empty" for name in _NEEDS.get(method, ()) if name not in params)
    rule = _RULES.get(method)
    if rule is not None:
        yield from rule(params)


def _formatted(params: Json, field: str, most: int) -> Iterator[str]:
    try:
        text, entities = formatting.content(params, field)
    except formatting.Unparsable as error:
        yield f"can't parse entities: {error}"
        return
    length = formatting.units(text)
    if field == "text" and not length:
        yield "message text is empty"
    if length > most:
        yield "message is too long" if field == "text" else "message caption is too long"
    if any(entity["offset"] < 0 or entity["offset"] + entity["length"] > length for entity in entities):
        yield "entity lies outside the text"


def _markup(markup: Any) -> Iterator[str]:
    if not isinstance(markup, dict):
        yield "object expected as reply markup"
        return
    rows = markup.get("inline_keyboard", [])
    buttons = [button for row in rows for button in row]
    if len(buttons) > BUTTONS:
        yield "reply markup is too long"
    for button in buttons:
        if not str(button.get("text", "")).strip():
            yield "can't parse inline keyboard button: text is empty"
        if sum(name in button for name in _DOES) != 1:
            yield "can't parse inline keyboard button: a button does exactly one thing"
        if "callback_data" in button and not 1 <= len(str(button["callback_data"]).encode()) <= DATA_BYTES:
            yield "BUTTON_DATA_INVALID"
        if "url" in button and not re.match(r"(https?|tg)://\S+$", str(button["url"])):
            yield f"inline keyboard button URL '{button['url']}' is invalid"


def _notice(params: Json) -> Iterator[str]:
    if formatting.units(str(params.get("text", ""))) > NOTICE_UNITS:
        yield "MESSAGE_TOO_LONG"


def _action(params: Json) -> Iterator[str]:
    if not ACTIONS.fullmatch(str(params.get("action"))):
        yield "wrong parameter action in request"


def _commands(params: Json) -> Iterator[str]:
    commands = params.get("commands", ())
    if len(commands) > 100:
        yield "BOT_COMMANDS_TOO_MUCH"
    for command in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", str(command.get("command", ""))):
            yield f"BOT_COMMAND_INVALID: {command.get('command')!r}"
        if not 1 <= formatting.units(str(command.get("description", ""))) <= 256:
            yield f"BOT_COMMAND_DESCRIPTION_INVALID: {command.get('command')!r}"
    yield from _language(params)


def _language(params: Json) -> Iterator[str]:
    if not re.fullmatch(r"(?:[a-z]{2})?", str(params.get("language_code", ""))):
        yield "invalid language code specified"


def _description(params: Json) -> Iterator[str]:
    if formatting.units(str(params.get("description", ""))) > 512:
        yield "BOT_DESCRIPTION_TOO_LONG"
    yield from _language(params)


def _short_description(params: Json) -> Iterator[str]:
    if formatting.units(str(params.get("short_description", ""))) > 120:
        yield "BOT_SHORT_DESCRIPTION_TOO_LONG"
    yield from _language(params)


def _webhook(params: Json) -> Iterator[str]:
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", str(params.get("secret_token", ""))):
        yield "secret token contains unallowed characters"
    if not 1 <= params.get("max_connections", 40) <= 100:
        yield "max_connections must be from 1 to 100"


def _updates(params: Json) -> Iterator[str]:
    """The real one silently takes the nearest number; here it is a mistake to be seen."""
    if not 1 <= params.get("limit", 100) <= 100:
        yield "limit must be from 1 to 100"
    if params.get("timeout", 0) < 0:
        yield "timeout must not be negative"


def _has_surrogates(value: Any) -> bool:
    if isinstance(value, str):
        return re.search(r"[\ud800-\udfff]", value) is not None
    if isinstance(value, dict):
        return any(_has_surrogates(one) for one in value.values())
    return isinstance(value, list) and any(_has_surrogates(one) for one in value)


_NEEDS = {
    "answerCallbackQuery": ("callback_query_id",),
    "deleteMessage": ("chat_id", "message_id"),
    "editMessageCaption": ("chat_id", "message_id"),
    "editMessageReplyMarkup": ("chat_id", "message_id"),
    "editMessageText": ("chat_id", "message_id"),
    "getChat": ("chat_id",),
    "getChatAdministrators": ("chat_id",),
    "getChatMember": ("chat_id", "user_id"),
    "leaveChat": ("chat_id",),
    "sendChatAction": ("chat_id",),
    "sendDocument": ("chat_id", "document"),
    "sendMessage": ("chat_id",),
    "sendPhoto": ("chat_id", "photo"),
    "sendVenue": ("chat_id", "latitude", "longitude", "title", "address"),
    "setMyCommands": ("commands",),
    "setWebhook": ("url",),
}
"""Fields no request goes without; edits of inline messages are not for this bot."""
_RULES = {
    "answerCallbackQuery": _notice,
    "deleteMyCommands": _language,
    "getMyCommands": _language,
    "getUpdates": _updates,
    "sendChatAction": _action,
    "setMyCommands": _commands,
    "setMyDescription": _description,
    "setMyShortDescription": _short_description,
    "setWebhook": _webhook,
}
