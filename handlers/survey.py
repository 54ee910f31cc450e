"""`/umfrage` and every answer: typed, tapped, edited afterwards or taken back."""

from dataclasses import replace

from bot.core import interview
from bot.core.conversation import DONE, Control, pressed
from bot.core.interview import Answered, Reopen, Step, prefixed, put
from bot.core.messages import Outgoing
from bot.core.questions.several import SeveralQuestion
from bot.core.recognition import fold
from bot.core.survey import Progress
from bot.core.values import Missing, Value
from handlers import consent, draft, not_understood, own_words, review
from handlers.turn import PLAIN, Decision, Turn, waits_no_more


def run(turn: Turn) -> Decision:
    """Begin the survey or go on with it; consent comes first."""
    turn = turn.as_person(waits_no_more(turn.person))
    if not turn.survey_is_open or turn.took_part:
        return turn.say(why_closed(turn))
    if not consent.given(turn):
        asked = consent.ask(turn)
        return replace(asked, say=(Outgoing(text=consent.introduction(turn)), *asked.say))
    if begun := draft.of(turn):
        return draft.resume(turn, begun)
    survey, t = turn.process.survey, turn.t
    begun = survey.begin()
    length = t.counted("survey.length", survey.longest, minutes=survey.minutes)
    intro = f"{t.of(survey.intro)}\n{length}\n{t('survey.how')}"
    return turn.say(intro, put(survey, begun, t), person=replace(turn.person, draft=begun))


def why_closed(turn: Turn) -> str:
    """Why no survey can be begun, with the dates."""
    t, survey = turn.t, turn.process.survey
    if turn.took_part:
        return t("survey.took_part")
    if turn.process.stage(turn.now) == "before":
        return t("survey.before", opens=t.date(survey.opens), closes=t.date(survey.closes))
    sentence = t("survey.over", opens=t.date(survey.opens), closes=t.date(survey.closes))
    return f"{sentence}\n{t('survey.over_draft')}" if draft.of(turn) else sentence


def typed(turn: Turn) -> Decision:
    """A typed message while a question or the review waits."""
    survey, t, begun = turn.process.survey, turn.t, draft.of(turn)
    if begun is None:
        return run(turn)
    if draft.outdated(turn):
        # A number means a place in a list that may have changed since it was read: ask again rather than guess.
        return draft.adopted(turn, begun)
    question = survey.current(begun)
    if question is None:
        return review.typed(turn, begun)
    if isinstance(question, SeveralQuestion) and (done := _ticks_done(turn, begun)):
        return done
    if not question.free_text and question.read(turn.text, t) is None:
        command = turn.vocabulary.command(turn.text)
        if command:
            return Decision(person=turn.person, then=command)
        if step := _corrected(turn, begun):
            return draft.stepped(turn, step)
    move = interview.read(survey, begun, turn.text, turn.vocabulary, t)
    if move is None:
        return _typed_beside(turn, begun)
    if isinstance(move, Answered):
        if question.free_text and own_words.doubtful(turn):
            return own_words.ask_back(turn, begun)
        return draft.moved(turn, begun.said_in(turn.message.target, question.id), move)
    return draft.control(turn, begun, move)


def _ticks_done(turn: Turn, begun: Progress) -> Decision | None:
    """ "Fertig" typed instead of tapped; "weiter" says the same once something is ticked."""
    done = any(fold(turn.text) == fold(t("control.done")) for t in turn.languages.values())
    if begun.ticked and (done or turn.vocabulary.control(turn.text) == "onward"):
        return draft.moved(turn, begun.said_in(turn.message.target, begun.question or ""), Answered(begun.ticked))
    return _tick_first(turn) if done else None


def _corrected(turn: Turn, begun: Progress) -> Step | None:
    """ "Nein, ich meinte 3": the last answer is another one; after a reply that did not fit, that reply first."""
    before = turn.process.survey.back(begun)
    places = (begun, before) if turn.person.misses else (before, begun)
    return interview.corrected(turn.process.survey, places, turn.text, turn.vocabulary, turn.t)


def _typed_beside(turn: Turn, begun: Progress) -> Decision:
    """What is no answer to the question that waits: another wish, something asked, or what does not fit."""
    survey, t = turn.process.survey, turn.t
    again = put(survey, begun, t)
    if changing := review.asked_to_change(turn, begun):
        return changing
    if t.says("words.unclear", turn.text):
        plain = "" if t.language.endswith(PLAIN) else turn.plain_language
        return not_understood.missed(turn, interview.unclear(survey, begun, t, plain), again)
    return not_understood.instead(turn, interview.misfit(survey, begun, turn.text, t), again)


