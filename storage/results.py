"""What people have answered and wished, as everybody may read it: counted, exported, supported."""

from collections.abc import Callable, Collection, Sequence

from sqlalchemy import Connection

from bot.core.messages import Address
from bot.core.statistics import Counted
from storage import responses, statistics, wishes
from storage.database import Database
from storage.responses import StoredResponse
from storage.statistics import Participation
from storage.vault import Vault
from storage.wishes import State, Wish


class Results:
    """What the memory knows of responses, which belong to nobody. `voice` marks that somebody supports a wish."""

    def __init__(self, database: Database, vault: Vault, voice: Callable[[str, bytes], bytes]) -> None:
        self._database = database
        self._vault = vault
        self._voice = voice

    async def has_response(self, code: str) -> bool:
        """Whether a deletion code belongs to a response."""
        return await self._database.read(lambda connection: responses.exists(connection, self._vault, code))

    async def responses(self) -> list[StoredResponse]:
        """All submitted responses, in the order of their random ids."""
        return await self._database.read_for_staff(responses.read)

    async def counted(self, survey: str, countable: Collection[str]) -> Counted:
        """The answers to a survey, counted."""
        return await self._database.read_for_staff(lambda connection: statistics.counted(connection, survey, countable))

    async def joint(self, survey: str, question: str, by: str) -> dict[tuple[str, str], int]:
        """The people who answered two questions, by both answers."""
        return await self._database.read_for_staff(
            lambda connection: statistics.joint(connection, survey, question, by)
        )

    async def participation(self, survey: str) -> Participation:
        """How many people there are, and how far they have come."""
        return await self._database.read_for_staff(lambda connection: statistics.participation(connection, survey))

    async def wishes(self, state: State, after: str = "", most: int | None = None, skip: int = 0) -> list[Wish]:
        """Wishes in a state, in the order of their random ids."""
        return await self._database.read(lambda connection: wishes.in_state(connection, state, after, most, skip))

    async def most_supported(self) -> list[Wish]:
        """Released wishes, the most supported first."""
        return await self._database.read_for_staff(wishes.most_supported)

    async def wish(self, wish: str) -> Wish | None:
        """The wish with this id."""
        return await self._database.read(lambda connection: wishes.find(connection, wish))

    async def how_many_wishes(self) -> dict[str, int]:
        """How many wishes are in which state."""
        return await self._database.read(wishes.how_many)

    async def supported_by(self, address: Address, among: Sequence[str] | None = None) -> set[str]:
        """The wishes, of these or of all released ones, that somebody supports."""
        lookup = self._vault.lookup(address.channel, address.user)

        def find(connection: Connection) -> set[str]:
            asked = wishes.ids(connection) if among is None else among
            return wishes.supported(connection, {wish: self._voice(wish, lookup) for wish in asked})

        return await self._database.read(find)
