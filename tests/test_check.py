"""`mitreden check`: every mistake of an organiser in one run, with place and remedy, and no finding that is none."""

import shutil
from pathlib import Path

import pytest

from bot import config as configuration
from bot import config_rules, content, locales
from bot.paths import CONTENT, EXAMPLE_CONFIG, LOCALES
from tests.commands import mitreden
from tests.talk import BEISPIELSTADT

Change = tuple[str, str, str]
"""File, what stands there, what an organiser wrote instead."""


def examined(folder: Path) -> list[str]:
    _, problems = content.examine(folder, locales.available(LOCALES))
    return [str(problem) for problem in problems if not problem.only_live]


def changed(folder: Path, source: Path, *changes: Change) -> Path:
    copy = shutil.copytree(source, folder / "content")
    for file, old, new in changes:
        path = copy / file
        text = path.read_text(encoding="utf-8")
        assert old in text, old
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return copy


def test_the_shipped_content_has_no_problem() -> None:
    assert examined(CONTENT) == []
    assert examined(BEISPIELSTADT) == []


def test_shipped_content_is_not_ready_for_citizens_and_says_what_is_missing(tmp_path: Path) -> None:
    done = mitreden(tmp_path, "check", "--live")
    assert done.returncode == 1
    for field in ("controller", "contact", "data_protection_officer", "legal_basis", "min_age", "retention"):
        assert f"privacy, {field}" in done.stdout


OR = '{ or = [{ question = "visits", equals = "no" }, { question = "children", answered = true }] }'
AND = OR.replace("or =", "and =")
"""Nobody who does not come says with how many children."""

SECOND_ANSWER = """answer.en = "The city of Beispielstadt."
[[answer]]
id = "again"
source = "Test"
questions.de = ["wer fragt"]
questions.en = ["Who is behind this?"]
answer.de = "Die Stadt."
answer.en = "The city."
"""

