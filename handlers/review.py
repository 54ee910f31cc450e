"""The review of all answers: which of them is given anew, and what is handed in."""

import secrets
from dataclasses import replace

from bot.core import interview, recognition
from bot.core.conversation import CODE_LETTERS, Response, Submit
from bot.core.events import over
from bot.core.interview import Reopen, put
from bot.core.messages import Choice
from bot.core.survey import Progress
from handlers import draft, not_understood
from handlers.turn import Decision, Menu, Turn, waits_at, waits_no_more

CHANGE = "change"


def typed(turn: Turn, begun: Progress) -> Decision:
    """A typed message while the review waits."""
    choices = interview.review_choices(turn.t)
    if choice := recognition.exact(turn.text, choices):
        return _chosen(turn, begun, choice)
    if turn.t.says("words.submit", turn.text):
        return picked(turn, begun, "submit")
    if word := turn.vocabulary.control(turn.text):
        return draft.control(turn, begun, word)
    if changing := asked_to_change(turn, begun):
        return changing
    if command := turn.vocabulary.command(turn.text):
        return Decision(person=turn.person, then=command)
    if choice := recognition.near(turn.text, choices):
        return _chosen(turn, begun, choice)
    survey = turn.process.survey
    return not_understood.instead(turn, interview.misfit(survey, begun, turn.text, turn.t), put(survey, begun, turn.t))


def asked_to_change(turn: Turn, begun: Progress) -> Decision | None:
    """ "Frage 5" or "ändern", as soon as there is an answer that can be changed."""
    survey, t = turn.process.survey, turn.t
    answered = survey.answered(begun)
    if not answered:
        return None
    number = interview.question_number(turn.text, t)
    if number is None:
        return _ask_which(turn) if t.says("words.change", turn.text) else None
    if 1 <= number <= len(answered):
        return draft.moved(turn, begun, Reopen(answered[number - 1][0].id))
    if survey.current(begun) is not None:
        return _ask_which(turn)  # there may be such a question later: what can be changed now is shown
    return not_understood.missed(turn, t("misfit.question_number", last=len(answered)), put(survey, begun, t))


def _chosen(turn: Turn, begun: Progress, choice: Choice) -> Decision:
    return picked(turn, begun, choice.key.rpartition(":")[2])


def picked(turn: Turn, begun: Progress, key: str) -> Decision:
    """Submit, change or pause, as the review offers; the review may be an old one."""
    if draft.outdated(turn) or not turn.process.survey.complete(begun):
        return draft.resume(turn, begun)
    if key == "submit":
        return _submit(turn, begun)
    return draft.pause(turn) if key == "pause" else _ask_which(turn)


def _ask_which(turn: Turn) -> Decision:
    return turn.say(CHANGING.put(turn), person=waits_at(turn.person, CHANGE))


def _answers(turn: Turn) -> tuple[Choice, ...]:
    begun = draft.of(turn)
    return interview.answered_choices(turn.process.survey, begun, CHANGE, turn.t) if begun else ()


def _change(turn: Turn, question: str) -> Decision:
    begun = draft.of(turn)
    if begun is None or draft.outdated(turn):
        return Decision(person=turn.person, then="umfrage")
    return draft.moved(turn, begun, Reopen(question))


def _submit(turn: Turn, begun: Progress) -> Decision:
    """Hand in the response under a random id: from here on nothing leads from it to the person."""
    survey, t = turn.process.survey, turn.t
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(10))
    response = Response(
        id=secrets.token_hex(16),
        survey=survey.id,
        version=survey.version,
        language=t.language,
        day=turn.today,
        answers={question.id: value for question, value in survey.answered(begun)},
    )
    shown = f"{code[:5]}-{code[5:]}"
    person = replace(waits_no_more(turn.person), draft=None)
    thanks = t("survey.thanks", thanks=t.of(survey.thanks))
    said = turn.say("\n".join([thanks, *_more(turn)]), t("survey.deletion_code", code=shown), person=person)
    return replace(said, effects=(Submit(response, code, survey.published(response.answers)),))


def _more(turn: Turn) -> list[str]:
    """How one hears what comes of it, for whoever does not yet: a hint that asks nothing."""
    if turn.person.news:
        return []
    ahead = any(not over(event, turn.now) for event in turn.process.events)
    return [turn.t("survey.news"), *([turn.t("survey.dates")] if ahead else [])]


CHANGING = Menu(asks=lambda turn: turn.t("change.ask"), choices=_answers, picked=_change)
