"""Announcements as handlers and the clock see them: read, counted, written step by step, made into messages."""

from collections.abc import Callable
from datetime import date, datetime

from sqlalchemy import Connection

from bot.core.announcement import Announcement, Tally
from bot.core.audience import Audience, Count, total
from bot.core.messages import Attachment
from storage import announcements, audiences
from storage.announcements import CLOCK, Write
from storage.audiences import Took
from storage.database import Database
from storage.vault import Vault


class Newsroom:
    """What the memory knows of announcements. `took` tells who has taken part in the process."""

    def __init__(self, database: Database, vault: Vault, took: Took, reach: Callable[[str], None]) -> None:
        self._database = database
        self._vault = vault
        self._took = took
        self._reach = reach

    async def of_interest(self, now: datetime) -> list[Announcement]:
        """Announcements that something can be done about, and those lately over; the newest first."""
        return await self._database.read(lambda c: announcements.of_interest(c, self._vault, now))

    async def find(self, number: int) -> Announcement | None:
        """The announcement of this number."""
        return await self._database.read(lambda c: announcements.find(c, self._vault, number))

    async def picture_of(self, announcement: int) -> Attachment | None:
        """The picture of an announcement."""
        return await self._database.read(lambda c: announcements.picture_of(c, self._vault, announcement))

    async def last_begun(self) -> datetime | None:
        """When an announcement was begun last."""
        return await self._database.read(announcements.last_begun)

    async def keep(  # noqa: PLR0913 - what a step consists of
        self,
        announcement: Announcement,
        action: str,
        now: datetime,
        today: date,
        *,
        actor: str = CLOCK,
        picture: Attachment | None = None,
    ) -> int:
        """Write a step that nobody on the staff takes; its number. Raises Overtaken."""
        vault = self._vault
        return await self._database.write(
            lambda c: announcements.keep(c, vault, announcement, actor, action, now, today, picture)
        )

    async def count(self, audience: Audience, survey: str, first: str, after: int | None = None) -> list[Count]:
        """How many people and rooms an audience has; where it looks at the survey, those `after` a person only."""
        counts: list[Count] = []
        while True:
            begin = after
            block, after = await self._database.read(
                lambda c: audiences.count(c, audience, survey, first, self._took, begin)  # noqa: B023 - read now
            )
            counts += block
            if after is None:
                return counts

    async def enqueue(  # noqa: PLR0913, PLR0917 - what an announcement needs to become messages
        self,
        announcement: Announcement,
        survey: str,
        languages: tuple[str, ...],
        write: Write,
        now: datetime,
        today: date,
    ) -> bool:
        """Make messages of the next block of an announcement's people; whether there may be more."""
        vault, took = self._vault, self._took

        def enqueued(connection: Connection) -> bool:
            more = announcements.enqueue(connection, vault, announcement, survey, languages, took, write, now, today)
            self._reach("recipients_written")
            return more

        return await self._database.write(enqueued)

    async def waiting_of(self, announcement: int) -> int:
        """How many messages of an announcement wait to be sent."""
        return await self._database.read(lambda c: announcements.waiting(c, announcement))

    async def is_through(self, announcement: int) -> bool:
        """Whether everybody is enqueued and nothing waits any more."""
        _, enqueued = await self._database.read(lambda c: announcements.reached(c, announcement))
        return enqueued and not await self.waiting_of(announcement)

    async def is_under_way(self, announcement: int) -> bool:
        """Whether a message of it is being sent at this moment."""
        return await self._database.read(lambda c: announcements.waiting(c, announcement, "sending")) > 0

    async def tally(self, announcement: Announcement, survey: str, first: str, now: datetime) -> Tally:
        """How far an announcement has come; those who are not enqueued yet are counted as they are now."""
        after, enqueued = await self._database.read(lambda c: announcements.reached(c, announcement.id))
        to_come = 0 if enqueued else total(await self.count(announcement.audience, survey, first, after))
        return await self._database.read(lambda c: announcements.tally(c, announcement, now, to_come))

    async def next_number(self) -> int:
        """A number that no announcement has yet."""
        return await self._database.read(announcements.next_number)
