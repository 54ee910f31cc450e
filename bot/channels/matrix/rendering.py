"""Messages as Matrix shows them: complete as plain text, with a little HTML beside it, and nothing in it that rings."""

import html
import re
from typing import Any

from bot.core.messages import Outgoing, Span

PART = 16_000
"""Characters of one event; with encryption and escapes it stays below the 64 KiB that Matrix takes."""
_ROOM = re.compile(r"@(?=room\b)", re.IGNORECASE)
# Programs keep what begins with a slash for themselves; the bot's commands begin with "!" here.
_COMMAND = re.compile(r"(?:(?<=[\s(„“‚\"])|^)/(?=[a-z_]{3,}\b)")
ABOUT = "org.mitreden.about"
"""The field of a message's content that names the event it is about, for whoever puts a thumb up beside it."""
WORD_JOINER = "\u2060"


def plain(message: Outgoing) -> str:
    """All that is said: the words, the choices as "1 Label", then what else may be typed."""
    lines = [message.text, *numbered(message)]
    if message.controls:
        lines.append(_controls(message))
    return defused("\n".join(lines))


def numbered(message: Outgoing) -> list[str]:
    """The choices, a line each."""
    return [f"{number} {choice.label}" for number, choice in enumerate(message.choices, 1)]


def _controls(message: Outgoing) -> str:
    return " ".join(f"[{control.label}]" for control in message.controls)


def defused(text: str) -> str:
    """Text in which "@room" calls nobody, and commands are written as they are typed here."""
    return _COMMAND.sub("!", _ROOM.sub(f"@{WORD_JOINER}", text))


def formatted(message: Outgoing) -> str:
    """The same words as HTML: paragraphs, line ends, bold numbers. Without its tags it reads like the plain text."""
    spans = message.spans or (Span(message.text),)
    said = "".join(_tagged(span) for span in spans).replace("<br><br>", "</p><p>")
    blocks = [f"<p>{said}</p>"]
    if message.choices:
        lines = (f"<b>{number}</b> {_escaped(choice.label)}" for number, choice in enumerate(message.choices, 1))
        blocks.append(f"<p>{'<br>'.join(lines)}</p>")
    if message.controls:
        blocks.append(f"<p>{_escaped(_controls(message))}</p>")
    return "".join(blocks)


def _tagged(span: Span) -> str:
    # Tags close within their paragraph, so none may stand across two.
    return "<br><br>".join(_tagged_words(span, words) for words in span.text.split("\n\n"))


def _tagged_words(span: Span, text: str) -> str:
    words = _escaped(text)
    if not words:
        return ""
    if span.link:
        words = f'<a href="{html.escape(span.link, quote=True)}">{words}</a>'
    return f"<b>{words}</b>" if span.bold else words


def _escaped(text: str) -> str:
    return html.escape(defused(text), quote=True).replace("\n", "<br>")


def contents(message: Outgoing, *, kind: str, ringing: str | None = None) -> list[dict[str, Any]]:
    """The events that say a message, as `m.text` or `m.notice`; long ones take several, the choices stand in the last.

    `ringing` is a user whose program shall ring, or "@room" for everybody's.
    """
    *before, last = parts(message.text)
    said: list[dict[str, Any]] = [{"msgtype": kind, "body": defused(part)} for part in before]
    spans = message.spans if not before else ()
    rest = Outgoing(text=last, spans=spans, choices=message.choices, controls=message.controls)
    said.append(
        {
            "msgtype": kind,
            "body": plain(rest),
            "format": "org.matrix.custom.html",
            "formatted_body": formatted(rest),
        }
    )
    # Said on every event: without it older programs look for names and "@room" in the text.
    mentions: dict[str, Any] = (
        {} if ringing is None else {"room": True} if ringing == "@room" else {"user_ids": [ringing]}
    )
    about = {ABOUT: message.about} if message.about else {}
    return [_placed({**content, "m.mentions": mentions, **about}, message) for content in said]


def parts(text: str) -> list[str]:
    """A text in pieces that fit, divided at line ends where there are any."""
    found = []
    while len(text) > PART:
        end = text.rfind("\n", 1, PART)
        end = end if end > 0 else PART
        found.append(text[:end])
        text = text[end:].lstrip("\n")
    return [*found, text]


def _placed(content: dict[str, Any], message: Outgoing) -> dict[str, Any]:
    """The content with the message it replaces, the thread it stands in, or what it replies to."""
    if message.replaces is not None:
        new = dict(content)
        return {
            **content,
            "body": f"* {content['body']}",
            "m.new_content": new,
            "m.relates_to": {"rel_type": "m.replace", "event_id": message.replaces},
        }
    relation: dict[str, Any] = {}
    if message.thread is not None:
        relation = {"rel_type": "m.thread", "event_id": message.thread, "is_falling_back": message.reply_to is None}
    if message.reply_to is not None:
        relation["m.in_reply_to"] = {"event_id": message.reply_to}
    return {**content, "m.relates_to": relation} if relation else content
