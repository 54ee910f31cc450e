"""How well questions are understood that nobody has tuned on.

`questions/*.jsonl` are of the kind of the development questions, by people who had not seen the code; each was labelled
a second time by somebody else. Whoever works on the reading does not look at them: only at this table.
"""

import json
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from bot import app
from bot.ask import OTHER_NAMES
from bot.config import Config
from bot.core.reading import Reader
from bot.paths import VOCABULARIES
from bot.vocabularies import Vocabularies

QUESTIONS = Path(__file__).parent / "questions"


def is_right(asked: dict[str, Any], intent: str, events: list[str]) -> bool:
    """Whether a reading is the expected one, or one of those that are right as well."""
    others = asked.get("intent_alt", [])
    intents = [asked["intent"], *([others] if isinstance(others, str) else others)]
    return intent in intents and events in [asked["events"], *asked.get("events_alt", [])]


def main() -> None:
    """Print the share of right readings, for each file and language."""
    process, _ = app.load_process(Config(base=Path.cwd()))
    reader = Reader(process, Vocabularies(VOCABULARIES))
    files = [Path(name) for name in sys.argv[1:]] or sorted(QUESTIONS.glob("*.jsonl"))
    print("| questions | language | right | of | share |\n|---|---|---:|---:|---:|")
    for file in files:
        right: Counter[str] = Counter()
        total: Counter[str] = Counter()
        for line in file.read_text(encoding="utf-8").splitlines():
            asked = json.loads(line)
            reading = reader.read(
                asked["q"], OTHER_NAMES.get(asked["lang"], asked["lang"]), datetime.fromisoformat(asked["now"])
            )
            found = is_right(asked, reading.intent, [event.id for event in reading.events])
            for key in (asked["lang"], "all"):
                total[key] += 1
                right[key] += found
        for key, count in total.items():
            print(f"| {file.stem} | {key} | {right[key]} | {count} | {100 * right[key] / count:.1f} % |")


if __name__ == "__main__":
    main()
