"""`/umfrage` and every answer: the pure steps of the interview, applied to a person."""

import secrets
from dataclasses import replace

from bot.core import interview, recognition
from bot.core.conversation import CODE_LETTERS, DONE, Control, Response, Submit, pressed
from bot.core.events import over
from bot.core.interview import Answered, Step, dropped_sentence, prefixed, put
from bot.core.messages import Choice, Outgoing, Settled
from bot.core.questions.several import SeveralQuestion
from bot.core.survey import Progress
from bot.core.values import Missing, Value
from handlers import consent, own_words, questions
from handlers.turn import Decision, Menu, Turn, menu_choices, waits_at, waits_no_more

CHANGE, CANCEL, PAUSED = "change", "cancel", "paused"
HELP_AFTER = 3
"""The reply that did not fit, in a row, which gets a short help as well."""


def run(turn: Turn) -> Decision:
    """Begin the survey or go on with it; consent comes first."""
    turn = turn.as_person(waits_no_more(turn.person))
    if closed(turn) or turn.took_part:
        return turn.say(why_closed(turn))
    if not consent.given(turn):
        asked = consent.ask(turn)
        return replace(asked, say=(Outgoing(text=consent.introduction(turn)), *asked.say))
    if draft(turn) is not None:
        return resume(turn)
    survey, t = turn.process.survey, turn.t
    begun = survey.begin()
    length = t.counted("survey.length", survey.longest, minutes=survey.minutes)
    intro = f"{t.of(survey.intro)}\n{length}\n{t('survey.how')}"
    return turn.say(intro, put(survey, begun, t), person=replace(turn.person, draft=begun))


def closed(turn: Turn) -> bool:
    """Whether the survey cannot be taken today."""
    return turn.process.stage(turn.now) != "open"


def why_closed(turn: Turn) -> str:
    """Why no survey can be begun, with the dates."""
    t, survey = turn.t, turn.process.survey
    if turn.took_part:
        return t("survey.took_part")
    if turn.process.stage(turn.now) == "before":
        return t("survey.before", opens=t.date(survey.opens), closes=t.date(survey.closes))
    sentence = t("survey.over", opens=t.date(survey.opens), closes=t.date(survey.closes))
    return f"{sentence}\n{t('survey.over_draft')}" if draft(turn) is not None else sentence


def draft(turn: Turn) -> Progress | None:
    """The person's draft of this survey, if there is one."""
    begun = turn.person.draft
    return begun if begun and begun.survey == turn.process.survey.id else None


def answering(turn: Turn) -> bool:
    """Whether a survey question or the review waits for this person."""
    return draft(turn) is not None and not turn.took_part and not closed(turn) and consent.given(turn)


def writing_freely(turn: Turn) -> bool:
    """Whether a question waits that is answered in own words: whatever is typed may be the answer."""
    begun = draft(turn)
    question = turn.process.survey.current(begun) if begun and answering(turn) else None
    return question is not None and question.free_text


def waiting_message(turn: Turn) -> Outgoing | None:
    """The survey's message that the conversation waits at."""
    begun = draft(turn)
    return put(turn.process.survey, begun, turn.t) if begun and answering(turn) else None


def resume(turn: Turn) -> Decision:
    """Go on with a draft where it was left."""
    begun = draft(turn)
    if begun is None:
        return run(turn)
    if begun.version != turn.process.survey.version:
        return _adopted(turn, begun)
    return turn.say(prefixed(turn.t("survey.resumed"), put(turn.process.survey, begun, turn.t)))


def _adopted(turn: Turn, begun: Progress) -> Decision:
    """A draft of another version of the survey: what still has its question is kept, and the person is told."""
    survey, t = turn.process.survey, turn.t
    adopted = survey.adopt(begun)
    sentence = "\n".join(part for part in (t("survey.changed"), dropped_sentence(survey, adopted.dropped, t)) if part)
    message = prefixed(sentence, put(survey, adopted.progress, t))
    return turn.say(message, person=replace(turn.person, draft=adopted.progress, misses=0))


def typed(turn: Turn) -> Decision:
    """A typed message while a question or the review waits."""
    survey, t, begun = turn.process.survey, turn.t, draft(turn)
    if begun is None:
        return run(turn)
    if begun.version != survey.version or (begun.question and survey.find(begun.question) is None):
        # A number means a place in a list that may have changed since it was read: ask again rather than guess.
        return _adopted(turn, begun)
    question = survey.current(begun)
    if question is None:
        return _typed_at_review(turn, begun)
    if not question.free_text and question.read(turn.text, t) is None:
        command = turn.vocabulary.command(turn.text)
        if command:
            return Decision(person=turn.person, then=command)
    move = interview.read(survey, begun, turn.text, turn.vocabulary, t)
    if move is None and (changing := _asked_to_change(turn, begun)):
        return changing
    if move is None and (tag := turn.language_in(turn.text)):
        return Decision(person=turn.person, then=f"sprache {tag}")
    if move is None and (told := questions.understood(turn, surely=True)):
        return turn.say(told, put(survey, begun, t))
    if isinstance(move, Answered) and question.free_text and own_words.doubtful(turn):
        return own_words.ask_back(turn, begun)
    if move is None:
        return missed(turn, question.misfit(turn.text, t), put(survey, begun, t))
    if not isinstance(move, Answered):
        return control(turn, move)
    step = interview.advance(survey, begun, move, t)
    return _stepped(turn, replace(step, progress=step.progress.said_in(turn.message.target, question.id)))


