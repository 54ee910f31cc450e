"""An announcement as it is once staff have agreed on it, for tests of what then becomes of it."""

from bot import app as application
from bot.core.announcement import Announcement
from bot.core.audience import Audience
from bot.core.messages import Address, Attachment
from storage.changes import Changes
from tests.channels.test_telegram_announcements import png

PICTURE = Attachment("picture.png", "image/png", png())


async def confirmed(app: application.App, text: str, *, picture: bool = False, corrects: int | None = None) -> None:
    """An announcement to people and rooms that a second person has confirmed; it may begin at once."""
    now = app.clock.now()
    if not await app.memory.staff():
        for number, role in ((1, "editor"), (2, "sender")):
            code = f"TEAM-{'AB'[number - 1] * 5}-AAAAA"
            await app.memory.invite(code, role, now, now.replace(year=now.year + 1))
            staff = Address("terminal", f"staff{number}", "")
            await app.memory.write(Changes(channel="terminal", now=now, today=now.date(), paired=[(code, staff)]))
    one = Announcement(
        state="confirmed",
        texts={"de": text},
        audience=Audience(rooms="too"),
        picture=PICTURE.name if picture else "",
        corrects=corrects,
        corrected=now if corrects else None,
        author=1,
        confirmed_by=2,
        starts_at=now,
    )
    await app.memory.newsroom.keep(one, "confirmed", now, now.date(), picture=PICTURE if picture else None)
