"""Who asks, what is stored, and whether the person agrees: asked before the first question."""

from dataclasses import replace

from bot.core.conversation import Consent
from bot.core.messages import Choice
from handlers.turn import Decision, Menu, Turn, menu_choices, waits_at, waits_no_more

MENU = "consent"


def introduction(turn: Turn) -> str:
    """The first message: a chat bot, who asks, what is stored and how long, voluntary, other ways to take part."""
    t, process = turn.t, turn.process
    retention = process.privacy.retention
    storage = t(
        "start.storage",
        retention=t.of(retention) if retention else t("not_given"),
        network=t(f"start.network.{turn.message.sender.channel}"),
    )
    dates = {"opens": t.date(process.opens), "closes": t.date(process.closes)}
    elsewhere = t("start.elsewhere", website=process.website, **dates)
    return f"{who(turn)}\n\n{storage}\n\n{elsewhere}"


def who(turn: Turn) -> str:
    """That a chat bot is speaking, and for whom."""
    return turn.t("start.who", organiser=turn.process.organiser, title=turn.t.of(turn.process.title))


def given(turn: Turn) -> bool:
    """Whether the person agreed to the text as it now is."""
    consent = turn.person.consent
    return consent is not None and consent.version == turn.process.privacy.consent_version


def ask(turn: Turn) -> Decision:
    """Ask for consent; the survey goes on by itself afterwards."""
    return turn.say(CONSENT.put(turn), person=waits_at(turn.person, MENU, "umfrage"))


def asks(turn: Turn) -> str:
    text = turn.t("consent.ask", title=turn.t.of(turn.process.survey.title))
    age = turn.process.privacy.min_age
    return f"{text}\n{turn.t('consent.age', age=age)}" if age else text


def choices(turn: Turn) -> tuple[Choice, ...]:
    return menu_choices(MENU, yes=turn.t("consent.yes"), no=turn.t("consent.no"))


def picked(turn: Turn, key: str) -> Decision:
    person = waits_no_more(turn.person)
    if key == "yes":
        agreed = Consent(turn.process.privacy.consent_version, turn.today)
        return Decision(person=replace(person, consent=agreed), then="umfrage")
    text = turn.t("consent.refused_draft") if person.draft else turn.t("consent.refused", website=turn.process.website)
    return turn.say(text, person=replace(person, consent=None))


CONSENT = Menu(asks=asks, choices=choices, picked=picked)