def _typed_at_review(turn: Turn, begun: Progress) -> Decision:
    survey, t = turn.process.survey, turn.t
    chosen = turn.vocabulary.control(turn.text)
    choices = interview.review_choices(t)
    choice = recognition.exact(turn.text, choices)
    if choice is None and chosen:
        return control(turn, chosen)
    if choice is None and (changing := _asked_to_change(turn, begun)):
        return changing
    if choice is None and (command := turn.vocabulary.command(turn.text)):
        return Decision(person=turn.person, then=command)
    choice = choice or recognition.near(turn.text, choices)
    if choice is None and (tag := turn.language_in(turn.text)):
        return Decision(person=turn.person, then=f"sprache {tag}")
    if choice is None and (told := questions.understood(turn, surely=True)):
        return turn.say(told, put(survey, begun, t))
    if choice is None:
        return missed(turn, t("misfit.review"), put(survey, begun, t))
    return review_picked(turn, choice.key.rpartition(":")[2])


def _asked_to_change(turn: Turn, begun: Progress) -> Decision | None:
    """ "Frage 5" or "ändern", as soon as there is an answer that can be changed."""
    survey, t = turn.process.survey, turn.t
    answered = survey.answered(begun)
    if not answered:
        return None
    number = interview.question_number(turn.text, t)
    if number is None:
        return _ask_which(turn) if t.says("words.change", turn.text) else None
    if 1 <= number <= len(answered):
        return _reopened(turn, begun, answered[number - 1][0].id)
    if survey.current(begun) is not None:
        return _ask_which(turn)  # there may be such a question later: what can be changed now is shown
    return missed(turn, t("misfit.question_number", last=len(answered)), put(survey, begun, t))


def review_picked(turn: Turn, key: str) -> Decision:
    """Submit, change or pause, as the review offers."""
    begun = draft(turn)
    if begun is None or not turn.process.survey.complete(begun):
        return resume(turn)
    if key == "submit":
        return submit(turn, begun)
    return pause(turn) if key == "pause" else _ask_which(turn)


def submit(turn: Turn, begun: Progress) -> Decision:
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


def control(turn: Turn, word: Control) -> Decision:
    """Back, skip, pause, cancel or onward while a question or the review waits."""
    begun = draft(turn)
    if begun is None:
        return run(turn)
    if word == "pause":
        return pause(turn)
    if word == "cancel":
        person = waits_at(turn.person, CANCEL)
        return turn.say(CANCELLING.put(turn), person=person)
    return _stepped(turn, interview.advance(turn.process.survey, begun, word, turn.t))


def pause(turn: Turn) -> Decision:
    """Keep the draft and be quiet."""
    return turn.say(PAUSING.put(turn), person=waits_at(turn.person, PAUSED))


def pressed_button(turn: Turn, key: str) -> Decision:
    """A button of a question, of any age: the waiting one is answered, an answered one reopens."""
    survey, t, begun = turn.process.survey, turn.t, draft(turn)
    _, name, option = pressed(key, "q") or ("", "", "")
    question = survey.find(name)
    if begun is None or question is None or not answering(turn):
        return turn.say(t("button.submitted") if turn.took_part else t("button.closed"))
    if begun.version != survey.version:
        begun = survey.adopt(begun).progress
        turn = turn.as_person(replace(turn.person, draft=begun))
    offered = any(option == choice.key for choice in question.choices(t))
    value = question.chosen(option, t) if offered else None
    turn = turn.as_person(waits_no_more(turn.person))
    if begun.question == name and isinstance(question, SeveralQuestion) and offered and value is not Missing.NO_ANSWER:
        return _ticked(turn, begun, option)
    if begun.question == name and value is not None:
        return _tapped(turn, begun, value)
    if name in begun.answers and begun.answers[name] == value:
        return Decision(person=turn.person)  # the second of two quick taps
    if name in begun.answers and survey.reopen(begun, name):
        return _reopened(turn, begun, name)
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


