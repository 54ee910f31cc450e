"""Finds the places that a question names: venues of events, and parts of the city where none takes place."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import process as fuzzy
from rapidfuzz.distance import OSA

from bot.core.events import Event
from bot.core.reading.words import Word, split

LONGEST_ENDING = 4
"""Letters that a language may put behind a name: "Misburger", "Sahlkampie"."""
LONGEST_NAME = 5
SURELY_LONG = 7
"""Letters of which a misspelled name needs as many to be no word of another language."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place named by the words from `start` to `end`: the events there, none for a place without one."""

    start: int
    end: int
    events: frozenset[str]
    name: str


class Places:
    """Every name of a process's venues, in any spelling, and the names of other parts of the city."""

    def __init__(self, events: Iterable[Event], elsewhere: Iterable[str]) -> None:
        self._names: dict[str, tuple[frozenset[str], str]] = {}
        for name in elsewhere:
            self._add(name, frozenset())
        for event in events:
            for name in _names(event):
                self._add(name, frozenset({event.id}))
        self._long: dict[int, list[str]] = {}
        for joined in self._names:
            for length in range(len(joined) - 2, len(joined) + 3):
                if len(joined) >= 5:
                    self._long.setdefault(length, []).append(joined)
        self._longest = max((len(name) for name in self._names), default=0) + LONGEST_ENDING

    def _add(self, name: str, events: frozenset[str]) -> None:
        joined = "".join(word.text for word in split(name))
        if joined:
            known = self._names.get(joined, (frozenset(), ""))[0]
            self._names[joined] = (known | events if events else known, name)

    def has(self, word: str, *, guess: bool = False) -> bool:
        """Whether a folded word is the name of a place, or with `guess` a long one misspelled."""
        if len(word) >= LONGEST_ENDING and word in self._names:
            return True
        return guess and len(word) >= SURELY_LONG and self._guessed(word, (), lambda _: False) is not None

    def find(
        self,
        words: Sequence[Word],
        known: Callable[[str], bool],
        means: Callable[[str], bool],
        introduced: Callable[[int], bool],
        prefixes: Sequence[str],
    ) -> list[Place]:
        """The places in a question, from left to right.

        `known` are words of the language, in which no name is guessed; one that `means` something alone needs "in" or
        the like before it (`introduced`) to be a name. `prefixes` may be written together with a name.
        """
        found: list[Place] = []
        start = 0
        while start < len(words):
            place = self._at(words, start, known, means, introduced, prefixes)
            if place:
                found.append(place)
            start = place.end if place else start + 1
        return found

    def _at(  # noqa: PLR0913, PLR0917 - what a name is recognised by
        self,
        words: Sequence[Word],
        start: int,
        known: Callable[[str], bool],
        means: Callable[[str], bool],
        introduced: Callable[[int], bool],
        prefixes: Sequence[str],
    ) -> Place | None:
        for length in range(min(LONGEST_NAME, len(words) - start), 0, -1):
            part = words[start : start + length]
            if any(word.kind in {"date", "clock"} or word.clause != part[0].clause for word in part):
                continue
            joined = "".join(word.text for word in part)
            if len(joined) > self._longest:
                continue
            common = length == 1 and means(joined)
            exact = joined if joined in self._names else None
            name = exact if common or length > 1 else self._named(joined, prefixes)
            if (
                name is None
                and length <= 2
                and len(joined) >= 5 + (length > 1)
                and not any(len(w.text) > 3 and known(w.text) for w in part if length == 1)
            ):
                name = self._guessed(joined, part, known)
            if name and not (common and not introduced(start)):
                events, shown = self._names[name]
                return Place(start, start + length, events, shown)
        return None

    def _named(self, joined: str, prefixes: Sequence[str]) -> str | None:
        if joined in self._names:
            return joined
        for cut in range(1, LONGEST_ENDING + 1):
            if len(joined) - cut >= 4 and joined[:-cut] in self._names and (len(joined) - cut >= 5 or cut <= 2):
                return joined[:-cut]
        for prefix in prefixes:
            rest = joined.removeprefix(prefix)
            if rest != joined and rest in self._names:
                return rest
        return None

    def _guessed(self, joined: str, part: Sequence[Word], known: Callable[[str], bool]) -> str | None:
        if len(part) == 2 and any(known(word.text) for word in part):
            return None
        best = fuzzy.extract(
            joined,
            self._long.get(len(joined), ()),
            scorer=OSA.distance,
            score_cutoff=1 if len(joined) < 7 else 2,
            limit=2,
        )
        if not best or (
            len(best) > 1 and best[0][1] == best[1][1] and self._names[best[0][0]][0] != self._names[best[1][0]][0]
        ):
            return None
        name = str(best[0][0])
        return name if name[0] == joined[0] or best[0][1] <= 1 else None


def _names(event: Event) -> Iterable[str]:
    """What an event may be called: its id, place, street, and what organisers added."""
    yield event.id
    yield event.place.partition("(")[0]
    yield event.address
    yield event.address.rstrip("0123456789 ")
    yield from event.aliases
