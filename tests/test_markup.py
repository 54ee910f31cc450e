"""What staff write reaches every network as it was meant, and nothing in it comes alive."""

import re
from html.parser import HTMLParser
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.channels.matrix import rendering as matrix
from bot.channels.telegram import rendering as telegram
from bot.channels.terminal import rendered
from bot.core import markup
from bot.core.messages import Outgoing, Span
from tests.channels.telegram_formatting import parse_html

PIECES = [
    *("**fett**", "**", "*", "[Seite](https://example.org/a?b=1&c=2)", "[", "](", ")", "](javascript:alert(1))"),
    *("[x](java\nscript:a)", '[x](https://e.org/"onmouseover="a)', "[x](data:text/html,x)", "[x](HTTPS://e.org)"),
    *("</b>", "<a href='https://evil.example'>", "<script>alert(1)</script>", "<b>", "&lt;", "&", "&#x3c;", "<!--"),
    *("@room", "@Room", "@**room**", "\u202e", "\u2066", "\u200f", "\x00", "\ud800", "tg://user?id=1", "]]>", "\n\n"),
    *("\n", " ", "'", '"', "`", "${x}", "{0}", "%s", "<img src=x onerror=a>", "![x](https://e.org)", "Grüße", "😀"),
]
CORPUS = ["".join(pair) for pair in product(PIECES[:30], PIECES)]
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=12), max_size=12).map("".join)
ALLOWED = {"p", "b", "a", "br"}


class Reader(HTMLParser):
    """The words of a page; complains about whatever a citizen's program could run, load or follow."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.words = ""
        self.open: list[str] = []
        self.feed(source)
        self.close()
        assert self.open == [], "unclosed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED, tag
        assert tag == "a" or not attrs
        for name, value in attrs:
            assert name == "href"
            assert value is not None
            assert markup.allowed(value)
        if tag in {"br", "p"}:
            self.words += "\n"
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def letters(text: str) -> str:
    """The text without blanks, and without what Matrix puts in so that nothing rings and commands can be typed."""
    return "".join(text.replace(matrix.WORD_JOINER, "").replace("/", "!").split())


def check(written: str) -> None:
    """What was written, through every network: harmless, and every word still there."""
    spans = markup.read(written)
    message = Outgoing(text=markup.plain(spans), spans=spans)
    words = "".join(span.text for span in spans)
    assert not any(character in message.text for character in "\u202e\u2066\x00\ud800")
    assert message.text in rendered(message)
    if (shown := telegram.formatted(message)) is not None:
        read, entities = parse_html(shown)
        assert read == words
        assert {entity["type"] for entity in entities} <= {"bold", "text_link"}
        assert all(markup.allowed(entity["url"]) for entity in entities if entity["type"] == "text_link")
    for content in matrix.contents(message, kind="m.text"):
        assert content["m.mentions"] == {}
        assert not re.search(r"@room\b", content["body"], re.IGNORECASE)
        read = Reader(content["formatted_body"]).words
        assert letters(read) == letters(words)


def test_a_thousand_hostile_texts_are_harmless_on_every_network() -> None:
    assert len(CORPUS) > 1000
    for written in CORPUS:
        check(written)


@settings(max_examples=300, deadline=None)
@example("**[a](https://e.org)\n\nb**")
@example("[a](https://e.org)[a](https://e.org)")
@given(HOSTILE)
def test_whatever_is_typed_is_harmless_on_every_network(written: str) -> None:
    check(written)


def test_bold_and_links_are_what_a_network_shows() -> None:
    spans = markup.read("Kommen Sie **am Montag**. Mehr: [unsere Seite](https://example.org/x?a=1&b=2)")
    message = Outgoing(text=markup.plain(spans), spans=spans)
    assert message.text == "Kommen Sie am Montag. Mehr: unsere Seite (https://example.org/x?a=1&b=2)"
    link = '<a href="https://example.org/x?a=1&amp;b=2">unsere Seite</a>'
    assert telegram.formatted(message) == f"Kommen Sie <b>am Montag</b>. Mehr: {link}"
    assert matrix.formatted(message) == f"<p>Kommen Sie <b>am Montag</b>. Mehr: {link}</p>"
    assert rendered(message) == message.text


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("ganz einfach", None),
        ("2 * 3 = 6, [Klammer] (noch eine)", None),
        ("**offen", "bold"),
        ("** leer **", "bold"),
        ("[hier](www.example.org)", "link"),
        ("[hier](javascript:alert(1))", "link"),
        ("[hier](https://exa mple.org)", "link"),
    ],
)
def test_formatting_that_is_none_is_named_to_whoever_wrote_it(written: str, wrong: str | None) -> None:
    assert markup.misfit(written) == wrong
    assert markup.plain(markup.read(written)) == written


@pytest.mark.parametrize(
    "typed",
    [
        "Kommen Sie **am Montag**. Mehr: [unsere Seite](https://example.org/x?a=1&b=2)",
        "**[fett und Link](https://example.org)** und **mehr**",
        "ganz einfach",
        "",
    ],
)
def test_formatting_can_be_written_down_again(typed: str) -> None:
    assert markup.written(markup.read(typed)) == typed


def test_bold_letters_over_several_lines_are_written_line_by_line() -> None:
    assert markup.written((Span("eins \n\n zwei", bold=True), Span(" drei"))) == "**eins** \n\n **zwei** drei"


def test_paragraphs_close_what_they_open() -> None:
    message = Outgoing(text="a\n\nb", spans=(Span("a\n\nb", bold=True),))
    assert matrix.formatted(message) == "<p><b>a</b></p><p><b>b</b></p>"
