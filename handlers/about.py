"""`/datenschutz`, `/impressum`, `/barrierefreiheit`: what the law wants said, from what organisers wrote."""

from handlers.turn import Decision, Turn


def privacy(turn: Turn) -> Decision:
    """Who is responsible, what is stored where and how long, and how to see and erase it."""
    t, process = turn.t, turn.process
    privacy = process.privacy
    return turn.say(
        t(
            "privacy.text",
            controller=_given(turn, privacy.controller),
            contact=_given(turn, privacy.contact),
            officer=_given(turn, privacy.data_protection_officer),
            legal_basis=_given(turn, t.of(privacy.legal_basis) if privacy.legal_basis else ""),
            retention=_given(turn, t.of(privacy.retention) if privacy.retention else ""),
            age=_given(turn, t("privacy.age", age=privacy.min_age) if privacy.min_age else ""),
            closes=t.date(process.survey.closes),
            network=t(f"start.network.{turn.message.sender.channel}"),
        )
    )


def imprint(turn: Turn) -> Decision:
    """Who runs this bot, and how to reach them."""
    process = turn.process
    return turn.say(
        turn.t(
            "imprint.text",
            organiser=process.organiser,
            controller=_given(turn, process.privacy.controller),
            contact=_given(turn, process.privacy.contact),
            website=process.website,
        )
    )


def accessibility(turn: Turn) -> Decision:
    """How the bot can be used by everybody, and where to report a barrier."""
    process = turn.process
    return turn.say(
        turn.t(
            "accessibility.text",
            contact=_given(turn, process.accessibility_contact),
            enforcement=_given(turn, process.enforcement_body),
            plain=f"\n{turn.plain_language}" if turn.plain_language else "",
        )
    )


def _given(turn: Turn, value: str) -> str:
    return value or turn.t("not_given")
