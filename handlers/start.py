"""`/start`: says who is speaking, and leads on to the survey. Harmless in the middle of it."""

import re
from dataclasses import replace

from bot.core.conversation import CountSource
from bot.core.events import event_named
from bot.core.messages import Choice, Outgoing
from handlers import consent, draft, survey
from handlers.turn import Decision, Menu, Turn, menu_choices, waits_at, waits_no_more

MENU = "welcome"
SOURCE = re.compile(r"src_[A-Za-z0-9_-]{1,40}")


def run(turn: Turn) -> Decision:
    """The introduction with the ways on; where a survey is under way, the question that waits."""
    if turn.argument:
        return _linked(turn, turn.argument)
    person = waits_no_more(turn.person)
    turn = turn.as_person(person)
    if begun := draft.under_way(turn):
        return draft.resume(turn, begun)
    if not turn.survey_is_open or turn.took_part:
        return turn.say(f"{consent.who(turn)}\n\n{survey.why_closed(turn)}")
    text = f"{consent.introduction(turn)}\n\n{asks(turn)}"
    return turn.say(Outgoing(text=text, choices=choices(turn)), person=waits_at(person, MENU))


def _linked(turn: Turn, payload: str) -> Decision:
    """Through a link or poster: `survey` leads straight on, `ev_ID` shows an evening, `src_…` is counted."""
    if payload == "survey":
        return Decision(person=waits_no_more(turn.person), then="umfrage")
    # Anything else is a plain start: the payload of a link may come from anybody.
    event = turn.process.find_event(payload.removeprefix("ev_")) or event_named(payload, turn.process.events)
    if event is not None:
        return Decision(person=waits_no_more(turn.person), then=f"termine {event.id}")
    plain = run(replace(turn, argument=""))
    if SOURCE.fullmatch(payload):
        return replace(plain, effects=(CountSource(payload.removeprefix("src_")),))
    return plain


def asks(turn: Turn) -> str:
    return turn.t("start.ask")


def choices(turn: Turn) -> tuple[Choice, ...]:
    return menu_choices(
        MENU,
        survey=turn.t("start.survey"),
        events=turn.t("start.events"),
        language=turn.t("start.language"),
        help=turn.t("start.help"),
    )


def picked(turn: Turn, key: str) -> Decision:
    person = waits_no_more(turn.person)
    if key == "survey" and not consent.given(turn) and turn.survey_is_open and not turn.took_part:
        return consent.ask(turn.as_person(person))
    if key == "help":
        return Decision(person=turn.person, then="hilfe")  # read, and asked again what they would like to do
    return Decision(person=person, then={"survey": "umfrage", "events": "termine", "language": "sprache"}[key])


def _meant(turn: Turn) -> str | None:
    """Who has just read the introduction and wants to take part does not read it again."""
    return "survey" if turn.vocabulary.command(turn.text) == "umfrage" else None


WELCOME = Menu(asks=asks, choices=choices, picked=picked, meant=_meant, introduced=True)