def _tapped(turn: Turn, begun: Progress, value: Value) -> Decision:
    """An answer by button: the next message, and the question without buttons but with the answer."""
    survey, t = turn.process.survey, turn.t
    step = interview.advance(survey, begun, Answered(value), t)
    if turn.message.target is not None and step.say:
        settled = Settled(turn.message.target, interview.answered(survey, begun, value, t))
        step = replace(step, say=(replace(step.say[0], settles=settled), *step.say[1:]))
    return _stepped(turn, step)


def edited(turn: Turn) -> Decision:
    """A typed answer that was edited afterwards: the last one is corrected, an earlier one is not touched."""
    survey, t, begun = turn.process.survey, turn.t, draft(turn)
    if begun is None or not answering(turn):
        return Decision(person=turn.person)
    last, question = ([("", ""), *begun.said.items()])[-1]
    if last != turn.message.target or (again := survey.reopen(begun, question)) is None:
        return turn.say(Outgoing(text=t("edit.too_late"), aside=True))
    return typed(turn.as_person(replace(waits_no_more(turn.person), draft=again)))


def deleted(turn: Turn) -> Decision:
    """A message that its sender has taken back: the answer it gave goes as well, and its question is asked again."""
    survey, begun = turn.process.survey, draft(turn)
    question = begun.said.get(turn.message.target or "") if begun else None
    if begun is None or question is None:
        return Decision(person=turn.person)
    without = survey.without(begun, question)
    again = prefixed(turn.t("answer.taken_back"), put(survey, without, turn.t))
    return turn.say(again, person=replace(waits_no_more(turn.person), draft=without))


def pressed_control(turn: Turn, key: str) -> Decision:
    """A back, skip or pause button: it counts only under the question that waits."""
    name, word = pressed(key, "c") or ("", "")
    begun = draft(turn)
    if begun is None or not answering(turn):
        return turn.say(turn.t("button.submitted") if turn.took_part else turn.t("button.closed"))
    turn = turn.as_person(waits_no_more(turn.person))
    if begun.question == name and word == DONE:
        if not begun.ticked:
            return turn.say(Outgoing(text=turn.t("misfit.tick_first"), aside=True))
        return _tapped(turn, begun, begun.ticked)
    known: dict[str, Control] = {"back": "back", "skip": "skip", "pause": "pause", "onward": "onward"}
    if begun.question == name and word in known:
        return control(turn, known[word])
    return turn.say(put(turn.process.survey, begun, turn.t))


def missed(turn: Turn, sentence: str, again: Outgoing) -> Decision:
    """A reply that did not fit: what would, and the question again; the third time in a row a short help."""
    misses = turn.person.misses + 1
    if not turn.vocabulary.refuses(turn.text) and (courteous := questions.courtesy(turn)):
        sentence = courteous
    elif misses % HELP_AFTER == 0:
        in_survey = "misfit.help_choice" if again.choices else "misfit.help"
        how = turn.t("misfit.help_menu" if turn.person.waiting else in_survey)
        sentence = f"{sentence}\n{how}"
    return turn.say(prefixed(sentence, again), person=replace(turn.person, misses=misses))


def _stepped(turn: Turn, step: Step) -> Decision:
    return turn.say(*step.say, person=replace(waits_no_more(turn.person), draft=step.progress))


def _reopened(turn: Turn, begun: Progress, question: str) -> Decision:
    survey = turn.process.survey
    again = survey.reopen(begun, question)
    if again is None:
        return turn.say(put(survey, begun, turn.t))
    return turn.say(put(survey, again, turn.t), person=replace(waits_no_more(turn.person), draft=again))


def _ask_which(turn: Turn) -> Decision:
    return turn.say(CHANGING.put(turn), person=waits_at(turn.person, CHANGE))


def _answered(turn: Turn) -> tuple[Choice, ...]:
    begun = draft(turn)
    return interview.answered_choices(turn.process.survey, begun, CHANGE, turn.t) if begun else ()


def _change(turn: Turn, question: str) -> Decision:
    begun = draft(turn)
    return _reopened(turn, begun, question) if begun else run(turn)


def _cancelled(turn: Turn, key: str) -> Decision:
    turn = turn.as_person(waits_no_more(turn.person))
    if key == "no":
        return resume(turn)
    return turn.say(turn.t("cancel.done"), person=replace(turn.person, draft=None))


def _unpaused(turn: Turn, key: str) -> Decision:
    return Decision(person=waits_no_more(turn.person), then="umfrage")


CHANGING = Menu(asks=lambda turn: turn.t("change.ask"), choices=_answered, picked=_change)
CANCELLING = Menu(
    asks=lambda turn: turn.t("cancel.ask"),
    choices=lambda turn: menu_choices(CANCEL, no=turn.t("cancel.no"), yes=turn.t("cancel.yes")),
    picked=_cancelled,
)
PAUSING = Menu(
    asks=lambda turn: turn.t("pause.done"),
    choices=lambda turn: menu_choices(PAUSED, onward=turn.t("pause.onward")),
    picked=_unpaused,
)