def pressed_button(turn: Turn, key: str) -> Decision:
    """A button of a question, of any age: the waiting one is answered, an answered one reopens."""
    survey, t, begun = turn.process.survey, turn.t, draft.under_way(turn)
    _, name, option = pressed(key, "q") or ("", "", "")
    question = survey.find(name)
    if begun is None or question is None:
        return turn.say(t("button.submitted") if turn.took_part else t("button.closed"))
    turn = turn.as_person(waits_no_more(turn.person))
    if draft.outdated(turn):
        return draft.adopted(turn, begun)
    offered = any(option == choice.key for choice in question.choices(t))
    value = question.chosen(option, t) if offered else None
    if begun.question == name and isinstance(question, SeveralQuestion) and offered and value is not Missing.NO_ANSWER:
        return _ticked(turn, begun, option)
    if begun.question == name and value is not None:
        return _tapped(turn, begun, value)
    if name in begun.answers and begun.answers[name] == value:
        return Decision(person=turn.person)  # the second of two quick taps
    if name in begun.answers and survey.reopen(begun, name):
        return draft.moved(turn, begun, Reopen(name))
    return turn.say(prefixed(t("button.closed"), put(survey, begun, t)))


def _ticked(turn: Turn, begun: Progress, option: str) -> Decision:
    """One of several options tapped: the same message, with its tick changed."""
    survey, t = turn.process.survey, turn.t
    ticked = survey.tick(begun, option)
    question = survey.current(begun)
    most = question.at_most if isinstance(question, SeveralQuestion) else None
    if most is not None and len(ticked.ticked) > most:
        return turn.say(Outgoing(text=t.counted("misfit.too_many", most), aside=True))
    shown = replace(put(survey, ticked, t), replaces=turn.message.target)
    return turn.say(shown, person=replace(turn.person, draft=ticked))


def _tick_first(turn: Turn) -> Decision:
    return turn.say(Outgoing(text=turn.t("misfit.tick_first"), aside=True))


def _tapped(turn: Turn, begun: Progress, value: Value) -> Decision:
    """An answer by button: the next message, and the question without buttons but with the answer."""
    answered = interview.answered(turn.process.survey, begun, value, turn.t)
    return draft.moved(turn, begun, Answered(value)).settling(turn.message.target, answered)


def edited(turn: Turn) -> Decision:
    """A typed answer that was edited afterwards: the last one is corrected, an earlier one is not touched."""
    survey, t, begun = turn.process.survey, turn.t, draft.under_way(turn)
    if begun is None:
        return Decision(person=turn.person)
    if draft.outdated(turn):
        return draft.adopted(turn, begun)
    last, question = ([("", ""), *begun.said.items()])[-1]
    if last != turn.message.target or (again := survey.reopen(begun, question)) is None:
        return turn.say(Outgoing(text=t("edit.too_late"), aside=True))
    return typed(turn.as_person(replace(waits_no_more(turn.person), draft=again)))


def deleted(turn: Turn) -> Decision:
    """A message that its sender has taken back: the answer it gave goes as well, and its question waits again."""
    survey, begun = turn.process.survey, draft.of(turn)
    question = begun.said.get(turn.message.target or "") if begun else None
    if begun is None or question is None:
        return Decision(person=turn.person)
    without, gone = survey.without(begun, question), turn.t("answer.taken_back")
    if draft.under_way(turn) is None:  # the survey is over, or waits for consent: no question waits
        return turn.say(Outgoing(text=gone, aside=True), person=replace(turn.person, draft=without))
    turn = turn.as_person(waits_no_more(turn.person))
    if draft.outdated(turn):
        return draft.adopted(turn, without, gone)
    return turn.say(prefixed(gone, put(survey, without, turn.t)), person=replace(turn.person, draft=without))


def pressed_control(turn: Turn, key: str) -> Decision:
    """A back, skip or pause button: it counts only under the question that waits."""
    name, word = pressed(key, "c") or ("", "")
    begun = draft.under_way(turn)
    if begun is None:
        return turn.say(turn.t("button.submitted") if turn.took_part else turn.t("button.closed"))
    turn = turn.as_person(waits_no_more(turn.person))
    if draft.outdated(turn):
        return draft.adopted(turn, begun)
    if begun.question == name and (word == DONE or (word == "onward" and begun.ticked)):
        return _tapped(turn, begun, begun.ticked) if begun.ticked else _tick_first(turn)
    known: dict[str, Control] = {"back": "back", "skip": "skip", "pause": "pause", "onward": "onward"}
    if begun.question == name and word in known:
        return draft.control(turn, begun, known[word])
    return turn.say(put(turn.process.survey, begun, turn.t))
