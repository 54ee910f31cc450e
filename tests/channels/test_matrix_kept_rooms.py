"""Which rooms are kept in memory: so many, and those that somebody has to do with."""

from weakref import ref

from bot.channels.matrix.api import Api
from bot.channels.matrix.rooms import Rooms
from tests.channels.matrix_citizen import matrix_citizen
from tests.channels.synapse import Homeserver


async def test_only_the_latest_rooms_are_kept_and_one_that_is_written_to_keeps_its_lock(
    synapse: Homeserver, name: str
) -> None:
    async with matrix_citizen(synapse, name) as anna:
        one, two, three = [await anna.creates_room(synapse.user_id(f"{name}-paul")) for _ in range(3)]
        api = Api(synapse.url)
        api.token = anna.login.token
        await api.open()
        try:
            rooms = Rooms(api, anna.user_id, lambda _: False, most=2)
            first = await rooms.get(one)
            async with first.sending:
                await rooms.get(two)
                await rooms.get(three)
                assert await rooms.get(one) is first, "whoever comes now has to wait for the lock"
            second, gone = ref(await rooms.get(two)), ref(first)
            del first
            await rooms.get(three)
            assert (gone(), second() is None) == (None, False)
            again = await rooms.get(one)
            assert (len(again.members), len(again.invited)) == (2, 1)
        finally:
            await api.close()
