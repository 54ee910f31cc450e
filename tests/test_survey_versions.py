"""A draft that was begun in another version of the survey."""

from dataclasses import replace

from bot import locales
from bot.content import load_process
from bot.core.questions.several import SeveralQuestion
from bot.paths import LOCALES
from tests.talk import BEISPIELSTADT


def test_an_answer_waits_where_a_new_version_asks_again_what_it_hangs_on() -> None:
    survey = load_process(BEISPIELSTADT, locales.available(LOCALES)).survey
    needs = next(question for question in survey.written if isinstance(question, SeveralQuestion))
    fewer = replace(needs, options=tuple(option for option in needs.options if option.id != "shade"))
    new = replace(survey, version=2, written=tuple(fewer if one == needs else one for one in survey.written))
    progress = survey.begin()
    for value in ("no", ("shade", "other"), "Wasser", "good"):
        progress = survey.record(progress, value).progress
    adopted = new.adopt(progress)
    assert (adopted.progress.question, adopted.dropped) == ("needs", ())
    assert new.reopen(adopted.progress, "needs_other") is None
    later = new.reopen(adopted.progress, "marks_safety")
    assert later == replace(adopted.progress, question="marks_safety")
    assert new.back(later) == replace(adopted.progress, question="visits")
    kept = new.record(adopted.progress, ("benches", "other"))
    assert (kept.progress.question, kept.progress.answers["needs_other"]) == ("marks_cleanliness", "Wasser")
    gone = new.record(adopted.progress, ("benches",))
    assert [question.id for question in gone.dropped] == ["needs_other"]
