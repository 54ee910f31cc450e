"""What it costs to understand and answer a question: median and p99 in every language, and what it adds to a start.

Time is that of the processor, so that what else the machine does is left out; it is all computing and no waiting.

Run `python -m benchmarks.reading` on a machine with nothing else to do.
"""

import json
import statistics
import time
from datetime import datetime
from pathlib import Path

from bot import locales
from bot.content import load_process
from bot.core.reading import Reader
from bot.paths import CONTENT, LOCALES, VOCABULARIES
from bot.vocabularies import Vocabularies
from handlers import questions

QUESTIONS = Path(__file__).parent.parent / "tests" / "questions" / "practice.jsonl"
ROUNDS = 5
"""How often every question is answered; the first round, which reads the vocabularies, is not counted."""


def main() -> None:
    """Measure and print a table."""
    asked = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    process = load_process(CONTENT, locales.available(LOCALES))
    began = time.thread_time()
    reader = Reader(process, Vocabularies(VOCABULARIES))
    reader.read("Wann ist der nächste Termin?", "de", datetime.fromisoformat("2025-11-10T10:00:00+01:00"))
    first = time.thread_time() - began
    began = time.thread_time()
    for language in reader.vocabularies:
        _ = reader.vocabularies[language]
    rest = time.thread_time() - began
    spent: dict[str, list[float]] = {}
    for number in range(ROUNDS + 1):
        for one in asked:
            now = datetime.fromisoformat(one["now"])
            began = time.thread_time()
            questions.answer(reader.read(one["q"], one["lang"], now), reader, now)
            if number:
                spent.setdefault(one["lang"], []).append(1000 * (time.thread_time() - began))
    print("| language | answers | median ms | p99 ms |\n|---|---:|---:|---:|")
    spent["all"] = [one for times in spent.values() for one in times]
    for language, times in spent.items():
        p99 = statistics.quantiles(times, n=100)[98]
        print(f"| {language} | {len(times)} | {statistics.median(times):.2f} | {p99:.2f} |")
    print(
        f"\nFirst question, its vocabulary included: {1000 * first:.0f} ms. All other languages: {1000 * rest:.0f} ms."
    )


if __name__ == "__main__":
    main()
