"""Who runs a Matrix room, read from the room's own state."""

from typing import Any

import msgspec
import pytest

from bot.channels.matrix.events import Event
from bot.channels.matrix.rooms import Room, learn

ANNA, PAUL = "@anna:example.org", "@paul:example.org"


def state(kind: str, content: dict[str, Any], state_key: str | None = "") -> Event:
    return Event(kind, ANNA, msgspec.Raw(msgspec.json.encode(content)), state_key=state_key)


def test_a_moderator_runs_a_room_until_they_are_one_no_more() -> None:
    room = Room("!r")
    assert not room.is_run_by(ANNA)
    learn(room, state("m.room.power_levels", {"users": {ANNA: 100, PAUL: 49}}))
    assert (room.is_run_by(ANNA), room.is_run_by(PAUL)) == (True, False)
    learn(room, state("m.room.power_levels", {"users": {PAUL: 50}}, state_key=None))
    assert not room.is_run_by(PAUL), "a message that only calls itself so changes nothing"
    learn(room, state("m.room.power_levels", {"users": {ANNA: 0}}))
    assert not room.is_run_by(ANNA)


@pytest.mark.parametrize(("version", "runs"), [("12", True), ("13", True), ("11", False), ("org.example", False)])
def test_from_version_12_on_those_who_created_a_room_run_it(version: str, runs: bool) -> None:
    room = Room("!r")
    learn(room, state("m.room.create", {"room_version": version, "additional_creators": [PAUL]}))
    learn(room, state("m.room.power_levels", {"users": {}}))
    assert (room.is_run_by(ANNA), room.is_run_by(PAUL)) == (runs, runs)
