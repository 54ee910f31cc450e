"""A draft that was begun in another version of the survey."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from shutil import copytree

import msgspec

from bot import locales
from bot.content import load_process
from bot.core.questions.several import SeveralQuestion
from bot.paths import LOCALES
from tests.talk import BEISPIELSTADT, BEISPIELSTADT_OPEN, SHORT, config_in, talking


def test_an_answer_waits_where_a_new_version_asks_again_what_it_hangs_on() -> None:
    survey = load_process(BEISPIELSTADT, locales.available(LOCALES)).survey
    needs = next(question for question in survey.written if isinstance(question, SeveralQuestion))
    fewer = replace(needs, options=tuple(option for option in needs.options if option.id != "shade"))
    new = replace(survey, version=2, written=tuple(fewer if one == needs else one for one in survey.written))
    progress = survey.begin()
    for value in ("no", ("shade", "other"), "Wasser", "good"):
        progress = survey.record(progress, value).progress
    adopted = new.adopt(progress)
    assert (adopted.progress.question, adopted.dropped) == ("needs", (fewer,))
    assert new.reopen(adopted.progress, "needs_other") is None
    later = new.reopen(adopted.progress, "marks_safety")
    assert later == replace(adopted.progress, question="marks_safety")
    assert new.back(later) == replace(adopted.progress, question="visits")
    kept = new.record(adopted.progress, ("benches", "other"))
    assert (kept.progress.question, kept.progress.answers["needs_other"]) == ("marks_cleanliness", "Wasser")
    gone = new.record(adopted.progress, ("benches",))
    assert [question.id for question in gone.dropped] == ["needs_other"]


async def test_who_takes_a_message_back_after_the_survey_changed_is_told_both(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as talk:
        *before, last = SHORT
        await talk.say_all(*before)
        await talk.receive(replace(talk.incoming(text=last), target="$answer"))
    changed = BEISPIELSTADT.with_name("beispielstadt_v2")
    async with talking(config_in(tmp_path, changed), BEISPIELSTADT_OPEN) as talk:
        (said,) = await talk.receive(replace(talk.incoming(), kind="delete", target="$answer"))
        taken_back, changed_since, *_ = said.text.splitlines()
        assert taken_back == "Sie haben Ihre Nachricht gelöscht. Darum habe ich auch diese Antwort gelöscht."
        assert changed_since.startswith("Die Umfrage wurde inzwischen geändert.")
        stored = (await talk.say("/meine_daten"))[0].attachment
        assert stored is not None
        kept = msgspec.json.decode(stored.content)["draft"]["answers"]
        assert kept.keys() == {"visits", "needs", "marks_safety", "marks_cleanliness"}


async def test_whose_answers_have_no_question_any_more_learns_it_and_is_asked_nothing(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as talk:
        (review,) = await talk.say_all(*SHORT, "Schatten")
        assert "Frage 6, Idee: Schatten" in review.text
    shorter = copytree(BEISPIELSTADT, tmp_path / "shorter")
    written = (shorter / "survey.toml").read_text(encoding="utf-8")
    without, _, _ = written.replace("version = 1", "version = 2").partition('[[question]]\nid = "idea"')
    (shorter / "survey.toml").write_text(without, encoding="utf-8")
    async with talking(config_in(tmp_path, shorter), BEISPIELSTADT_OPEN) as talk:
        (said,) = await talk.say("1")
        assert said.text.splitlines()[:4] == [
            "Die Umfrage wurde inzwischen geändert. Antworten, die noch passen, sind gespeichert.",
            "Eine Frage gibt es nicht mehr. Ihre Antwort darauf habe ich entfernt.",
            "",
            "Das sind Ihre Antworten:",
        ]


async def test_a_message_taken_back_after_the_closing_puts_no_question(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN) as talk:
        *before, last = SHORT
        await talk.say_all(*before)
        await talk.receive(replace(talk.incoming(text=last), target="$answer"))
    async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN + timedelta(days=30)) as talk:
        (said,) = await talk.receive(replace(talk.incoming(), kind="delete", target="$answer"))
        assert said.text == "Sie haben Ihre Nachricht gelöscht. Darum habe ich auch diese Antwort gelöscht."
        assert not said.choices
