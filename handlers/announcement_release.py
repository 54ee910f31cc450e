"""From a draft to what is sent: preview, test, a second person's word, a minute to take it back, and pauses."""

from datetime import datetime

from bot.core import announcement as steps
from bot.core.announcement import Announcement, NotAllowed
from bot.core.audience import total
from bot.core.messages import Outgoing
from handlers import announcement_draft as draft
from handlers.announcement_progress import reported
from handlers.announcement_screen import (
    SENDERS,
    WRITERS,
    actions,
    after,
    counted,
    described,
    keeps,
    may,
    shows,
    tells,
    waits_here,
    when,
)
from handlers.turn import Decision, Turn, waits_no_more


async def show(turn: Turn, one: Announcement) -> Decision:
    """An announcement as it is now, with what this person can do about it."""
    if one.state == "draft":
        if may(turn, WRITERS):
            return await draft.overview(turn, one)
        return shows(turn, one, "show", turn.t("announce.still_draft", number=one.id), actions(turn, one, "preview"))
    if one.state == "offered":
        return await _offered(turn, one)
    if one.state == "confirmed":
        return _confirmed(turn, one)
    if one.state == "dropped":
        return turn.say(turn.t("announce.gone"), person=waits_no_more(turn.person))
    tally = await turn.memory.newsroom.tally(one, turn.process.survey.id, turn.process.languages[0], turn.now)
    names = {"sending": ("pause", "stop"), "paused": ("resume", "stop")}.get(one.state, ())
    return shows(
        turn, one, "show", reported(one, tally, turn.t, turn.process.zone, turn.now), actions(turn, one, *names)
    )


async def _offered(turn: Turn, one: Announcement) -> Decision:
    """What somebody else has to confirm: the exact texts first, then for whom, when, and the question."""
    counts = await counted(turn, one.audience)
    begins = await _starts_at(turn, one)
    lines = [
        turn.t("announce.offered", number=one.id),
        described(turn, one.audience, counts),
        turn.t("announce.would_begin", when=when(turn, begins)),
    ]
    own = turn.four_eyes and one.author == turn.member
    names = ["confirm", "refuse"] if may(turn, SENDERS) and not own else ["take_back"]
    if own:
        others = [member for member in await turn.memory.staff() if member.role in SENDERS and member.id != turn.member]
        lines.append(turn.t("announce.needs_second" if others else "announce.nobody_may_confirm"))
    choices = actions(turn, one, *names, "preview")
    return shows(turn, one, "show", "\n".join(lines), choices, await previews(turn, one))


def _confirmed(turn: Turn, one: Announcement) -> Decision:
    begins = when(turn, one.starts_at) if one.starts_at else ""
    text = turn.t("announce.confirmed", number=one.id, when=begins)
    return shows(turn, one, "show", text, actions(turn, one, "take_back"))


async def _starts_at(turn: Turn, one: Announcement) -> datetime:
    return turn.quiet.after(steps.starts_at(one, turn.now, await turn.memory.newsroom.last_begun()))


async def previews(turn: Turn, one: Announcement) -> list[Outgoing]:
    """The announcement in each language that has a text, exactly as it will be shown here."""
    picture = await turn.memory.newsroom.picture_of(one.id) if one.picture else None
    room = not one.audience.people
    messages = []
    for tag in turn.process.languages:
        if one.texts.get(tag):
            t = turn.languages[tag]
            messages.append(Outgoing(text=turn.t("announce.preview", language=t("language.name")), aside=True))
            messages.append(steps.written(one, t, turn.process.languages, picture, room=room))
    return messages


async def preview(turn: Turn, one: Announcement, _: str) -> Decision:
    """How it will look, and then where one was."""
    shown = await previews(turn, one)
    following = await (show(turn, one) if one.state != "offered" else _offered(turn, one))
    return following if one.state == "offered" else turn.say(*shown, *following.say, person=following.person)


async def test(turn: Turn, one: Announcement, _: str) -> Decision:
    """The announcement to oneself, as somebody gets it who reads the same language."""
    picture = await turn.memory.newsroom.picture_of(one.id) if one.picture else None
    following = await show(turn, one)
    said = steps.written(one, turn.t, turn.process.languages, picture, room=False)
    return turn.say(said, following.say[-1], person=following.person)


async def offer(turn: Turn, one: Announcement, _: str) -> Decision:
    """Ask somebody else to confirm; alone, oneself."""
    kept = steps.offered(one, turn.member)
    if not total(await counted(turn, one.audience)):
        raise NotAllowed("nobody")
    stored = after(kept)
    decision = keeps(turn, await _offered(turn, stored), kept, "offered")
    if not turn.four_eyes:
        return decision
    asked = Outgoing(
        text=turn.t("announce.please_confirm", number=one.id), choices=tuple(actions(turn, stored, "show")), aside=True
    )
    return await tells(turn, decision, None, asked)


async def confirm(turn: Turn, one: Announcement, _: str) -> Decision:
    """The second person's word: it begins in a minute, or at its time. It counts only under the texts and the count."""
    if waits_here(turn) != ("show", one.id, one.revision):
        return await show(turn, one)
    if not total(await counted(turn, one.audience)):
        raise NotAllowed("nobody")
    kept = steps.confirmed(one, turn.member, await _starts_at(turn, one), four_eyes=turn.four_eyes)
    stored = after(kept)
    decision = keeps(turn, _confirmed(turn, stored), kept, "confirmed")
    begins = when(turn, kept.starts_at) if kept.starts_at else ""
    told = Outgoing(
        text=turn.t("announce.was_confirmed", number=one.id, when=begins),
        choices=tuple(actions(turn, stored, "take_back")),
        aside=True,
    )
    return await tells(turn, decision, [one.author], told)


async def refuse(turn: Turn, one: Announcement, _: str) -> Decision:
    """The second person says no: it is a draft again."""
    kept = steps.taken_back(one, turn.now)
    said = turn.say(turn.t("announce.refused", number=one.id), person=waits_no_more(turn.person))
    told = Outgoing(text=turn.t("announce.was_refused", number=one.id), aside=True)
    return await tells(turn, keeps(turn, said, kept, "refused"), [one.author], told)


async def take_back(turn: Turn, one: Announcement, _: str) -> Decision:
    """Not after all, before it has begun."""
    kept = steps.taken_back(one, turn.now)
    stored = after(kept)
    said = Outgoing(text=turn.t("announce.taken_back", number=one.id), aside=True)
    if may(turn, WRITERS):
        decision = keeps(turn, await draft.overview(turn, stored, said), kept, "taken_back")
    else:
        decision = keeps(turn, turn.say(said, person=waits_no_more(turn.person)), kept, "taken_back")
    others = [number for number in (one.author, one.confirmed_by) if number]
    return await tells(turn, decision, others, said)


async def pause(turn: Turn, one: Announcement, _: str) -> Decision:
    """Hold it: what is on its way arrives, nothing more leaves."""
    return await moved(turn, steps.paused(one), "paused")


async def resume(turn: Turn, one: Announcement, _: str) -> Decision:
    """Go on where it was held."""
    return await moved(turn, steps.resumed(one), "resumed")


async def moved(turn: Turn, kept: Announcement, action: str) -> Decision:
    """A step of what is being sent, and how far it has come."""
    return keeps(turn, await show(turn, after(kept)), kept, action)
