"""What a handler has decided, noted among the changes of its batch: what is said where, and what else happens."""

from dataclasses import replace

from bot.core import reminders
from bot.core.conversation import (
    CancelPlanned,
    CountSource,
    Effect,
    Erase,
    EraseResponse,
    JoinStaff,
    JudgeWish,
    KeepAnnouncement,
    NewsInRoom,
    Person,
    PutOff,
    RemindRoom,
    Submit,
    Support,
    Tell,
)
from bot.core.messages import Address, Incoming, Outgoing
from bot.core.process import Process
from bot.core.reminders import QuietHours
from bot.talks import Talk, stranger
from handlers.turn import Decision
from storage.changes import Changes
from storage.outbox import Planned
from storage.rooms import RoomNews, RoomWish


def note(  # noqa: PLR0913, PLR0917 - who, where and when it is decided
    decision: Decision, message: Incoming, talk: Talk, changes: Changes, process: Process, quiet: QuietHours
) -> None:
    """Note a decision. What is done once it is committed is not noted: `bot/afterwards.py` sees to that."""
    talk.person = decision.person
    erased = Erase() in decision.effects
    for effect in decision.effects:
        _note_effect(effect, message, talk, changes, process, quiet)
    if erased:
        # The last word to somebody who is forgotten belongs to nobody.
        owner = None
        changes.planned = [plan for plan in changes.planned if plan.person_id != talk.person.id]
        changes.put_off = [later for later in changes.put_off if later[0] != talk.person.id]
    else:
        owner = talk.person.id
    # What a whole room reads is nobody's own: a room that does not take it says nothing about who asked there.
    changes.planned += [
        Planned(
            person_id=owner if said.private or message.private else None,
            to=_where(said, message, decision.person),
            message=placed(said, message),
        )
        for said in decision.say
    ]
    if erased:
        talk.erased.append(talk.person.id)
        talk.loaded, talk.person = None, stranger(talk.person.address)


def _note_effect(  # noqa: PLR0913, PLR0917 - as above
    effect: Effect, message: Incoming, talk: Talk, changes: Changes, process: Process, quiet: QuietHours
) -> None:
    match effect:
        case Submit():
            changes.submitted.append((effect, talk.person.address))
            talk.took_part = True
        case EraseResponse(code):
            changes.codes.append(code)
        case CountSource(name):
            changes.sources.append(name)
        case JoinStaff(code):
            changes.paired.append((code, talk.person.address))
        case Support():
            changes.supported.append((effect, talk.person.address))
        case JudgeWish():
            changes.judged.append((effect, talk.person.address))
        case CancelPlanned():
            changes.cancelled.append(talk.person.id)
        case PutOff(reminder):
            changes.put_off.append((talk.person.id, reminder))
        case RemindRoom(language):
            events = process.events if language else ()
            plan = tuple(
                one for event in events for one in reminders.of_event(event, process.leads, quiet, changes.now)
            )
            changes.rooms.append(RoomWish(message.sender.channel, message.sender.room, language, plan))
        case NewsInRoom(wanted):
            language = talk.person.language or process.languages[0]
            wish = RoomNews(message.sender.channel, message.sender.room, language if wanted else None)
            changes.room_news.append(wish)
        case KeepAnnouncement():
            changes.announced.append(effect)
        case Tell(to, told):
            changes.planned.append(Planned(person_id=None, to=to, message=told))


def _where(said: Outgoing, message: Incoming, person: Person) -> Address:
    """Where something is said: where it was asked, or to the person alone; an empty room is one yet to be opened."""
    return person.address if said.private and not message.private else message.sender


def placed(said: Outgoing, message: Incoming) -> Outgoing:
    """What is said, in the thread it was asked in, and in a room as a reply to who asked."""
    if said.private or (message.private and message.thread is None):
        return said
    return replace(said, thread=message.thread, reply_to=None if message.private else message.target)
