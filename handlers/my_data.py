"""`/meine_daten`: everything that is stored about a person, to read and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict

import msgspec

from bot.core.messages import Attachment, Outgoing
from bot.core.reminders import ALL, Coming, Reminder
from bot.core.values import Missing
from handlers.evening import label
from handlers.reminders import times
from handlers.turn import Decision, Turn
from storage.people import Record


async def run(turn: Turn) -> Decision:
    """All of it: what the tables hold about this person, field by field."""
    record = await turn.memory.record_of(turn.person.id)
    supported = await turn.memory.results.supported_by(turn.person.address)
    planned = await turn.memory.diary.planned_of(turn.person.id)
    stored = everything(turn, record, planned, len(supported))
    content = msgspec.json.format(msgspec.json.encode(stored), indent=2)
    file = Attachment("meine_daten.json", "application/json", content)
    return turn.say(Outgoing(text=_readable(turn, record, len(supported)), attachment=file))


def everything(turn: Turn, record: Record, planned: Sequence[Reminder], supported: int) -> dict[str, object]:
    """What is stored about the person, under the names of the tables."""
    person, draft = turn.person, turn.person.draft
    return {
        "address": asdict(person.address),
        "language": person.language,
        "first_seen": record.since,
        "consent": asdict(person.consent) if person.consent else None,
        "messages_stopped": person.stopped,
        "asked_by_bot": asdict(person.waiting) if person.waiting else None,
        "replies_not_understood": person.misses,
        "draft": None
        if draft is None
        else {
            "survey": draft.survey,
            "version": draft.version,
            "question": draft.question,
            "changed_on": record.draft_changed_on,
            "reminded_of_from": record.nudge_at,
            **({"asked_back": draft.asked_back} if draft.asked_back else {}),
            "answers": {
                name: value.value if isinstance(value, Missing) else value for name, value in draft.answers.items()
            },
        },
        "news_since": person.news,
        "reminded_of_events": sorted(person.reminded),
        "reminded_how_long_before": person.leads,
        "coming_to_events": dict(person.coming),
        "messages_planned": [{"kind": one.kind, "event": one.event, "due_at": one.due_at} for one in planned],
        "took_part": turn.took_part,
        "wishes_supported": supported,
        "messages_waiting": record.messages_waiting,
        **({"staff": {"number": turn.member, "role": turn.role}} if turn.member else {}),
    }


def _readable(turn: Turn, record: Record, supported: int) -> str:
    t, person = turn.t, turn.person
    consent = person.consent
    lines = [
        t("my_data.title"),
        t("my_data.address", channel=person.address.channel, user=person.address.user, room=person.address.room),
        t("my_data.language", language=t("language.name")),
        t("my_data.since", day=t.short_date(record.since or turn.today)),
        t("my_data.consent", version=consent.version, day=t.short_date(consent.day))
        if consent
        else t("my_data.no_consent"),
    ]
    if turn.member:
        lines.append(t("my_data.staff", role=t(f"staff.role.{turn.role}")))
    if person.stopped:
        lines.append(t("my_data.stopped"))
    begun = person.draft
    if begun is None:
        lines.append(t("my_data.no_draft"))
    else:
        lines.append(t("my_data.draft"))
        for question, value in turn.process.survey.answered(begun):
            lines.append(t("my_data.answer", question=question.wording(t), answer=question.shown(value, t)))
    lines += _wishes(turn)
    lines.append(t("my_data.news", day=t.short_date(person.news)) if person.news else t("my_data.no_news"))
    lines.append(t("my_data.took_part" if turn.took_part else "my_data.not_took_part"))
    if supported:
        lines.append(t.counted("my_data.voices", supported))
    lines += [t("my_data.waiting"), t("my_data.seen"), t("my_data.erase")]
    return "\n".join(lines)


def _wishes(turn: Turn) -> list[str]:
    """What the person is reminded of, and where they said that they come."""
    t, person = turn.t, turn.person
    names = {event.id: label(turn, event) for event in turn.process.events} | {ALL: t("my_data.every_event")}
    reminded = "; ".join(names.get(event, event) for event in sorted(person.reminded))
    lines = [t("my_data.reminded", events=reminded or t("my_data.none"))]
    if person.leads is not None:
        lines.append(t("reminders.when", times=times(turn)))
    said = "; ".join(
        f"{names.get(event, event)}: {t(COMING_NAMES[answer])}" for event, answer in sorted(person.coming.items())
    )
    lines.append(t("my_data.coming", events=said or t("my_data.none")))
    return lines


COMING_NAMES: dict[Coming, str] = {"yes": "event.yes", "maybe": "event.maybe", "no": "event.no"}
