"""How messages look on Matrix: complete as plain text, the same as HTML, and nothing of a citizen's works as either."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.matrix.rendering import contents
from bot.core.messages import Choice, Outgoing

HOSTILE = [
    "<b>fett</b>",
    '</p><a href="https://example.org" onclick="x()">hier</a>',
    "<script>alert(1)</script>",
    "&lt;b&gt; &amp; &#x3c;",
    "@room alle herhören, @ROOM!",
    "@anna:example.org <img src=x>",
    "<mx-reply>so</mx-reply>",
    "zwei\n\nAbsätze\nund Zeilen",
    "\"Zitat\" 'noch eins' `code` **fett** [x](https://example.org)",
]
texts = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200))


def unformatted(formatted: str) -> str:
    """What a reader sees of the HTML; raises AssertionError at any tag that does not come from us."""
    allowed = re.compile(r"</?(?:p|b|br)>")
    rest = allowed.sub("", formatted)
    assert "<" not in rest
    assert ">" not in rest
    lines = formatted.replace("</p><p>", "\n\n").replace("<br>", "\n")
    return html.unescape(allowed.sub("", lines))


def without_gaps(text: str) -> list[str]:
    """The lines that have words: paragraphs are set apart in HTML and by empty lines in plain text."""
    return [line.strip() for line in text.splitlines() if line.strip()]


@given(text=texts, labels=st.lists(texts.map(lambda text: text.replace("\n", " ")), max_size=4), controls=st.booleans())
def test_the_html_says_what_the_plain_text_says_and_nothing_typed_becomes_a_tag(
    text: str, labels: list[str], controls: bool
) -> None:
    message = Outgoing(
        text=text,
        choices=tuple(Choice(f"m:x:{number}", label) for number, label in enumerate(labels)),
        controls=(Choice("c:x:pause", "Pause"),) if controls else (),
    )
    (content,) = contents(message, kind="m.text")
    assert without_gaps(unformatted(content["formatted_body"])) == without_gaps(content["body"])
    assert content["m.mentions"] == {}
    for said in (content["body"], content["formatted_body"]):
        assert not re.search(r"@room\b", said, re.IGNORECASE)


@pytest.mark.parametrize("length", [15_999, 16_000, 16_001, 40_000])
def test_a_long_message_takes_several_events_that_all_fit_and_lose_nothing(length: int) -> None:
    line = "ä" * 99 + "\n"
    text = (line * (length // 100 + 1))[:length]
    said = contents(Outgoing(text=text, choices=(Choice("m:x:1", "Ja"),)), kind="m.text")
    assert "".join(one["body"] for one in said).replace("\n", "") == text.replace("\n", "") + "1 Ja"
    assert all(len(one["body"].encode()) + len(one.get("formatted_body", "").encode()) < 65_536 for one in said)


def test_only_an_announcement_names_everybody_and_says_so_once() -> None:
    (loud,) = contents(Outgoing(text="Neuer Termin für @room"), kind="m.text", ringing="@room")
    (quiet,) = contents(Outgoing(text="Neuer Termin für @room"), kind="m.notice")
    assert (loud["m.mentions"], quiet["m.mentions"]) == ({"room": True}, {})
    assert "@room" not in loud["body"]