SEEDED: list[tuple[str, Change]] = [
    ('unknown key "colour"', ("survey.toml", 'type = "number"', 'type = "number"\ncolour = 1')),
    ('Did you mean "minimum"', ("survey.toml", "minimum = 0", "minimum = 0\nminimun = 0")),
    ('the id "idea" is used twice', ("survey.toml", 'id = "overall"', 'id = "idea"')),
    (
        '"overall" comes later',
        ("survey.toml", 'question = "visits", equals = "yes"', 'question = "overall", equals = "good"'),
    ),
    ('there is no question "visit"', ("survey.toml", 'question = "visits", one_of', 'question = "visit", one_of')),
    ('"visits" has no option "maybe"', ("survey.toml", 'one_of = ["yes"]', 'one_of = ["yes", "maybe"]')),
    ('the language "en" is missing', ("survey.toml", 'text.en = "Do you have an idea?"', "")),
    (
        'publishes: there is no earlier question "visits" of type open',
        ("survey.toml", 'type = "yes_no"', 'type = "yes_no"\npublishes = "visits"'),
    ),
    ("bytes", ("survey.toml", 'id = "shade"', 'id = "%s"' % ("s" * 60))),
    (
        '"de" has 31 characters',
        ("survey.toml", 'de = "Sandkasten"', 'de = "Sandkasten für Kinder bis sechs"'),
    ),
    (
        '"Sandpit" names two options',
        ("survey.toml", 'de = "Rutsche", en = "Slide" }', 'de = "Rutsche", en = "Slide", aliases = ["Sandpit"] }'),
    ),
    ("is not a Wednesday", ("events.toml", 'weekday = "Tuesday"', 'weekday = "Wednesday"')),
    ("before it opens", ("process.toml", "opens = 2026-03-01", "opens = 2026-04-01")),
    ("never be reached", ("survey.toml", OR, AND)),
    ('there is no type "numer"', ("survey.toml", 'type = "number"', 'type = "numer"')),
    ("is used twice", ("survey.toml", 'id = "slide"', 'id = "swing"')),
    ("is there twice", ("survey.toml", 'de = "Rutsche"', 'de = "Schaukel"')),
    ("is reserved", ("survey.toml", 'id = "sand"', 'id = "no_answer"')),
    ("lacks {aspect}", ("survey.toml", "Wie finden Sie: {aspect}?", "Wie finden Sie das?")),
    ("at_most = 9 does not fit", ("survey.toml", "at_most = 2", "at_most = 9")),
    ("do not ascend", ("survey.toml", 'id = "fair", value = 2', 'id = "fair", value = 5')),
    ("has no value", ("survey.toml", 'id = "fair", value = 2', 'id = "fair"')),
    ('there is no scale "school"', ("survey.toml", 'scale = "school_marks"', 'scale = "school"')),
    ("minimum is above maximum", ("survey.toml", "maximum = 12", "maximum = -1")),
    ("earliest is above latest", ("survey.toml", "latest = 2026-03-31\n", "latest = 2024-03-31\n")),
    ("can be read as several", ("survey.toml", 'de = "Bänke"', 'de = "Bänke und Tische"')),
    ("minutes is below 1", ("survey.toml", "minutes = 3", "minutes = 0")),
    ("a whole number is expected", ("survey.toml", "minutes = 3", 'minutes = "three"')),
    ("not valid TOML", ("answers.toml", "[[answer]]", "[[answer]")),
    ("there is no question in", ("answers.toml", 'questions.en = ["Who asks?"]', "questions.en = []")),
    ("no words in", ("process.toml", '"de", "en"]', '"de", "en", "tlh"]')),
    ("no time zone", ("process.toml", "Europe/Berlin", "Europe/Hannover")),
    ("not one condition", ("survey.toml", '{ question = "visits", one_of = ["yes"] }', '{ one_of = ["yes"] }')),
    ('"id" is missing', ("survey.toml", 'id = "toilet_place"\n', "")),
    ("ends_at is not after", ("events.toml", 'weekday = "Tuesday"', "ends_at = 2026-03-10T17:00:00")),
    ("belong together", ("events.toml", 'weekday = "Tuesday"', "latitude = 52.37")),
    ("latitude is not on the globe", ("events.toml", 'weekday = "Tuesday"', "latitude = 152.37\nlongitude = 9.7")),
    ("longitude is not on the globe", ("events.toml", 'weekday = "Tuesday"', "latitude = 52.37\nlongitude = 190.7")),
    ("capacity is below 1", ("events.toml", 'weekday = "Tuesday"', "capacity = 0")),
    ("too long for a button", ("events.toml", 'id = "rathaus"', 'id = "%s"' % ("r" * 41))),
    ('the language "en" is missing', ("events.toml", 'weekday = "Tuesday"', 'registration.de = "Nicht nötig."')),
    ('unknown time "month"', ("process.toml", "[privacy]", '[reminders]\nbefore = ["month"]\n\n[privacy]')),
    ("before is empty", ("process.toml", "[privacy]", "[reminders]\nbefore = []\n\n[privacy]")),
    ('is an alias of the event "rathaus"', ("process.toml", "[privacy]", 'elsewhere = ["Rathaus"]\n\n[privacy]')),
    ('also asks for "who"', ("answers.toml", 'answer.en = "The city of Beispielstadt."', SECOND_ANSWER)),
    ("is 17:30 in Europe/Berlin", ("events.toml", "T17:30:00", "T18:30:00+02:00")),
    ("Write one of: topic, cost", ("answers.toml", 'source = "Test"', 'source = "Test"\nintent = "kosten"')),
    ("There is no such day or time", ("events.toml", "2026-03-10T17:30:00", "2026-13-13T17:30:00")),
    (
        "Known here: de, en, ar",
        ("answers.toml", 'questions.en = ["Who asks?"]', 'questions.en = ["Who?"]\nquestions.xx = ["?"]'),
    ),
    ("is a Tuesday", ("process.toml", "Die Stadt fragt", "Ab Mittwoch, 10. März 2026 fragt die Stadt")),
]


@pytest.mark.parametrize(("says", "change"), SEEDED, ids=[says for says, _ in SEEDED])
def test_a_mistake_is_found_at_its_place(tmp_path: Path, says: str, change: Change) -> None:
    found = examined(changed(tmp_path, BEISPIELSTADT, change))
    matching = [line for line in found if says in line]
    assert matching, found
    assert all(change[0] in line for line in matching)


