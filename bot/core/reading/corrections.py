"""Which word of a vocabulary a misspelled one stands for: by its letters, or by how it sounds."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from rapidfuzz import process
from rapidfuzz.distance import OSA

_SHORTEST_GUESS = 5
"""Letters that a word needs before a typing error in it is overlooked."""


class Corrections:
    """Corrects words. `known` are whole words, `stems` may be followed by one of `endings`.

    `sounds` are replaced one after the other to compare words that sound alike. Most languages are only looked into for
    whether they know a word, so the tables are made with the first word that is to be corrected.
    """

    def __init__(
        self,
        known: Collection[str],
        stems: Collection[str],
        endings: Collection[str],
        sounds: Sequence[tuple[str, str]],
    ) -> None:
        self._known = known
        self._stems = stems
        self._endings = sorted({*endings, ""})
        self._sounds = sounds

    def of(self, word: str) -> str | None:
        """The word that this one stands for; None where it could be several or none."""
        sound = self._sound(word)
        alike = [known for known in self._by_sound.get(sound, ()) if abs(len(known) - len(word)) <= 2]
        allowed = 1 if len(word) < 8 else 2
        if len(word) >= _SHORTEST_GUESS:
            near = self._near.get((len(word), sound[:1]), ())
            found = process.extractOne(word, near, scorer=OSA.distance, score_cutoff=allowed)
            if found and self._sound(found[0][:1]) == self._sound(word[:1]):
                return str(found[0])
        best = process.extractOne(
            word, alike, scorer=OSA.distance, score_cutoff=allowed + (len(word) > _SHORTEST_GUESS)
        )
        return str(best[0]) if best and len(sound) >= 3 else None

    @cached_property
    def _long(self) -> Sequence[str]:
        """Every word in which a typing error may be."""
        words = {word for word in self._known if len(word) >= _SHORTEST_GUESS}
        stems = [stem for stem in self._stems if len(stem) >= _SHORTEST_GUESS - 1]
        return sorted(words | {stem + ending for stem in stems for ending in self._endings})

    @cached_property
    def _by_sound(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for word in sorted({*self._long, *(known for known in self._known if len(known) >= 4)}):
            found[self._sound(word)].append(word)
        return found

    @cached_property
    def _near(self) -> Mapping[tuple[int, str], Sequence[str]]:
        """By length and first sound the words that are at most two letters longer or shorter."""
        found: dict[tuple[int, str], list[str]] = defaultdict(list)
        for word in self._long:
            first = self._sound(word)[:1]
            for length in range(len(word) - 2, len(word) + 3):
                found[length, first].append(word)
        return found

    def _sound(self, word: str) -> str:
        """What a word sounds like: the replacements made, doubled letters once, no vowels after the first letter."""
        for old, new in self._sounds:
            word = word.replace(old, new)
        kept = [letter for number, letter in enumerate(word) if number == 0 or letter not in "aeiouy"]
        return "".join(letter for number, letter in enumerate(kept) if number == 0 or letter != kept[number - 1])
