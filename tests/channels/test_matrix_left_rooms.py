"""What is remembered of a room that the bot has left."""

from bot.channels.matrix.api import Api
from bot.channels.matrix.found import Found
from bot.channels.matrix.members import Members
from bot.channels.matrix.rooms import Rooms

ME, ROOM = "@bot:x", "!left:x"


def test_of_a_room_that_was_left_only_stays_that_it_is_encrypted_and_where_it_has_moved() -> None:
    kinds = ("invite", "complained", "followed", "encrypted", "moved")
    facts = {f"{kind} {room}": "1" for kind in kinds for room in (ROOM, "!other:x")}
    found = Found()
    Members(Rooms(Api("http://x"), ME, lambda _: False), ME, facts, lambda _: True).left(ROOM, found)
    assert found.facts == {f"invite {ROOM}": "", f"complained {ROOM}": "", f"followed {ROOM}": ""}