@pytest.mark.parametrize(
    ("line", "change"),
    [
        (5, ("process.toml", 'organiser = "Stadt Beispielstadt"', 'organiser = ""')),
        (8, ("process.toml", "closes = 2026-03-31", 'closes = "später"')),
        (9, ("process.toml", 'title.de = "Spielplätze"\ntitle.en = "Playgrounds"\n', 'title.de = "Spielplätze"\n')),
        (15, ("process.toml", "consent_version = 1", "consent_version = 0")),
        (19, ("process.toml", "min_age = 16", 'min_age = "16"')),
        (15, ("process.toml", "[privacy]", "[privacy]\nsecret = 1")),
        (9, ("process.toml", '"spielplatz.example"', '"""\n[privacy]\ncolour = 2"""\ncolour = 1')),
        (9, ("process.toml", "closes = 2026-03-31", 'closes = 2026-03-31\nelsewhere = ["Rathaus"]')),
        (12, ("survey.toml", 'id = "fair", value = 2', 'id = "fair"')),
        (29, ("survey.toml", "minimum = 0", 'minimum = "opens"')),
        (53, ("survey.toml", 'short.de = "Lieblingsgerät"', 'short.de = "Besuch"')),
        (57, ("survey.toml", 'id = "slide"', 'id = "Slide"')),
        (105, ("survey.toml", 'equals = "good"', 'equals = "closes"')),
        (119, ("survey.toml", 'text.en = "Do you have an idea?"', "")),
        (4, ("events.toml", '"Tuesday"', '"Wednesday"')),
        (8, ("events.toml", 'aliases = ["Rathaus"]', 'aliases = ["Rathaus"]\nlatitude = 52.4')),
        (11, ("answers.toml", 'answer.en = "The city of Beispielstadt."\n', SECOND_ANSWER)),
    ],
    ids=str,
)
def test_a_mistake_has_the_line_of_what_it_is_about(tmp_path: Path, line: int, change: Change) -> None:
    found = examined(changed(tmp_path, BEISPIELSTADT, change))
    assert found
    assert all(f"{change[0]}:{line}:" in one for one in found), found


