"""Formatted text as Telegram reads it, because its limits count what is left after the tags are gone."""

import html
import re
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

KINDS = {
    **dict.fromkeys(("b", "strong"), "bold"),
    **dict.fromkeys(("i", "em"), "italic"),
    **dict.fromkeys(("u", "ins"), "underline"),
    **dict.fromkeys(("s", "strike", "del"), "strikethrough"),
    **dict.fromkeys(("span", "tg-spoiler"), "spoiler"),
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
"""The tags Telegram takes, and the entity each becomes: https://core.telegram.org/bots/api#html-style"""

_TOKEN = re.compile(
    r"""(?P<tag><(?:"[^"]*"|'[^']*'|[^>"'])*>?)|(?P<escape>&(?:lt|gt|amp|quot|\#\d+|\#x[0-9a-f]+);)|(?P<text>[^<&]+|&)""",
    re.IGNORECASE,
)
_START = re.compile(r"<([a-z][a-z0-9-]*)(\s.*)?>", re.IGNORECASE | re.DOTALL)
_ATTRIBUTE = re.compile(r"""([a-z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""", re.IGNORECASE)
_DETECTED = re.compile(
    r"(?P<url>https?://[^\s<>]+)"
    r"|(?<![\w/@])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?)(?![\w/])"
    r"|(?<![\w@/])(?P<mention>@[A-Za-z0-9_]{3,32})(?!\w)"
)


class Unparsable(Exception):
    """The text's tags are not what Telegram takes; the message is Telegram's own."""


def units(text: str) -> int:
    """Count UTF-16 code units, the measure of every length and offset in the Bot API."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def content(params: Mapping[str, Any], field: str) -> tuple[str, list[Json]]:
    """Text and entities as the reader gets them, of the field `text` or `caption`; raises Unparsable."""
    text = str(params.get(field) or "")
    mode = str(params.get("parse_mode") or "").lower()
    if mode == "html":
        text, entities = parse_html(text)
    elif mode:
        raise Unparsable(f"this fake understands HTML, not {params['parse_mode']}")
    else:
        entities = [dict(entity) for entity in params.get("entities" if field == "text" else "caption_entities") or ()]
    text, entities = _trimmed(text, entities)
    if not entities:
        entities = detected(text)
    return text, entities


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Take the tags out of a text: what is left, and the entities they stood for; raises Unparsable."""
    plain = ""
    entities: list[Json] = []
    open_tags: list[tuple[str, Json]] = []
    for token in _TOKEN.finditer(source):
        written = token[0]
        if token["escape"]:
            plain += html.unescape(written)
        elif token["text"]:
            plain += written
        elif written.startswith("</"):
            name, entity = _closed(written, open_tags, _bytes_before(source, token))
            entity["length"] = units(plain) - entity["offset"]
            if entity["length"] and (name != "a" or entity["url"]):
                entities.append(entity)
        else:
            open_tags.append(_opened(written, units(plain), _bytes_before(source, token)))
    if open_tags:
        raise Unparsable(f'Can\'t find end tag corresponding to start tag "{open_tags[-1][0]}"')
    return plain, sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))


def detected(text: str) -> list[Json]:
    """Commands, mentions and addresses that Telegram finds by itself in unformatted text."""
    return [
        {"type": found.lastgroup, "offset": units(text[: found.start()]), "length": units(found[0])}
        for found in _DETECTED.finditer(text)
    ]


def _bytes_before(source: str, token: re.Match[str]) -> int:
    return len(source[: token.start()].encode("utf-8", "surrogatepass"))


def _opened(written: str, offset: int, at: int) -> tuple[str, Json]:
    start = _START.fullmatch(written)
    name = start[1].lower() if start else written.strip("<>").partition(" ")[0]
    if start is None or name not in KINDS:
        raise Unparsable(f'Unsupported start tag "{name}" at byte offset {at}')
    attributes = {
        found[1].lower(): found[2] or found[3] or found[4] or "" for found in _ATTRIBUTE.finditer(start[2] or "")
    }
    if name == "span" and attributes.get("class") != "tg-spoiler":
        raise Unparsable(f'Tag "span" must have class "tg-spoiler" at byte offset {at}')
    entity: Json = {"type": KINDS[name], "offset": offset}
    if name == "a":
        entity["url"] = html.unescape(attributes.get("href", ""))
    if name == "blockquote" and "expandable" in attributes:
        entity["type"] = "expandable_blockquote"
    return name, entity


def _closed(written: str, open_tags: list[tuple[str, Json]], at: int) -> tuple[str, Json]:
    name = written.strip("</>").strip().lower()
    if not open_tags:
        raise Unparsable(f"Unexpected end tag at byte offset {at}")
    expected, entity = open_tags.pop()
    if name != expected or not written.endswith(">"):
        raise Unparsable(f'Unmatched end tag at byte offset {at}, expected "</{expected}>", found "</{name}>"')
    return name, entity


def _trimmed(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Telegram drops white space around a message, so a text of blanks is an empty one."""
    stripped = text.strip()
    if stripped == text:
        return text, entities
    before = units(text) - units(text.lstrip())
    kept = []
    for entity in entities:
        start = max(entity["offset"] - before, 0)
        length = min(entity["offset"] - before + entity["length"], units(stripped)) - start
        if length > 0:
            kept.append({**entity, "offset": start, "length": length})
    return stripped, kept
