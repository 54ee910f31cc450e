"""A message as the Bot API takes it: text within its limit, buttons that a thumb can hit."""

import html
from typing import Any

from bot.core.messages import Choice, Outgoing, Span

MOST_UNITS = 4096
"""UTF-16 units of one message: https://core.telegram.org/bots/api#sendmessage"""
MOST_UNDER_A_FILE = 1024
"""UTF-16 units of a caption: https://core.telegram.org/bots/api#senddocument"""
SHORT_LABEL = 14
"""Characters of a label, its number included, of which two fit side by side on a phone."""
MANY = 6
TICK = "✓ "


def parts(text: str) -> list[str]:
    """A text in pieces that fit into messages, cut at line ends where there are any."""
    if _units(text) <= MOST_UNITS:
        return [text]
    pieces: list[str] = []
    piece = ""
    for line in text.split("\n"):
        longer = f"{piece}\n{line}" if piece else line
        if _units(longer) <= MOST_UNITS:
            piece = longer
            continue
        if piece:
            pieces.append(piece)
        while _units(line) > MOST_UNITS:
            cut = _fitting(line)
            pieces.append(line[:cut])
            line = line[cut:]  # noqa: PLW2901 - the rest of the same line
        piece = line
    return [*pieces, piece] if piece.strip() or not pieces else pieces


def fits_under_a_file(text: str) -> bool:
    """Whether a text can go in the same request as a file."""
    return 0 < _units(text) <= MOST_UNDER_A_FILE


def formatted(message: Outgoing) -> str | None:
    """The text as Telegram's HTML, where there is something to format and it fits into one message."""
    if not any(span.bold or span.link for span in message.spans) or _units(message.text) > MOST_UNITS:
        return None
    return "".join(_tagged(span) for span in message.spans)


def _tagged(span: Span) -> str:
    words = html.escape(span.text, quote=True)
    if span.link:
        words = f'<a href="{html.escape(span.link, quote=True)}">{words}</a>'
    return f"<b>{words}</b>" if span.bold else words


def keyboard(message: Outgoing) -> dict[str, Any] | None:
    """The buttons: choices with their numbers, then what ends a selection, then back, skip and pause in a row."""
    labels = [
        _button(choice, f"{TICK if choice.ticked else ''}{number} {choice.label}")
        for number, choice in enumerate(message.choices, 1)
    ]
    short = len(labels) > MANY and all(len(label["text"]) <= SHORT_LABEL for label in labels)
    in_a_row = 2 if short else 1
    rows = [labels[start : start + in_a_row] for start in range(0, len(labels), in_a_row)]
    if message.done:
        rows.append([_button(message.done, message.done.label)])
    if message.controls:
        rows.append([_button(control, control.label) for control in message.controls])
    return {"inline_keyboard": rows} if rows else None


def _button(choice: Choice, text: str) -> dict[str, str]:
    return {"text": text, "callback_data": choice.key}


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _fitting(line: str) -> int:
    """How many characters of a line fit, preferably up to a space."""
    cut = MOST_UNITS // 2
    while cut < len(line) and _units(line[: cut + 1]) <= MOST_UNITS:
        cut += 1
    space = line.rfind(" ", 0, cut)
    return space + 1 if space > 0 else cut