def test_a_mistake_in_the_settings_has_its_line(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[storage]\nkey_file = "mitreden.key"\nurll = "x"\n\n[proces]\nfolder = "x"\n', encoding="utf-8")
    _, problems = configuration.examine(file)
    assert sorted(problem.line for problem in problems) == [3, 5]


def test_a_weekday_that_is_a_number_is_one_mistake_in_organisers_words(tmp_path: Path) -> None:
    found = examined(changed(tmp_path, BEISPIELSTADT, ("events.toml", 'weekday = "Tuesday"', "weekday = 3")))
    assert len(found) == 1
    assert "a text in quotation marks is expected" in found[0]


@pytest.mark.parametrize("written", ['"drei"', '"3"', "2.5", "true", "[3]"])
def test_how_many_may_be_chosen_is_a_whole_number(tmp_path: Path, written: str) -> None:
    found = examined(changed(tmp_path, BEISPIELSTADT, ("survey.toml", "at_most = 2", f"at_most = {written}")))
    assert len(found) == 1
    assert '"at_most" does not fit: a whole number is expected' in found[0]


def test_a_long_sentence_in_plain_german_is_found(tmp_path: Path) -> None:
    long = "Dieser Satz hat sehr viele Wörter und ist darum für viele Menschen nur schwer zu verstehen."
    found = examined(
        changed(tmp_path, CONTENT, ("process.toml", 'about.de-simple = """', f'about.de-simple = """{long} '))
    )
    assert len(found) == 1
    assert "a sentence of 16 words" in found[0]


def test_ten_mistakes_are_ten_findings_in_one_run(tmp_path: Path) -> None:
    ten: list[Change] = [
        ("survey.toml", "minimum = 0", "minimum = 0\ncolour = 1"),
        ("survey.toml", 'id = "last_visit"', 'id = "favourite"'),
        (
            "survey.toml",
            'only_if = { question = "visits", one_of = ["yes"] }',
            'only_if = { question = "idea", answered = true }',
        ),
        ("survey.toml", '{ question = "needs", contains = "toilets" }', '{ question = "need", contains = "toilets" }'),
        ("survey.toml", 'text.en = "Do you have an idea?"', ""),
        ("survey.toml", 'id = "shade"', 'id = "%s"' % ("s" * 60)),
        ("events.toml", 'weekday = "Tuesday"', 'weekday = "Wednesday"'),
        ("process.toml", "opens = 2026-03-01", "opens = 2026-04-01"),
        ("survey.toml", OR, AND),
        ("answers.toml", 'id = "who"', 'id = "Wer?"'),
    ]
    folder = changed(tmp_path, BEISPIELSTADT, *ten)
    done = mitreden(tmp_path, "check", str(folder))
    findings = done.stdout.splitlines()[:-1]
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("10 problems")
    assert len(findings) == 10, findings
    assert all(": " in line and line.rstrip().endswith((".", '"', "…")) for line in findings)


BY_HABIT: list[tuple[str, Change]] = [
    ("Write a date like 2025-12-14", ("events.toml", "2026-03-10T17:30:00", "10.3.2026")),
    ("There is no such day", ("events.toml", "2026-03-10T", "2026-02-30T")),
    ("decimal point", ("events.toml", 'weekday = "Tuesday"', "latitude = 52,37")),
    ("true and false", ("events.toml", 'weekday = "Tuesday"', "cancelled = ja")),
    ("quotation marks", ("events.toml", 'weekday = "Tuesday"', "weekday = Dienstag")),
    ("straight quotation marks", ("events.toml", 'weekday = "Tuesday"', "weekday = „Dienstag“")),
    ("double brackets: [[event]]", ("events.toml", "[[event]]", "[event]\nid = 'x'\n[event]")),
    ("double brackets: [[question]]", ("survey.toml", "\n[[question]]", "\n[question]")),
]


@pytest.mark.parametrize(("remedy", "change"), BY_HABIT, ids=[change[2] for _, change in BY_HABIT])
def test_what_somebody_writes_who_does_not_know_toml_gets_the_remedy_for_just_that(
    tmp_path: Path, remedy: str, change: Change
) -> None:
    found = examined(changed(tmp_path, BEISPIELSTADT, change))
    assert len(found) == 1, found
    assert "not valid TOML" in found[0]
    assert remedy in found[0]


def test_a_language_taken_out_of_the_process_is_one_finding_a_file(tmp_path: Path) -> None:
    """It stands in every text: hundreds of findings about unknown keys hid what had happened."""
    found = examined(
        changed(tmp_path, BEISPIELSTADT, ("process.toml", 'languages = ["de", "en"]', 'languages = ["de"]'))
    )
    assert [line.rpartition("/content/")[2].partition(":")[0] for line in found] == ["process.toml", "survey.toml"], (
        found
    )
    assert all('texts in "en", and the process does not have that language' in line for line in found)


def test_an_offset_that_is_right_or_that_of_utc_is_no_finding(tmp_path: Path) -> None:
    for number, written in enumerate(("T17:30:00+01:00", "T16:30:00Z")):
        assert examined(changed(tmp_path / str(number), BEISPIELSTADT, ("events.toml", "T17:30:00", written))) == []


EXACTLY_ONE: list[Change] = [
    ("survey.toml", "version = 1", 'version = "1"'),
    ("survey.toml", 'type = "yes_no"', 'type = "yes_nope"'),
    ("survey.toml", 'title.en = "Playgrounds"', ""),
    ("survey.toml", "minimum = 0\n", ""),
    ("survey.toml", 'scale = "school_marks"\n', ""),
    ("survey.toml", 'id = "swing", ', ""),
    ("survey.toml", 'question = "needs", contains', 'question = "marks", contains'),
    ("survey.toml", 'question = "needs", contains', 'question = "needs", equals'),
    ("survey.toml", OR, "{ and = [] }"),
    ("survey.toml", "at_most = 100", "at_most = 100000"),
    ("survey.toml", 'short.de = "Kinder"', 'short.de = "Besuch"'),
    ("process.toml", "closes = 2026-03-31", 'closes = "31.3.2026"'),
    ("process.toml", 'languages = ["de", "en"]', 'languages = "de"'),
    ("process.toml", 'organiser = "Stadt Beispielstadt"', 'organiser = ""'),
    ("process.toml", "min_age = 16", "min_age = -3"),
    (
        "process.toml",
        'about.en = "The city asks about its playgrounds."',
        'about.leicht = "Die Stadt fragt."\nabout.en = "x"',
    ),
    ("events.toml", "starts_at = 2026-03-10T17:30:00", 'starts_at = "10.3.2026"\n#'),
    ("events.toml", 'place = "Rathaus Beispielstadt"', 'place = " "'),
    ("answers.toml", 'source = "Test"', 'source = ""'),
    ("answers.toml", "[[answer]]", "[answer]"),
]


@pytest.mark.parametrize("change", EXACTLY_ONE, ids=lambda change: change[2][:40] or change[1][:40])
def test_one_mistake_is_one_finding_and_hides_no_other(tmp_path: Path, change: Change) -> None:
    folder = changed(tmp_path, BEISPIELSTADT, change)
    alone = examined(folder)
    assert len(alone) == 1, alone
    other = folder / "survey.toml"
    other.write_text(other.read_text(encoding="utf-8").replace("minutes = 3", "minutes = 0"), encoding="utf-8")
    assert len(examined(folder)) == 2


def test_mistakes_of_settings_and_content_are_told_in_one_run(tmp_path: Path) -> None:
    changed(tmp_path, BEISPIELSTADT, ("survey.toml", "minutes = 3", "minutes = 0"))
    settings = "[proces]\nx = 1\n[process]\nfolder = 'content'\n[storage]\nurll = 'x'\nkey_file = 3\n"
    (tmp_path / "config.toml").write_text(settings, encoding="utf-8")
    done = mitreden(tmp_path, "check")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("4 problems")


HTTPS = "https://example.org"
BOT = "token = '123456789:abc'"
WRONG_SETTINGS = [
    ("[telegram]\ntoken = 'abc'", "copy it whole from @botfather"),
    ("[telegram]\ntoken_file = 'nowhere'", "token file cannot be read"),
    (f"[telegram]\n{BOT}\napi_url = 'api.telegram.org'", "[telegram] api_url has to be an address"),
    (f"[telegram]\n{BOT}\nper_second = 0", "[telegram] per_second has to be above 0"),
    (f"[telegram]\n{BOT}\nwebhook_url = 'http://example.org'", "has to begin with https://"),
    (f"[telegram]\n{BOT}\nwebhook_url = 'https://example.org'\nwebhook_secret = 'short'", "webhook_secret needs"),
    (
        f"[telegram]\n{BOT}\nwebhook_url = '{HTTPS}'\nwebhook_secret = '0123456789abcdef'\nwebhook_port = 0",
        "webhook_port has to be",
    ),
    ("[matrix]\nhomeserver = 'matrix.example.org'\nuser = '@bot:example.org'", "[matrix] homeserver has to be"),
    ("[matrix]\nhomeserver = 'https://matrix.example.org'\nuser = 'bot'", "[matrix] user has to be"),
    ("[matrix]\nuser = '@bot:example.org'", "no homeserver"),
    ("[matrix]\nper_second = -1", "[matrix] per_second has to be above 0"),
    ("[storage]\nurl = 'mitreden.db'", "no database url"),
    ("[storage]\nkey = 'abc'", "[storage] key is not base64"),
    ("[storage]\nkey_file = 'content'", "is a directory"),
    ("[reminders]\nquiet_hours = '21-8'", "quiet_hours cannot be read"),
    ("[reminders]\nsilent_on_holidays_of = 'NDS'", "is no state"),
    ("[reminders]\nsilent_on_holidays_of = 'DE-XX'", "is not known"),
    ("[staff]\nroom = 'abc'", "[staff] room has to be"),
    ("[metrics]\nport = 70000", "[metrics] port has to be"),
]


@pytest.mark.parametrize(("settings", "says"), WRONG_SETTINGS)
def test_settings_with_which_the_bot_could_not_serve_are_found_before_it_is_started(
    tmp_path: Path, settings: str, says: str
) -> None:
    """`run` ends on them; some it once did not see, and then tried for ever, or spoke of a mistake of ours."""
    (tmp_path / "content").mkdir()
    file = tmp_path / "config.toml"
    file.write_text(settings, encoding="utf-8")
    found = config_rules.mistakes(configuration.load(file, {}))
    assert len(found) == 1, found
    assert says in found[0].casefold()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.toml", "content"]


def test_check_names_what_is_wrong_with_settings_and_run_ends_with_the_first(tmp_path: Path) -> None:
    settings = f"[telegram]\n{BOT}\napi_url = 'api.telegram.org'\n[metrics]\nport = -1\n"
    (tmp_path / "config.toml").write_text(settings, encoding="utf-8")
    done = mitreden(tmp_path, "check")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("2 problems")
    ran = mitreden(tmp_path, "run")
    assert (ran.returncode, ran.stdout, len(ran.stderr.splitlines())) == (1, "", 1)
    assert "api_url has to be an address" in ran.stderr
    assert "(1 more: mitreden check)" in ran.stderr


def test_what_is_well_with_settings_is_no_finding() -> None:
    assert config_rules.mistakes(configuration.load(EXAMPLE_CONFIG, {})) == []


@pytest.mark.parametrize("missing", ["process.toml", "survey.toml", "events.toml", "answers.toml"])
def test_a_missing_file_is_one_finding(tmp_path: Path, missing: str) -> None:
    folder = changed(tmp_path, BEISPIELSTADT)
    (folder / missing).unlink()
    found = examined(folder)
    assert len(found) == 1, found
    assert "the file is missing" in found[0]


def test_a_chat_with_broken_content_ends_with_one_sentence(tmp_path: Path) -> None:
    changed(tmp_path, BEISPIELSTADT, ("survey.toml", "minutes = 3", "minutes = 0"))
    (tmp_path / "config.toml").write_text("[process]\nfolder = 'content'\n", encoding="utf-8")
    done = mitreden(tmp_path, "chat", said="/start\n")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert "minutes is below 1" in done.stderr
