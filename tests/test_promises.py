"""What README, CONTRIBUTING, the example settings and the translations promise, held against the code."""

import re
import string
import subprocess
import sys
import tomllib
from itertools import combinations
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from sqlalchemy import String

from bot import config, content, locales
from bot.arguments import parser
from bot.core import announcement, personal, questions
from bot.core.audience import ROOMS, STAGES
from bot.core.conversation import CONTROLS
from bot.core.recognition import fold
from bot.paths import CONTENT, LOCALES, ROOT
from handlers import COMMANDS, SPOKEN
from handlers.announcement_ending import SCREENS
from handlers.announcements import STEPS
from handlers.menus import MENUS
from handlers.reminder_wish import TIMES
from storage import tables
from storage.migrations import NEWEST
from tests.talk import BEISPIELSTADT

README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
LANGUAGES = locales.available(LOCALES)


def catalog(language: str) -> Catalog:
    with (LOCALES / f"{language}.po").open("rb") as file:
        return read_po(file, abort_invalid=True)


def forms(language: str) -> dict[str, tuple[str, ...]]:
    """Every message of a language with its plural forms."""
    found = {}
    for message in catalog(language):
        if message.id:
            name = message.id if isinstance(message.id, str) else message.id[0]
            found[name] = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
    return found


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything_with_the_same_placeholders(language: str) -> None:
    german, other = forms("de"), forms(language)
    assert other.keys() == german.keys()
    for name, texts in other.items():
        assert all(texts), f"{name} is empty"
        for text in texts:
            assert placeholders(text) <= placeholders(german[name][-1]), name
        assert placeholders(texts[-1]) == placeholders(german[name][-1]), name


def test_every_message_is_used_and_every_used_message_exists() -> None:
    """A message nobody says is a burden for translators; a missing one would be a failure in somebody's chat."""
    code = "\n".join(
        path.read_text(encoding="utf-8") for folder in ("bot", "handlers") for path in (ROOT / folder).rglob("*.py")
    )
    known = set(forms("de"))
    families = {f"control.{name}" for name in CONTROLS} | {f"words.{name}" for name in CONTROLS}
    families |= {f"words.command.{name}" for name in SPOKEN} | {
        f"review.{name}" for name in ("submit", "change", "pause")
    }
    families |= {f"start.network.{name}" for name in ("terminal", "telegram", "matrix")}
    families |= {f"staff.role.{name}" for name in ("editor", "sender", "analyst", "admin")}
    families |= {f"hint.{kind}" for kind in get_args(personal.Kind)}
    families |= {f"wish_review.left_{state}" for state in ("new", "released", "held")}
    families |= {f"wish_review.was_{state}" for state in ("released", "held")}
    families |= {f"words.wishes_{state}" for state in ("released", "held")}
    families |= {"answer.yes", "answer.no", "words.yes", "words.no"}
    families |= {f"words.choice.{bound}" for bound in ("under", "up_to", "from")}
    families |= {f"words.remind.{name}" for name in TIMES}
    families |= _of_announcements()
    quoted = set(re.findall(r"[\"']([a-z]+(?:[._][a-z_]+)+|apology)[\"']", code))
    assert known - families - quoted == set()
    spoken = {name.partition(".")[0] for name in known}
    looked_up = {name for name in quoted if "." in name and name.partition(".")[0] in spoken}
    assert {name for name in looked_up if not name.endswith((".db", ".key", ".csv"))} <= known
    assert families <= known


def _of_announcements() -> set[str]:
    """What is said of announcements by the name of a step, a state, a reason, a count or a choice."""
    shown = {"announce.do.new", *(f"announce.do.{name}" for name in STEPS), "announce.do.ready"}
    shown -= {"announce.do.set"}
    shown |= {f"announce.{screen}_{words}" for screen in SCREENS for words in ("ask", "no", "yes")}
    shown |= {f"announce.state.{name}" for name in get_args(announcement.State)}
    shown |= {f"announce.progress.{name}" for name in ("sending", "paused", "done", "stopped")}
    shown |= {f"announce.not.{name}" for name in get_args(announcement.Reason)}
    shown |= {f"announce.stage.{name}" for name in STAGES} | {f"announce.choose_rooms.{name}" for name in ROOMS}
    shown |= {"announce.rooms.too", "announce.rooms.only", "announce.markup.bold", "announce.markup.link"}
    counts = ("sent", "unclear", "blocked", "failed", "late", "not_sent", "remaining")
    shown |= {f"announce.count.{name}" for name in counts}
    respects = ("channel", "language", "stage", "event", "rooms")
    return shown | {f"announce.{by}.{name}" for by in ("by", "ask") for name in respects}


def test_a_word_steers_one_way_only() -> None:
    """Whatever language a word is from, it has one meaning: somebody may write "back" in a German conversation."""
    meanings: dict[str, set[str]] = {}
    # Parts of an answer or of a sentence, looked for only within it.
    parts = ("words.question", "words.choice.", "words.remind.", "words.own_words.")
    for language in LANGUAGES:
        t = locales.load(LOCALES, language)
        for name in forms(language):
            if name.startswith("words.") and not name.startswith(parts):
                for word in t.words(name):
                    meanings.setdefault(word, set()).add(name)
    assert {word: names for word, names in meanings.items() if len(names) > 1} == {}


