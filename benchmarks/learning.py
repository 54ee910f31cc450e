"""Learns from labelled questions how much a sign speaks for an intent, and writes it to `locales/reading/learned`.

Run `python -m benchmarks.learning` after questions were added to `tests/questions` or a vocabulary was changed.
It needs `pip install -e '.[learning]'` and a minute. `--check` writes nothing and prints how well questions are
read that were left out of the learning, a fourth of them at a time. Those of `benchmarks/questions` are never learned.
"""

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zlib import crc32

from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.svm import LinearSVC

from benchmarks.understanding import is_right
from bot import app
from bot.ask import OTHER_NAMES
from bot.config import Config
from bot.core.reading import Reader
from bot.core.reading.learned import INTENTS, SCALE, Learned
from bot.core.reading.signs import signs
from bot.paths import VOCABULARIES
from bot.vocabularies import SHARED, Vocabularies

QUESTIONS = Path(__file__).parent.parent / "tests" / "questions"
KIND_ASKED = "2025-11-20T10:00:00+01:00"
RARE = 3
"""In how many questions a sign has to be."""
FAINT = 0.25
"""A sign that weighs less than this for every intent is left out: half of them, and nothing is read worse."""
FREEDOM = 1.5
"""How far weights may grow: the inverse strength of the regularization."""
PARTS = 4

Weights = dict[str, dict[str, list[int]]]
"""By language, or SHARED: the weights of each sign as `Learned` has them."""


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled question and its signs."""

    asked: dict[str, Any]
    signs: frozenset[str]


def examples(reader: Reader) -> Iterator[Example]:
    """All labelled questions, those of which only the kind is known, and sentences about other things."""
    for file in sorted(QUESTIONS.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            yield _example(reader, json.loads(line))
    for file in sorted((QUESTIONS / "kinds").glob("*/*.tsv")):
        for line in file.read_text(encoding="utf-8").splitlines():
            intent, _, sentence = line.partition("\t")
            yield _example(reader, {"lang": file.parent.name, "q": sentence, "now": KIND_ASKED, "intent": intent})
    for file in sorted(QUESTIONS.glob("offtopic*.tsv")):
        for line in file.read_text(encoding="utf-8").splitlines():
            language, _, sentence = line.partition("\t")
            yield _example(reader, {"lang": language, "q": sentence, "now": KIND_ASKED, "intent": "unknown"})


def _example(reader: Reader, asked: dict[str, Any]) -> Example:
    language = OTHER_NAMES.get(asked["lang"], asked["lang"])
    question, spoken = reader.taken_apart(asked["q"], language, datetime.fromisoformat(asked["now"]))
    return Example(asked | {"expected": language}, signs(question, spoken[:2]))


def learned(known: Sequence[Example]) -> Weights:
    """What these examples teach: a linear support vector machine on the signs, the rarer the weightier."""
    vectors = DictVectorizer()
    matrix = vectors.fit_transform([dict.fromkeys(sorted(one.signs), 1.0) for one in known])
    often = (matrix > 0).sum(axis=0).A1 >= RARE
    rarity = TfidfTransformer()
    matrix = rarity.fit_transform(matrix[:, often])
    model = LinearSVC(C=FREEDOM, random_state=0).fit(matrix, [one.asked["intent"] for one in known])
    columns = [list(model.classes_).index(intent) for intent in INTENTS]
    names = [name for name, kept in zip(vectors.get_feature_names_out(), often, strict=True) if kept]
    weights: Weights = defaultdict(dict)
    weights[SHARED][""] = [round(SCALE), *(round(SCALE * float(model.intercept_[column])) for column in columns)]
    for place, name in enumerate(names):
        row = [float(model.coef_[column][place]) for column in columns]
        if max(map(abs, row)) >= FAINT:
            rare = float(rarity.idf_[place])
            weights[_language(name)][name] = [round(SCALE * weight) for weight in (rare, *row)]
    return weights


def _language(sign: str) -> str:
    return sign[:2] if sign[2:3] in {":", "~"} else SHARED


def checked(reader: Reader, known: Sequence[Example]) -> Iterator[str]:
    """How many of the questions are right that were left out, a part at a time."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for part in range(PARTS):
        apart = [one for one in known if crc32(one.asked["q"].encode()) % PARTS == part]
        teach(reader, learned([one for one in known if crc32(one.asked["q"].encode()) % PARTS != part]))
        for one in apart:
            reading = reader.read(one.asked["q"], one.asked["expected"], datetime.fromisoformat(one.asked["now"]))
            found = reading.intent == one.asked["intent"]
            if "events" in one.asked:
                found = is_right(one.asked, reading.intent, [event.id for event in reading.events])
            for key in (one.asked["lang"], "all"):
                total[key] += 1
                right[key] += found
    for key, count in total.items():
        yield f"| {key} | {right[key]} | {count} | {100 * right[key] / count:.1f} % |"


def teach(reader: Reader, weights: Weights) -> None:
    """Let a reader use these weights instead of those in the files."""
    for language in reader.vocabularies:
        own = weights.get(language.partition("-")[0], {})
        reader.vocabularies[language].learned = Learned(own, weights[SHARED])


def written(weights: Weights, folder: Path) -> Iterable[Path]:
    """The files, a sign on a line, so that a difference can be read."""
    folder.mkdir(exist_ok=True)
    for language, signs_of_it in sorted(weights.items()):
        file = folder / f"{language}.jsonl"
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in sorted(signs_of_it.items()))
        file.write_text("".join(lines), encoding="utf-8")
        yield file


def main() -> None:
    """Learn, and write or check."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true", help="write nothing; say how well the rest is read")
    options = arguments.parse_args()
    reader = Reader(app.load_process(Config(base=Path.cwd()))[0], Vocabularies(VOCABULARIES))
    known = list(examples(reader))
    if options.check:
        print("| language | right | of | share |\n|---|---:|---:|---:|", *checked(reader, known), sep="\n")
        return
    for file in written(learned(known), VOCABULARIES / "learned"):
        print(f"{file.name}: {file.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
