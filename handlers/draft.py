"""A person's draft of the survey: what waits in it, how a move changes it; and how it is paused, resumed, given up."""

from dataclasses import replace

from bot.core import interview
from bot.core.conversation import Control
from bot.core.interview import Move, Step, dropped_sentence, prefixed, put
from bot.core.messages import Outgoing
from bot.core.survey import Progress
from handlers import consent
from handlers.turn import Decision, Menu, Turn, menu_choices, waits_at, waits_no_more

CANCEL, PAUSED = "cancel", "paused"


def of(turn: Turn) -> Progress | None:
    """The person's draft of this survey, if there is one; of one that has changed since, what still fits it."""
    begun, survey = turn.person.draft, turn.process.survey
    if begun is None or begun.survey != survey.id:
        return None
    return begun if survey.knows(begun) else survey.adopt(begun).progress


def outdated(turn: Turn) -> bool:
    """Whether the survey has changed since this person's draft of it was written."""
    begun = turn.person.draft
    return begun is not None and not turn.process.survey.knows(begun)


def under_way(turn: Turn) -> Progress | None:
    """The draft, if a question of the survey or the review waits for this person today."""
    begun = of(turn)
    return begun if begun and not turn.took_part and turn.survey_is_open and consent.given(turn) else None


def writing_freely(turn: Turn) -> bool:
    """Whether a question waits that is answered in own words: whatever is typed may be the answer."""
    begun = under_way(turn)
    question = turn.process.survey.current(begun) if begun else None
    return question is not None and question.free_text


def waiting_message(turn: Turn) -> Outgoing | None:
    """The survey's message that the conversation waits at."""
    begun = under_way(turn)
    return put(turn.process.survey, begun, turn.t) if begun else None


def goes_on(turn: Turn, *said: Outgoing | str) -> Decision:
    """Say something, and then what the survey waits at, where it does."""
    waiting = waiting_message(turn)
    return turn.say(*said, *([waiting] if waiting else []))


def moved(turn: Turn, begun: Progress, move: Move) -> Decision:
    """The survey after one move, and nothing else that waits."""
    return stepped(turn, interview.advance(turn.process.survey, begun, move, turn.t))


def stepped(turn: Turn, step: Step) -> Decision:
    """The survey as a step leaves it."""
    return turn.say(*step.say, person=replace(waits_no_more(turn.person), draft=step.progress))


def control(turn: Turn, begun: Progress, word: Control) -> Decision:
    """Back, skip, pause, cancel or onward while a question or the review waits."""
    if word == "pause":
        return pause(turn)
    if word == "cancel":
        return turn.say(CANCELLING.put(turn), person=waits_at(turn.person, CANCEL))
    return moved(turn, begun, word)


def pause(turn: Turn) -> Decision:
    """Keep the draft and be quiet."""
    return turn.say(PAUSING.put(turn), person=waits_at(turn.person, PAUSED))


def resume(turn: Turn, begun: Progress) -> Decision:
    """Go on with a draft where it was left."""
    if outdated(turn):
        return adopted(turn, begun)
    return turn.say(prefixed(turn.t("survey.resumed"), put(turn.process.survey, begun, turn.t)))


def adopted(turn: Turn, begun: Progress, first: str = "") -> Decision:
    """What is left of a draft of another version of the survey, and the person is told, after a first sentence."""
    survey, t = turn.process.survey, turn.t
    written = turn.person.draft or begun
    not_asked = sum(survey.find(question) is None for question in written.answers)
    parts = (
        first,
        t("survey.changed"),
        dropped_sentence(survey, survey.adopt(written).dropped, t),
        t.counted("answer.not_asked", not_asked) if not_asked else "",
        t("survey.changed_ask") if survey.current(begun) else "",
    )
    sentence = "\n".join(part for part in parts if part)
    message = prefixed(sentence, put(survey, begun, t))
    return turn.say(message, person=replace(turn.person, draft=begun, misses=0))


def _cancelled(turn: Turn, key: str) -> Decision:
    turn = turn.as_person(waits_no_more(turn.person))
    if key == "no":
        begun = under_way(turn)
        return resume(turn, begun) if begun else Decision(person=turn.person, then="umfrage")
    return turn.say(turn.t("cancel.done"), person=replace(turn.person, draft=None))


def _unpaused(turn: Turn, key: str) -> Decision:
    return Decision(person=waits_no_more(turn.person), then="umfrage")


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
