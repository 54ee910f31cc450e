"""`/start`: says who is speaking, and leads on to the survey. Harmless in the middle of it."""

from bot.core.messages import Choice, Outgoing
from handlers import consent, survey
from handlers.turn import Decision, Menu, Turn, menu_choices, waits_at, waits_no_more

MENU = "welcome"


def run(turn: Turn) -> Decision:
    """The introduction with the ways on; where a survey is under way, the question that waits."""
    person = waits_no_more(turn.person)
    turn = turn.as_person(person)
    if survey.answering(turn):
        return survey.resume(turn)
    if survey.closed(turn) or turn.took_part:
        return turn.say(f"{consent.who(turn)}\n\n{survey.why_closed(turn)}")
    text = f"{consent.introduction(turn)}\n\n{asks(turn)}"
    return turn.say(Outgoing(text=text, choices=choices(turn)), person=waits_at(person, MENU))


def asks(turn: Turn) -> str:
    return turn.t("start.ask")


def choices(turn: Turn) -> tuple[Choice, ...]:
    return menu_choices(
        MENU, survey=turn.t("start.survey"), language=turn.t("start.language"), help=turn.t("start.help")
    )


def picked(turn: Turn, key: str) -> Decision:
    person = waits_no_more(turn.person)
    if key == "survey" and not consent.given(turn) and not survey.closed(turn) and not turn.took_part:
        return consent.ask(turn.as_person(person))
    return Decision(person=person, then={"survey": "umfrage", "language": "sprache", "help": "hilfe"}[key])


WELCOME = Menu(asks=asks, choices=choices, picked=picked)
