"""`/wuensche`: the wishes that staff have released, to read and to support, with one voice per person and wish."""

from dataclasses import dataclass, replace

from bot.core.conversation import Support
from bot.core.interview import shortened
from bot.core.messages import Choice, Outgoing
from bot.report.wording import voices
from handlers import draft
from handlers.turn import Decision, Menu, Turn, menu_choices, waits_at, waits_no_more
from storage.wishes import Wish

LIST, ONE = "wishes", "wish"
ON_A_PAGE = 5
ON_A_BUTTON = 44
"""Characters of a wish that its button shows."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the wishes; `pages` is how many such there are."""

    number: int
    pages: int
    wishes: tuple[Wish, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """One wish, with the page it was opened from and whether the reader supports it."""

    wish: Wish
    page: int
    supported: bool


async def run(turn: Turn) -> Decision:
    """The first page; a number behind the command is another one."""
    number = int(turn.argument) if turn.argument.isdecimal() and len(turn.argument) < 5 else 1
    return await _listed(turn, number)


async def _listed(turn: Turn, number: int, said: str = "") -> Decision:
    page = await _page(turn, number)
    if not page.wishes:
        return turn.say(turn.t("wishes.none"), person=waits_no_more(turn.person))
    turn = replace(turn, shown=page)
    text = "\n\n".join(part for part in (said, _asks(turn)) if part)
    return turn.say(Outgoing(text=text, choices=_choices(turn)), person=waits_at(turn.person, LIST, str(page.number)))


async def _page(turn: Turn, number: int) -> Page:
    count = (await turn.memory.results.how_many_wishes()).get("released", 0)
    pages = max(-(-count // ON_A_PAGE), 1)
    number = min(max(number, 1), pages)
    found = await turn.memory.results.wishes("released", most=ON_A_PAGE, skip=(number - 1) * ON_A_PAGE)
    return Page(number, pages, tuple(found))


async def _waiting_page(turn: Turn) -> object:
    waiting = turn.person.waiting
    return await _page(turn, int(waiting.then) if waiting and waiting.then.isdecimal() else 1)


def _asks(turn: Turn) -> str:
    page = turn.shown
    if not isinstance(page, Page) or page.pages == 1:
        return turn.t("wishes.ask")
    return f"{turn.t('wishes.ask')}\n{turn.t('wishes.page', number=page.number, pages=page.pages)}"


def _choices(turn: Turn) -> tuple[Choice, ...]:
    page = turn.shown
    if not isinstance(page, Page):
        return menu_choices(LIST, close=turn.t("wishes.close"))
    labels = {wish.id: shortened(wish.text, ON_A_BUTTON) for wish in page.wishes}
    if page.number < page.pages:
        labels["more"] = turn.t("wishes.more")
    if page.number > 1:
        labels["earlier"] = turn.t("wishes.earlier")
    return menu_choices(LIST, **labels, close=turn.t("wishes.close"))


async def _picked(turn: Turn, key: str) -> Decision:
    page = turn.shown.number if isinstance(turn.shown, Page) else 1
    if key in {"more", "earlier"}:
        return await _listed(turn, page + (1 if key == "more" else -1))
    if key == "close":
        return _left(turn)
    opened = await _open(turn, key, page)
    if opened is None:
        return await _listed(turn, page, turn.t("wishes.gone"))
    turn = replace(turn, shown=opened)
    question = Outgoing(text=_asks_about_one(turn), choices=_choices_of_one(turn))
    return turn.say(question, person=waits_at(turn.person, ONE, f"{key} {page}"))


async def _open(turn: Turn, wish: str, page: int) -> Opened | None:
    found = await turn.memory.results.wish(wish)
    if found is None or found.state != "released":
        return None
    return Opened(found, page, wish in await turn.memory.results.supported_by(turn.person.address, [wish]))


async def _waiting_wish(turn: Turn) -> object:
    wish, _, page = turn.person.waiting.then.partition(" ") if turn.person.waiting else ("", "", "")
    return await _open(turn, wish, int(page) if page.isdecimal() else 1)


def _asks_about_one(turn: Turn) -> str:
    opened = turn.shown
    if not isinstance(opened, Opened):
        return turn.t("wishes.gone")
    parts = [f"„{opened.wish.text}“", voices(opened.wish.voices, turn.t)]
    parts += [turn.t("wishes.yours")] if opened.supported else []
    if turn.survey_is_open:
        parts.append(turn.t("wishes.how", closes=turn.t.date(turn.process.survey.closes)))
    return "\n".join(part for part in parts if part)


def _choices_of_one(turn: Turn) -> tuple[Choice, ...]:
    opened, labels = turn.shown, {}
    # Who supports what is known only as long as the survey is open; then the key to it is erased.
    if isinstance(opened, Opened) and turn.survey_is_open and not opened.supported:
        labels["support"] = turn.t("wishes.support")
    labels["back"] = turn.t("wishes.back")
    if isinstance(opened, Opened) and turn.survey_is_open and opened.supported:
        labels["withdraw"] = turn.t("wishes.withdraw")
    return menu_choices(ONE, **labels)


async def _picked_of_one(turn: Turn, key: str) -> Decision:
    opened = turn.shown
    if not isinstance(opened, Opened) or key == "back":
        return await _listed(turn, opened.page if isinstance(opened, Opened) else 1)
    wanted = key == "support"
    decision = await _listed(turn, opened.page, turn.t("wishes.supported" if wanted else "wishes.withdrawn"))
    return replace(decision, effects=(Support(opened.wish.id, wanted),))


def _left(turn: Turn) -> Decision:
    """Out of the list, back to the survey where it is under way."""
    left = turn.as_person(waits_no_more(turn.person))
    waiting = draft.waiting_message(left)
    return left.say(waiting or left.t("menu.left"))


LISTING = Menu(asks=_asks, choices=_choices, picked=_picked, prepared=_waiting_page)
READING = Menu(asks=_asks_about_one, choices=_choices_of_one, picked=_picked_of_one, prepared=_waiting_wish)
