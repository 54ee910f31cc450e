"""Asks back, once, where own words are awaited and a text plainly asks the bot something: is it the answer?"""

from dataclasses import replace

from bot.core.interview import Answered, put
from bot.core.messages import Choice
from bot.core.questions.choice import choice_misfit
from bot.core.recognition import fold
from bot.core.survey import Progress
from handlers import draft, not_understood, questions
from handlers.turn import Decision, Menu, Turn, menu_choices, waits_at, waits_no_more

MENU = "own_words"
ANSWER, QUESTION, SMALL = "words.own_words.answer", "words.own_words.question", "words.own_words.small"


def doubtful(turn: Turn) -> bool:
    """Whether a text in own words may be a question to the bot instead, or the wish to go on in another language."""
    return bool(turn.language_in(turn.text) or questions.understood(turn, surely=True))


def ask_back(turn: Turn, begun: Progress) -> Decision:
    """Which of the two it is. The text waits in the draft, sealed like the answers, and goes with its message."""
    waiting = replace(begun, asked_back=turn.text).said_in(turn.message.target, begun.question or "")
    person = replace(waits_at(turn.person, MENU), draft=waiting)
    return turn.say(ASKING_BACK.put(turn.as_person(person)), person=person)


def asks(turn: Turn) -> str:
    return turn.t("own_words.ask_language" if _language(turn) else "own_words.ask")


def _language(turn: Turn) -> str:
    """The language that the text names which waits."""
    return turn.language_in(_text(turn))


def _text(turn: Turn) -> str:
    return turn.person.draft.asked_back if turn.person.draft else ""


def choices(turn: Turn) -> tuple[Choice, ...]:
    question = turn.t("start.language" if _language(turn) else "own_words.question")
    return menu_choices(MENU, answer=turn.t("own_words.answer"), question=question)


def picked(turn: Turn, key: str) -> Decision:
    """The text is recorded, or answered and the survey's question asked again."""
    text, survey, t = _text(turn), turn.process.survey, turn.t
    turn = turn.as_person(waits_no_more(turn.person))
    begun = draft.of(turn)
    if begun is None or draft.outdated(turn):
        return Decision(person=turn.person, then="umfrage")
    if key == "answer" and survey.current(begun) is not None:
        return _recorded(turn, begun, text)
    if tag := turn.language_in(text):
        return Decision(person=turn.person, then=f"sprache {tag}")
    told = questions.understood(replace(turn, text=text))
    return turn.say(*([told] if told else []), put(survey, begun, t))


def typed(turn: Turn) -> Decision:
    """Instead of choosing, somebody wrote on: that is the answer, whatever it looks like, but for what steers."""
    left = turn.as_person(waits_no_more(turn.person))
    begun, word = draft.of(left), turn.vocabulary.control(turn.text)
    if begun is None or draft.outdated(left):
        return Decision(person=left.person, then="umfrage")
    if word:
        return draft.control(left, begun, word)
    if _chooses(turn):
        again = ASKING_BACK.put(turn)
        return not_understood.missed(turn, choice_misfit(turn.text, len(again.choices), turn.t), again)
    return _recorded(left, begun.said_in(turn.message.target, begun.question or ""), turn.text)


def _meant(turn: Turn) -> str | None:
    """What a short sentence chooses: "ja, das ist meine Antwort"; "ja" alone where no language is asked about."""
    if not _chooses(turn):
        return None
    said, t = set(fold(turn.text).split()), turn.t
    answer, question = (not said.isdisjoint(t.words(words)) for words in (ANSWER, QUESTION))
    if answer != question:
        other = not said.isdisjoint(t.words("words.negations"))
        return "answer" if answer != other else "question"
    if answer or _language(turn):
        return None
    agreed = turn.vocabulary.agreed(turn.text)
    return {"yes": "answer", "no": "question"}[agreed] if agreed else None


def _chooses(turn: Turn) -> bool:
    """Whether a message is about the two choices and nothing else: then it is no answer to the survey."""
    said = set(fold(turn.text).split())
    known = {word for words in (ANSWER, QUESTION, SMALL) for word in turn.t.words(words)}
    return turn.vocabulary.agreed(turn.text) is not None or (bool(said) and said <= known)


def _recorded(turn: Turn, begun: Progress, text: str) -> Decision:
    survey, t = turn.process.survey, turn.t
    question = survey.current(begun)
    value = question.read(text, t) if question else None
    if question is None or value is None:
        misfit = [question.misfit(text, t)] if question else []
        return turn.say(*misfit, put(survey, begun, t), person=replace(waits_no_more(turn.person), draft=begun))
    return draft.moved(turn, begun, Answered(value))


ASKING_BACK = Menu(asks=asks, choices=choices, picked=picked, meant=_meant)