def test_plain_german_of_the_bot_keeps_to_twelve_words_a_sentence() -> None:
    process = content.load_process(CONTENT, LANGUAGES)
    filled = {"organiser": process.organiser, "title": process.title["de-simple"], "website": process.website}
    too_long = []
    for name, texts in forms("de-simple").items():
        if name.startswith(("words.", "format.")):
            continue
        for text in texts:
            whole = string.Formatter().vformat(text, (), _Filled(filled))
            sentences = re.split(r"(?<!\d)[.!?:](?:\s|$)|\n", whole)
            too_long += [(name, one) for one in sentences if len(re.findall(r"\w[\w'’./-]*", one)) > 12]
    assert too_long == []


class _Filled(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "x"


@pytest.mark.parametrize("folder", [CONTENT, BEISPIELSTADT], ids=["hannover", "beispielstadt"])
def test_every_survey_can_be_shown_in_every_language(folder: Path) -> None:
    process = content.load_process(folder, LANGUAGES)
    for language in process.languages:
        t = locales.load(LOCALES, language)
        for question in process.survey.questions:
            labels = [choice.label for choice in question.choices(t)]
            assert len({fold(label) for label in labels}) == len(labels)
            words = " ".join([question.wording(t), t.of(question.hint) if question.hint else "", question.invite(t)])
            assert 0 < len(words) <= 500, f"{question.id} in {language} is long for one message"
            assert "{" not in words


def test_the_example_settings_name_every_setting_with_its_default() -> None:
    example = tomllib.loads((ROOT / "config.example.toml").read_text(encoding="utf-8"))
    defaults = {name: msgspec.structs.asdict(kind()) for name, kind in config.SECTIONS.items()}
    assert example == defaults


def test_the_readme_names_every_command_and_both_doors_first() -> None:
    commands = next(action for action in parser()._actions if action.dest == "command")  # noqa: SLF001
    for name in commands.choices or ():
        assert f"mitreden {name}" in README, name
    for name in COMMANDS:
        assert f"/{name}" in README, name
    fences = re.findall(r"```[a-z]*\n(.*?)```", README, re.DOTALL)
    assert "make chat" in fences[0]
    assert "make test" in fences[0]


def test_the_table_where_to_add_is_true() -> None:
    rows = [line for line in CONTRIBUTING.splitlines() if line.startswith("| ") and "`" in line]
    assert len(rows) >= 8
    for row in rows:
        for path in re.findall(r"`((?:bot|handlers|storage|tests|locales|content|benchmarks)/[\w./*]*)`", row):
            assert list(ROOT.glob(path.rstrip("/"))), path
    for name in ("AnyQuestion", "COMMANDS", "CHANNELS", "JOBS"):
        if name in CONTRIBUTING:
            assert re.search(rf"^{name}\b", _python(), re.MULTILINE), name


def _python() -> str:
    return "\n".join(
        path.read_text(encoding="utf-8") for folder in ("bot", "handlers") for path in (ROOT / folder).rglob("*.py")
    )


def test_every_type_of_question_has_its_class_its_table_and_a_dialogue() -> None:
    from bot.content_tables import QUESTION_TABLES  # noqa: PLC0415

    classes = {kind.type for kind in questions.AnyQuestion.__args__}
    assert set(QUESTION_TABLES) == classes
    dialogues = " ".join(path.stem for path in (ROOT / "tests" / "dialogues").glob("type_*.txt"))
    for name in classes:
        assert name in dialogues, name


def test_every_menu_has_an_id_that_fits_its_column_and_a_button() -> None:
    column = tables.people.c.waiting.type
    assert isinstance(column, String)
    assert all(len(name) <= (column.length or 0) for name in MENUS)
    for first, second in combinations(MENUS, 2):
        assert MENUS[first] is not MENUS[second]


def test_the_newest_migration_is_the_one_named() -> None:
    files = sorted(path.name for path in (ROOT / "storage" / "migrations" / "versions").glob("[0-9]*.py"))
    assert files[-1].startswith(f"{NEWEST}_")


def test_no_file_names_a_path_of_this_machine_or_a_registry() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    forbidden = re.compile(r"/home/\w|/Users/\w|" + "/wo" + r"rk/|pypi\.or" + "g|files\\.pythonhosted")
    for name in tracked.stdout.splitlines():
        path = ROOT / name
        if path.suffix in {".py", ".toml", ".md", ".txt", ".po", ".yml", ""} and path.is_file():
            assert not forbidden.search(path.read_text(encoding="utf-8")), name


def test_commands_import_only_what_they_use() -> None:
    """`check` and `--help` start without the database, and nothing loads a network's library for a terminal."""
    code = "import sys; from bot.__main__ import main; main(['check']); print([m for m in sys.modules if '.' not in m])"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not {"alembic", "telegram", "nio", "apscheduler"} & set(re.findall(r"'(\w+)'", loaded))
