"""The signs by which it is judged what a question asks: what it names, in which order, and its words."""

from collections.abc import Iterator, Mapping
from itertools import combinations, pairwise

from bot.core.reading.question import Question
from bot.core.reading.vocabulary import FILLER

LETTERS = (4, 5)
"""How many letters of a word are a sign of their own: forms and misspellings of a word share them."""
BEGINS, ENDS = "^", "$"


def signs(question: Question, language: str) -> frozenset[str]:
    """The signs in a question; those of its words begin with the language, the others mean the same in every one.

    `when` is a concept that is named, `when!` one in the sentence that asks, `when>event` two that follow each other,
    `event&when` two that are named at all. `de:wann` is a word, `de:wann_ist` two in a row, `de~wann` a part of one.
    Capital letters stand for what is no word of a language: `PLACE`, `DAY`, `NUMBER`, and the form of the whole.
    """
    entities = _entities(question)
    return frozenset((*_of_concepts(question, entities), *_of_words(question, entities, language), *_of_form(question)))


def _of_concepts(question: Question, entities: Mapping[int, str]) -> Iterator[str]:
    asking = question.asked or frozenset(question.clauses[-1:])
    in_order: list[tuple[int, str]] = []
    for hit in question.hits:
        if hit.concept == FILLER or not question.looked_at(hit.start):
            continue
        section = hit.concept.partition(".")[0]
        in_order.append((hit.start, section))
        yield hit.concept
        yield section
        if question.clauses[hit.start] in asking:
            yield f"{section}!"
    for place, entity in entities.items():
        yield entity
        if question.clauses[place] in asking:
            yield f"{entity}!"
        if entities.get(place - 1) != entity:
            in_order.append((place, entity))
    names = [name for _, name in sorted(in_order)]
    yield from (f"{one}>{other}" for one, other in pairwise([BEGINS, *names, ENDS]))
    yield from (f"{one}&{other}" for one, other in combinations(sorted(set(names)), 2))


def _of_words(question: Question, entities: Mapping[int, str], language: str) -> Iterator[str]:
    texts: list[str] = []
    for place, word in enumerate(question.words):
        if not question.looked_at(place):
            continue
        entity = entities.get(place)
        if entity is None:
            texts.append(word.text)
            yield f"{language}:{word.text}"
            whole = f"<{word.text}>"
            for length in LETTERS:
                for start in range(len(whole) - length + 1):
                    yield f"{language}~{whole[start : start + length]}"
        elif not texts or texts[-1] != entity:
            texts.append(entity)
    yield from (f"{language}:{one}_{other}" for one, other in pairwise([BEGINS, *texts, ENDS]))


def _of_form(question: Question) -> Iterator[str]:
    yield f"MARKED {question.marked}"
    yield f"TOLD {question.told}"
    yield f"LENGTH {min(question.length() // 4, 6)}"
    yield f"STRANGE {min(int(question.strange()), 4)}"


def _entities(question: Question) -> dict[int, str]:
    """What stands at the places of words that are no words of a language: names and figures."""
    found = {place: word.kind.upper() for place, word in enumerate(question.words) if word.kind != "word"}
    for day in question.days:
        found |= dict.fromkeys(range(day.start, day.end), "DAY" if day.every is None else "WEEKDAY")
    for one in question.places:
        found |= dict.fromkeys(range(one.start, one.end), "PLACE" if one.events else "ELSEWHERE")
    return {place: entity for place, entity in found.items() if question.looked_at(place)}
