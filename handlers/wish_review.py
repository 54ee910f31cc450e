"""`/wuensche_pruefen`: staff read one wish after the other, and release it or hold it back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from bot.core.conversation import JudgeWish
from bot.core.messages import Choice, Outgoing
from bot.core.recognition import fold
from handlers import draft
from handlers.turn import Command, Decision, Menu, Turn, menu_choices, waits_at, waits_no_more
from storage.wishes import State, Wish

MENU = "wish_review"
Judgement = Literal["released", "held"]


@dataclass(frozen=True, slots=True)
class Pending:
    """The wish that is to be judged, out of those in a state, and how many of them there are."""

    wish: Wish
    state: State
    left: int


async def run(turn: Turn) -> Decision:
    """The first wish that nobody has judged; behind the command "freigegeben" or "zurückgehalten": those again."""
    state: State = "new"
    for one in ("released", "held"):
        if fold(turn.argument) in turn.t.words(f"words.wishes_{one}"):
            state = one
    return await _next(turn, state)


async def _next(turn: Turn, state: State, after: str = "", judged: Judgement | None = None) -> Decision:
    """The next wish in a state, after one that has just been judged; at the end, how many there are of each."""
    counts = await turn.memory.results.how_many_wishes()
    if judged is not None:  # not written yet
        counts = {**counts, state: counts.get(state, 1) - 1}
        counts[judged] = counts.get(judged, 0) + 1
    said = turn.t(f"wish_review.was_{judged}") if judged else ""
    found = await turn.memory.results.wishes(state, after=after, most=1)
    if not found:
        return _done(turn, counts, said)
    turn = replace(turn, shown=Pending(found[0], state, counts.get(state, 1)))
    text = "\n\n".join(part for part in (said, _asks(turn)) if part)
    person = waits_at(turn.person, MENU, f"{found[0].id} {state}")
    return turn.say(Outgoing(text=text, choices=_choices(turn)), person=person)


def _done(turn: Turn, counts: Mapping[str, int], said: str = "") -> Decision:
    t, numbers = turn.t, {state: turn.t.number(counts.get(state, 0)) for state in get_args(State)}
    left = turn.as_person(waits_no_more(turn.person))
    text = "\n\n".join(part for part in (said, t("wish_review.done", **numbers)) if part)
    return draft.goes_on(left, text)


async def _waiting(turn: Turn) -> object:
    wish, _, state = turn.person.waiting.then.partition(" ") if turn.person.waiting else ("", "", "")
    found = await turn.memory.results.wish(wish) if turn.may_use(COMMAND) else None
    # A colleague may have judged it in the meantime.
    if found is None or found.state != state:
        return None
    counts = await turn.memory.results.how_many_wishes()
    known: State = "released" if state == "released" else "held" if state == "held" else "new"
    return Pending(found, known, counts.get(state, 1))


def _asks(turn: Turn) -> str:
    t, pending = turn.t, turn.shown
    if not isinstance(pending, Pending):
        return t("wish_review.gone")
    from bot.core.personal import hints  # noqa: PLC0415 - its many patterns are not needed by anybody else

    kinds = hints(pending.wish.text, public_addresses(turn))
    parts = [
        t.counted(f"wish_review.left_{pending.state}", pending.left),
        f"„{pending.wish.text}“",
        t("wish_review.hint", what=what(turn, kinds)) if kinds else "",
        t("wish_review.ask"),
    ]
    return "\n\n".join(part for part in parts if part)


def _choices(turn: Turn) -> tuple[Choice, ...]:
    pending = turn.shown
    if not isinstance(pending, Pending):
        return menu_choices(MENU, next=turn.t("wish_review.next"), close=turn.t("wish_review.close"))
    # The button knows its wish: a second quick tap must not judge the next one unread.
    wish = pending.wish.id
    labels = {
        f"released-{wish}": turn.t("wish_review.release"),
        f"held-{wish}": turn.t("wish_review.hold"),
        f"later-{wish}": turn.t("wish_review.later"),
    }
    return menu_choices(MENU, **labels, close=turn.t("wish_review.close"))


async def _picked(turn: Turn, key: str) -> Decision:
    pending = turn.shown
    if not turn.may_use(COMMAND):  # taken off the staff while a wish was waiting
        return turn.say(turn.t("help.unknown_command"), person=waits_no_more(turn.person))
    if key == "close":
        return _done(turn, await turn.memory.results.how_many_wishes())
    if not isinstance(pending, Pending):
        return await _next(turn, "new")
    word, _, _ = key.partition("-")
    judged: Judgement | None = "released" if word == "released" else "held" if word == "held" else None
    if judged is None:
        return await _next(turn, pending.state, after=pending.wish.id)
    decision = await _next(turn, pending.state, pending.wish.id, judged)
    return replace(decision, effects=(JudgeWish(pending.wish.id, judged),))


def what(turn: Turn, kinds: tuple[str, ...]) -> str:
    """ "eine Telefonnummer, ein Name"."""
    return ", ".join(turn.t(f"hint.{kind}") for kind in kinds)


def public_addresses(turn: Turn) -> list[str]:
    """What everybody may know: where the events are."""
    return [part for event in turn.process.events for part in (event.address, event.place)]


COMMAND = Command("help.wuensche_pruefen", run, role="editor", aliases=("check_wishes",))
REVIEWING = Menu(asks=_asks, choices=_choices, picked=_picked, prepared=_waiting)
