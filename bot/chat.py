"""`mitreden chat`: the whole bot at this terminal."""

from collections.abc import Mapping, Sequence

from bot.app import load_process, opened
from bot.channels.terminal import Terminal, address_of
from bot.clock import Clock, parse_instant
from bot.config import Config
from bot.core.messages import Incoming, Outgoing
from bot.networks import CHANNELS
from bot.problems import UserError


async def talk(  # noqa: PLR0913 - the options of the command
    config: Config, now: str | None, speed: float, user: str, language: str | None, *, staff: bool = False
) -> None:
    """Talk to the bot at this terminal until the input ends; as an admin where `staff` is set. Raises UserError."""
    if staff and any(network.configured(config) for network in CHANNELS.values()):
        raise UserError("--staff is for trying things out: it works only where no network is configured.")
    loaded = load_process(config)
    start = parse_instant(now, loaded[0].zone) if now else None
    clock = Clock(start, speed)
    terminal = Terminal(user, language, files=config.base / "data" / "files")
    admin = address_of(user) if staff else None
    async with opened(config, clock, {terminal.name: terminal}, {}, loaded, admin=admin) as app:
        if language is not None and language not in app.languages:
            known = ", ".join(app.languages)
            raise UserError(f"--language {language}: the process has no such language. Use one of: {known}.")
        if start:
            t = app.languages[language or app.process.languages[0]]
            day = t.date(clock.now().astimezone(app.process.zone).date())
            terminal.print(Outgoing(text=t("chat.rehearsal", day=day)))
        await app.outbox.send_due()
        await app.outbox.idle()

        async def receive(batch: Sequence[Incoming], bookmark: str | None, facts: Mapping[str, str]) -> None:
            await app.duties.all_at_once()
            await app.dispatch.receive(batch, bookmark, facts)
            await app.dispatch.afterwards.idle()

        await app.duties.all_at_once()
        await terminal.run(receive, app.memory)
