"""The little formatting that staff may use, bold and links, as a tree that each network shows in its own way.

`**bold**`, `[words](https://example.org)`; an empty line begins a paragraph. Whatever is not exactly that is text.
"""

import re
from collections.abc import Iterator
from typing import Literal

from bot.core.messages import Span
from bot.core.recognition import clean

Markup = tuple[Span, ...]
"""A text from beginning to end. Line ends and empty lines stand in the spans' texts."""
Misfit = Literal["bold", "link"]

_LINK = re.compile(r"\[([^\[\]\n]{1,200})\]\(([^()\s]{1,500})\)")
_BOLD = re.compile(r"\*\*(?=[^\s*])([^*\n]*[^\s*])\*\*")
_MARKED = re.compile(f"{_LINK.pattern}|{_BOLD.pattern}")
# An address without spaces, quotes, brackets or backslashes: nothing in it can end an attribute or begin another.
_ADDRESS = re.compile(r"https?://[\w.-]+(?::\d+)?(?:[/?#][\w.~:/?#@!$&*+,;=%-]*)?|mailto:[\w.+-]+@[\w.-]+", re.ASCII)
_LEFT_OVER = re.compile(r"\]\(")


def read(written: str) -> Markup:
    """The tree of a text. Nothing is refused: what is no formatting, or an address that is not allowed, stays text."""
    return _joined(_spans(clean(written), bold=False))


def _spans(text: str, *, bold: bool) -> Iterator[Span]:
    end = 0
    for found in _MARKED.finditer(text):
        words, address, strong = found.groups()
        if address is not None and not allowed(address):
            continue
        yield Span(text[end : found.start()], bold)
        end = found.end()
        if address is not None:
            yield Span(words, bold, address)
        else:
            yield from _spans(strong, bold=True)
    yield Span(text[end:], bold)


def _joined(spans: Iterator[Span]) -> Markup:
    """Neighbours in the same manner as one; none empty."""
    joined: list[Span] = []
    for span in spans:
        if joined and (joined[-1].bold, joined[-1].link) == (span.bold, span.link) and not span.link:
            joined[-1] = Span(joined[-1].text + span.text, span.bold)
        elif span.text:
            joined.append(span)
    return tuple(joined)


def allowed(address: str) -> bool:
    """Whether an address may be a link: http, https or mailto, and nothing odd in it."""
    return _ADDRESS.fullmatch(address) is not None


def misfit(written: str) -> Misfit | None:
    """What in a text looks like formatting and is none, so that whoever wrote it can mend it."""
    text = "".join(span.text for span in read(written))
    if _LEFT_OVER.search(text):
        return "link"
    return "bold" if "**" in text else None


def written(markup: Markup) -> str:
    """The tree as staff would have typed it; each line for itself, because no formatting goes beyond one."""
    return "".join(_typed(span) for span in markup)


def _typed(span: Span) -> str:
    if not (span.bold or span.link):
        return span.text
    typed = []
    for line in span.text.split("\n"):
        words = line.strip()
        marked = f"[{words}]({span.link})" if span.link else words
        marked = f"**{marked}**" if span.bold else marked
        typed.append(line.replace(words, marked) if words else line)
    return "\n".join(typed)


def plain(markup: Markup) -> str:
    """The whole text without formatting; the address of a link follows its words."""
    return "".join(_said(span) for span in markup)


def _said(span: Span) -> str:
    address = span.link.removeprefix("mailto:")
    return span.text if not span.link or address == span.text else f"{span.text} ({address})"


def formatted(markup: Markup) -> bool:
    """Whether there is anything that plain text does not show."""
    return any(span.bold or span.link for span in markup)
