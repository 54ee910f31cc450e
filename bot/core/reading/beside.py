"""Finds what people say to the bot beside its dates: about their data, about the bot itself, and words of courtesy."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.core.reading.declined import OFFICE
from bot.core.reading.question import Question
from bot.core.reading.reading import Reading
from bot.core.reading.vocabulary import Vocabulary
from bot.core.reading.words import Word, split

ASKED = ("erasing", "readers", "anonymous", "stored", "length", "bot", "human")
"""What is asked of the bot; where a message could ask several, the first one."""
LANGUAGE = "language"
"""A whole message that names a language."""
COURTESIES = (LANGUAGE, "thanks", "farewell", "greeting")
"""What is said for its own sake, in a message that says little else."""
LONGEST = 20
"""Words; a longer message tells something, and only happens to say one of these."""
BESIDE = ("unknown", "online_participation", "topic", "who_may_attend")
"""Intents that what is asked of the bot itself ("Ist das anonym?") is easily taken for."""
OF_DATA = ("erasing", "readers", "stored")
"""What is asked about somebody's data: "alle meine Daten löschen" wants no list of all events."""
SOUNDING = frozenset({"results", "decision"})
"""Subjects that a question about data sounds like: "was passiert mit meinen Daten"."""
BRIEF = 3
"""Words up to which a message may be a greeting in any language: longer ones show by themselves what they are in."""
SHORT = 6
"""The same for what is asked about data."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What was said, by the key of `[beside]` and of its sentence, and the language it was said in."""

    about: str
    language: str


@dataclass(frozen=True, slots=True)
class Asides:
    """What is said to the bot beside its dates, in every language; those of the process are `languages`."""

    vocabularies: Mapping[str, Vocabulary]
    languages: Sequence[str]

    def added(self, reading: Reading, question: Question, text: str, expected: str) -> Reading:
        """The reading with what was said beside the dates, where none of them is asked for."""
        listed = reading.intent == "event_list" and reading.scope in {"all", "coming"}
        listed = listed and not (question.has("event", "events", "evening") or question.places or question.days)
        if (
            not (listed or reading.intent in BESIDE)
            or reading.nowhere
            or (reading.intent == "unknown" and reading.answer)
        ):
            return reading
        found = self._said(split(text), [expected, reading.language])
        if found is None or (listed and found.about not in OF_DATA) or not self._told_better(reading, found):
            return reading
        if found.about == "length" and reading.intent != "unknown":
            return replace(reading, beside=found.about)
        return Reading(intent="unknown", language=found.language, beside=found.about)

    def _said(self, words: Sequence[Word], expected: Iterable[str]) -> Beside | None:
        """What was said in the languages expected; where it was said in few words, in any."""
        spoken = [one for one in dict.fromkeys(expected) if one in self.vocabularies]
        others = [one for one in self.vocabularies if one not in spoken and "-" not in one]
        if len(words) <= BRIEF:
            return said_beside(words, (self.vocabularies[one] for one in (*spoken, *others)))
        found = said_beside(words, (self.vocabularies[one] for one in spoken))
        if found or len(words) > SHORT:
            return found
        elsewhere = said_beside(words, (self.vocabularies[one] for one in others))
        return elsewhere if elsewhere and elsewhere.about in OF_DATA else None

    def _told_better(self, reading: Reading, found: Beside) -> bool:
        """Whether what was said beside the dates says more than the reading, which may name what is not known."""
        if found.about == LANGUAGE:  # /sprache is for those of the survey
            offered = {tag.partition("-")[0] for tag in self.languages}
            return found.language.partition("-")[0] not in offered
        if found.about == "human":
            return reading.intent == "unknown" and OFFICE.issuperset(reading.declined)
        if found.about == "length" and reading.intent != "unknown":
            return reading.intent == "online_participation"
        unknown = set(reading.declined) - SOUNDING if found.about in OF_DATA else reading.declined
        return not unknown and (found.about in ASKED or reading.intent == "unknown")


def said_beside(words: Sequence[Word], vocabularies: Iterable[Vocabulary]) -> Beside | None:
    """What a message says beside the dates; None where in no language. The first language is the one expected."""
    if not 0 < len(words) <= LONGEST:
        return None
    known = tuple(vocabularies)
    # "auf Türkisch" is German, whatever is expected.
    small = {word.text for word in words if any(vocabulary.fills(word.text) for vocabulary in known)}
    found: list[tuple[int, Beside]] = []
    for number, vocabulary in enumerate(known):
        if vocabulary.beside and (about := _about(words, small, vocabulary.beside)):
            beside = Beside(about, vocabulary.language)
            if number == 0:
                return beside
            spoken = sum(vocabulary.knows(word.text) or vocabulary.beside.knows(word.text) for word in words)
            found.append((spoken, beside))
    return max(found, key=lambda one: one[0])[1] if found else None  # "anonim" is said in several languages


def _about(words: Sequence[Word], small: Container[str], vocabulary: Vocabulary) -> str:
    """What these words say in one language; empty where nothing. Small words say nothing by themselves."""
    words = vocabulary.spelled(words)
    hits = vocabulary.hits(words)
    named = {hit.concept for hit in hits}
    if asked := next((one for one in ASKED if one in named), ""):
        return asked
    covered = {place for hit in hits for place in range(hit.start, hit.end)}
    left = sum(place not in covered and word.text not in small for place, word in enumerate(words))
    courtesy = next((one for one in COURTESIES if one in named), "")
    # "Danke, Meike" is a courtesy; a language named beside something else is what is asked about.
    return courtesy if courtesy and left <= (courtesy != LANGUAGE) else ""
