"""The networks that can be served, and how each is opened from the settings."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.config import Config, check_matrix, check_webhook, matrix_password, telegram_token
from bot.core.messages import Channel, Menu
from bot.core.process import Process
from bot.core.texts import Texts
from bot.metrics import Metrics
from bot.pace import Limits
from bot.problems import UserError
from handlers import COMMANDS, help

if TYPE_CHECKING:
    from bot.channels.matrix import Account


@dataclass(frozen=True, slots=True)
class Network:
    """A network that can be served: whether it is configured, how its channel is opened, how fast it may be sent to."""

    configured: Callable[[Config], bool]
    opened: Callable[[Config, Process, Mapping[str, Texts], Metrics], AbstractAsyncContextManager[Channel]]
    limits: Callable[[Config], Limits]


@asynccontextmanager
async def _telegram(
    config: Config, process: Process, languages: Mapping[str, Texts], metrics: Metrics
) -> AsyncIterator[Channel]:
    from bot.channels.telegram import Telegram  # noqa: PLC0415 - half a second that a terminal does not need

    section = config.telegram
    webhook = None
    if section.webhook_url:
        from bot.channels.telegram.webhook import Webhook  # noqa: PLC0415 - a web server that few need

        check_webhook(section)
        webhook = Webhook(section.webhook_url, section.webhook_secret, section.webhook_port)
    channel = Telegram(telegram_token(config), section.api_url, menus(process, languages), webhook, metrics.polled)
    await channel.open()
    try:
        yield channel
    finally:
        await channel.close()


@asynccontextmanager
async def _matrix(
    config: Config, process: Process, languages: Mapping[str, Texts], metrics: Metrics
) -> AsyncIterator[Channel]:
    from bot.channels.matrix import Matrix  # noqa: PLC0415 - as above

    section = config.matrix
    channel = Matrix(
        matrix_account(config),
        config.base / section.store,
        encryption=section.encryption,
        staff_servers=section.staff_servers,
        name=languages[process.languages[0]].of(process.title),
        polled=metrics.polled,
    )
    await channel.open()
    try:
        yield channel
    finally:
        await channel.close()


CHANNELS = {
    "telegram": Network(
        configured=lambda config: bool(telegram_token(config)),
        opened=_telegram,
        limits=lambda config: Limits(overall=config.telegram.per_second),
    ),
    "matrix": Network(
        configured=lambda config: bool(config.matrix.homeserver),
        opened=_matrix,
        # The homeserver knows its limits and says so; every room is a room, whoever is in it.
        limits=lambda config: Limits(overall=config.matrix.per_second, burst=20, per_chat=5.0, group_per_minute=600),
    ),
}


def matrix_account(config: Config) -> "Account":
    """Whom the bot is on Matrix. Raises UserError."""
    from bot.channels.matrix.session import Account  # noqa: PLC0415 - as above

    if not config.matrix.homeserver:
        raise UserError("Matrix is not configured. Set [matrix] homeserver and user in config.toml.")
    check_matrix(config.matrix)
    return Account(config.matrix.homeserver, config.matrix.user, matrix_password(config), config.matrix.token)


def menus(process: Process, languages: Mapping[str, Texts]) -> list[Menu]:
    """What a network shows of the bot beside the chat, per language that it knows; the first is for all others."""
    found = []
    for tag in [tag for tag in process.languages if "-" not in tag]:
        t = languages[tag]
        commands = help.listed(t, COMMANDS.values())
        about = t("menu.description", organiser=process.organiser, title=t.of(process.title))
        found.append(Menu(tag, commands, about, t("menu.short_description", title=t.of(process.title))))
    return [replace(found[0], language=""), *found]
