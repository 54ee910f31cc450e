"""Pictures of results as SVG: drawn once, shown in the page as they are and sent to a chat as PNG.

They are made for the width of a telephone: a label stands above its bar, never beside it. Colours can be told apart by
people who see colours differently, and nothing is said by colour alone: every number is written.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

WIDTH = 360
EDGE = 12
SIZE = 14
"""Units; at the width of a telephone a unit is a pixel."""
INK, SOFT, TRACK, BAR = "#1a1a1a", "#4a4a4a", "#e9edf1", "#1f5f8b"
AGAINST, NEUTRAL, FOR = ("#b35806", "#f1a340"), "#d9d9d9", ("#998ec3", "#542788")
"""Orange against purple, https://colorbrewer2.org (PuOr): made for every kind of colour vision."""
_NARROW, _WIDE = set("iljtfrI.,:;'|!()[] –"), set("mwMWÄÖÜ@%—QOGDHNU")


@dataclass(frozen=True, slots=True)
class Bar:
    """One answer: its words, the numbers as they are read, and its share from 0 to 1 (None: kept back)."""

    label: str
    numbers: str
    share: float | None


@dataclass(frozen=True, slots=True)
class Balance:
    """Answers on a scale: its words, the share of each point from the lowest on (None: kept back), and the mean."""

    label: str
    shares: tuple[float, ...] | None
    numbers: str


@dataclass(slots=True)
class _Sheet:
    """What is drawn, from top to bottom."""

    y: float = float(EDGE)
    drawn: list[str] = field(default_factory=list)

    def text(self, words: str, *, size: float = SIZE, colour: str = INK, bold: bool = False) -> None:
        """Words in as many lines as they need."""
        for line in wrapped(words, WIDTH - 2 * EDGE, size):
            self.y += size * 1.35
            self.put(line, EDGE, self.y - size * 0.3, size=size, colour=colour, bold=bold)

    def put(  # noqa: PLR0913 - where and how
        self,
        words: str,
        x: float,
        y: float,
        *,
        size: float = SIZE,
        colour: str = INK,
        anchor: str = "start",
        bold: bool = False,
    ) -> None:
        """One line of words at a place."""
        more = f' text-anchor="{anchor}"' if anchor != "start" else ""
        # The font of the PNG has one weight: a thin line around the letters makes them bold there, too.
        more += f' stroke="{colour}" stroke-width="0.4"' if bold else ""
        self.drawn.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{colour}"{more}>{escape(words)}</text>'
        )

    def box(  # noqa: PLR0913 - as above
        self, x: float, y: float, width: float, height: float, colour: str, *, line: str = ""
    ) -> None:
        """A filled rectangle."""
        more = f' stroke="{line}" stroke-width="0.75"' if line else ""
        self.drawn.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:g}" fill="{colour}"{more}/>'
        )

    def svg(self, alternative: str) -> str:
        """The whole picture; `alternative` is read out instead of it."""
        height = round(self.y + EDGE)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            f'role="img" aria-label="{escape(alternative)}" font-family="DejaVu Sans, system-ui, sans-serif">'
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>{"".join(self.drawn)}</svg>'
        )


def bars(lines: Iterable[Bar], *, title: str = "", below: Sequence[str] = (), alternative: str = "") -> str:
    """A bar for each answer: its length is the share of the people who answered."""
    sheet = _titled(title)
    for line in lines:
        sheet.text(line.label)
        numbers = width_of(line.numbers, 13) + 10
        longest = WIDTH - 2 * EDGE - max(numbers, 104)
        sheet.y += 3
        if line.share is not None:
            sheet.box(EDGE, sheet.y, longest, 16, TRACK)
            sheet.box(EDGE, sheet.y, longest * line.share, 16, BAR)
        sheet.put(line.numbers, WIDTH - EDGE, sheet.y + 12.5, size=13, anchor="end")
        sheet.y += 22
    _close(sheet, below)
    return sheet.svg(alternative)


def balance(
    rows: Iterable[Balance], points: Sequence[str], *, title: str = "", below: Sequence[str] = (), alternative: str = ""
) -> str:
    """Bars around a middle: what is against it reaches to the left, what is for it to the right."""
    rows = list(rows)
    sheet = _titled(title)
    reach = max((max(_reach(row.shares)) for row in rows if row.shares), default=0.5) or 0.5
    middle, unit = WIDTH / 2, (WIDTH / 2 - EDGE) / reach
    colours = _colours(len(points))
    for row in rows:
        if row.label:
            sheet.text(row.label)
        sheet.y += 4
        if row.shares:
            x = middle - _reach(row.shares)[0] * unit
            for share, colour in zip(row.shares, colours, strict=True):
                wide = share * unit
                sheet.box(x, sheet.y, wide, 24, colour, line=INK)
                percent = f"{share * 100:.0f}"
                if wide > width_of(percent, 12) + 6:
                    ink = "#fff" if colour in {AGAINST[0], FOR[-1]} else INK
                    sheet.put(percent, x + wide / 2, sheet.y + 16.5, size=12, colour=ink, anchor="middle")
                x += wide
            for tick in (sheet.y - 5, sheet.y + 24):
                sheet.box(middle - 0.75, tick, 1.5, 5, INK)
            sheet.y += 29
        sheet.text(row.numbers, size=12.5, colour=SOFT)
        sheet.y += 6
    sheet.y += 4
    for point, colour in zip(points, colours, strict=True):
        sheet.box(EDGE, sheet.y + 3, 14, 14, colour, line=INK)
        sheet.put(point, EDGE + 22, sheet.y + 14.5, size=13)
        sheet.y += 20
    _close(sheet, below)
    return sheet.svg(alternative)


def wrapped(words: str, width: float, size: float) -> list[str]:
    """Words in lines that fit."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if width_of(longer, size) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def width_of(words: str, size: float) -> float:
    """About how wide words are in DejaVu Sans, rather too wide than too narrow."""
    ems = sum(0.36 if one in _NARROW else 0.84 if one in _WIDE else 0.7 if one.isupper() else 0.62 for one in words)
    return ems * size


def _titled(title: str) -> _Sheet:
    sheet = _Sheet()
    if title:
        sheet.text(title, size=16, bold=True)
        sheet.y += 8
    return sheet


def _close(sheet: _Sheet, below: Sequence[str]) -> None:
    sheet.y += 2 if below else 0
    for words in below:
        sheet.text(words, size=12.5, colour=SOFT)


def _reach(shares: Sequence[float] | None) -> tuple[float, float]:
    """How far a bar reaches to the left and to the right; a point in the middle lies half on each side."""
    if not shares:
        return 0.0, 0.0
    half = len(shares) // 2
    neutral = shares[half] / 2 if len(shares) % 2 else 0.0
    return sum(shares[:half]) + neutral, sum(shares[-half:] if half else ()) + neutral


def _colours(points: int) -> list[str]:
    half = points // 2
    against = [AGAINST[min(number, 1)] for number in range(half)]
    return [
        *against,
        *([NEUTRAL] if points % 2 else []),
        *(FOR[0 if number < half - 1 else 1] for number in range(half)),
    ]
