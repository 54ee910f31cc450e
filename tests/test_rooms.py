"""Events in a room: what its admins may order, and what a reaction there leads to."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from bot.core.audience import Audience
from bot.core.messages import MOVED, Address, Outgoing
from tests.talk import Talk, config_in, talking

NOW = datetime.fromisoformat("2025-11-24T09:00:00+01:00")
ROOM, NEW_ROOM = "!nachbarn:example.org", "!neue-nachbarn:example.org"


async def in_room(
    talk: Talk, text: str = "", choice: str | None = None, *, admin: bool = False, room: str = ROOM
) -> list[Outgoing]:
    """Say something in a room on a network that has no links."""
    said = talk.incoming(text=text, choice=choice)
    address = Address(said.sender.channel, talk.user, room)
    return await talk.receive(replace(said, sender=address, private=False, by_admin=admin))


async def test_a_reaction_to_an_event_leads_to_a_private_question_for_consent(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path), NOW) as anna:
        (asked,) = await in_room(anna, choice="e:misburg:ask")
        assert asked.private
        assert asked.text.startswith("Möchten Sie, dass ich Sie an diesen Termin erinnere?")
        assert [choice.label for choice in asked.choices] == ["Ja, bitte erinnern", "Nein"]
        assert await anna.app.memory.diary.subscribers_of("misburg") == 0
        (said,) = await anna.say("ja")
        assert said.text.startswith("Gern, ich erinnere Sie an:")
        assert await anna.app.memory.diary.subscribers_of("misburg") == 1


async def test_whoever_was_met_in_a_room_first_is_reminded_where_they_asked_for_it(
    tmp_path: Path, database_url: str
) -> None:
    """Where the two were alone was not known then, and has to be learned from the first message there."""
    async with talking(config_in(tmp_path, None, database_url), NOW) as anna:
        await in_room(anna, "!sprache")
        await in_room(anna, "2")
        await anna.say("/erinnern misburg")
        await in_room(anna, "!termine")
        before = len(anna.heard)
        await anna.wait_until(datetime.fromisoformat("2025-11-26T17:00:00+01:00"))
        assert [to.room for to, _ in anna.heard[before:]] == ["anna", "anna"]


async def test_whoever_says_no_is_not_reminded(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path), NOW) as anna:
        await in_room(anna, choice="e:misburg:ask")
        assert (await anna.say("2"))[0].text == "In Ordnung, ich erinnere Sie nicht."
        assert await anna.app.memory.diary.subscribers_of("misburg") == 0


async def test_a_room_is_reminded_once_as_a_whole_when_an_admin_wants_it(tmp_path: Path, database_url: str) -> None:
    async with talking(config_in(tmp_path, None, database_url), NOW) as anna:
        assert "Gruppe an jeden Termin" in (await in_room(anna, "!erinnern", admin=True))[0].text
        assert "Gruppe an jeden Termin" in (await in_room(anna.another("berta"), "!erinnern", admin=True))[0].text
        await anna.say("/erinnern misburg")
        before = len(anna.heard)
        await anna.wait_until(datetime.fromisoformat("2025-11-25T18:00:00+01:00"))
        told = {to.room: message for to, message in anna.heard[before:]}
        assert len(anna.heard) - before == 2
        assert told[ROOM].controls == ()
        assert told[ROOM].about == "misburg"
        assert told["anna"].controls != ()
        assert "nicht mehr" in (await in_room(anna, "!erinnern aus", admin=True))[0].text
        before = len(anna.heard)
        await anna.wait_until(datetime.fromisoformat("2025-11-26T17:00:00+01:00"))
        assert [to.room for to, _ in anna.heard[before:]] == ["anna"]


async def test_two_rooms_that_become_one_are_one_room_that_wants_what_either_did(
    tmp_path: Path, database_url: str
) -> None:
    async with talking(config_in(tmp_path, None, database_url), NOW) as anna:
        await in_room(anna, "!erinnern", admin=True)
        await in_room(anna, "!neuigkeiten", admin=True, room=NEW_ROOM)
        for _ in range(2):  # a killed process hears of it again
            await moves(anna, ROOM, NEW_ROOM)
        assert await anna.app.memory.diary.subscribers_of("misburg") == 1
        before = len(anna.heard)
        await anna.wait_until(datetime.fromisoformat("2025-11-25T18:00:00+01:00"))
        assert [to.room for to, _ in anna.heard[before:]] == [NEW_ROOM]
        await in_room(anna, "!erinnern", admin=True)  # still said in the old one
        assert await anna.app.memory.diary.subscribers_of("misburg") == 1
        await in_room(anna, "!erinnern aus", admin=True, room=NEW_ROOM)
        assert await anna.app.memory.diary.subscribers_of("misburg") == 0
        news = await anna.app.memory.newsroom.count(Audience(rooms="only"), "", "de")
        assert [one.many for one in news] == [1]


async def test_a_room_that_moves_twice_keeps_its_reminders(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path), NOW) as anna:
        await in_room(anna, "!erinnern", admin=True)
        await moves(anna, ROOM, NEW_ROOM)
        await moves(anna, NEW_ROOM, "!dritter:example.org")
        await in_room(anna, "!erinnern aus", admin=True, room="!dritter:example.org")
        assert await anna.app.memory.diary.subscribers_of("misburg") == 0


async def moves(talk: Talk, old: str, new: str) -> None:
    """A channel learns that a room is another one from now on."""
    channel = talk.incoming().sender.channel
    await talk.app.dispatch.receive([], None, {MOVED + old: new}, channel)


async def test_somebody_else_in_the_room_is_answered_in_private(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path), NOW) as anna:
        here, *there = await in_room(anna, "!erinnern misburg")
        assert not here.private
        assert all(message.private for message in there)
        assert await anna.app.memory.diary.subscribers_of("misburg") == 1
