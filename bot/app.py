"""Puts the parts together: the only file that knows every concrete class."""

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import structlog

from bot import content, locales
from bot.administration import Reply, Request, ask, carry_out, listening
from bot.channels.terminal import Terminal
from bot.clock import Clock, parse_instant
from bot.config import Config, check_webhook, only_on_this_machine, telegram_token
from bot.core.messages import Channel, Menu, Outgoing
from bot.core.process import Process
from bot.core.reading import Reader
from bot.core.texts import Texts
from bot.dispatch import Dispatch
from bot.failpoints import from_environment
from bot.metrics import Metrics, served
from bot.outbox import Outbox
from bot.pace import Limits, Pace
from bot.paths import CONTENT, LOCALES, VOCABULARIES
from bot.problems import UserError
from bot.vocabularies import Vocabularies
from handlers import COMMANDS
from storage.database import DatabaseUnusable, Unavailable, database
from storage.memory import Memory
from storage.responses import StoredResponse
from storage.vault import KeyUnusable, Vault, WrongKey, read_key

if TYPE_CHECKING:
    from bot.channels.telegram import Telegram

T = TypeVar("T")
log = structlog.get_logger(__name__)

TIDY_EVERY = 60.0
"""Seconds between two rounds of forgetting what has to be gone."""


@dataclass(frozen=True, slots=True)
class App:
    """A bot whose parts know each other."""

    process: Process
    languages: Mapping[str, Texts]
    clock: Clock
    memory: Memory
    dispatch: Dispatch
    outbox: Outbox


def content_folder(config: Config) -> Path:
    """The folder that the process is read from."""
    return config.base / config.process.folder if config.process.folder else CONTENT


def load_process(config: Config) -> tuple[Process, dict[str, Texts]]:
    """The process and the bot's words in its languages. Raises UserError."""
    process = content.load_process(content_folder(config), locales.available(LOCALES))
    return process, {language: locales.load(LOCALES, language) for language in process.languages}


def load_reader(config: Config) -> Reader:
    """What reads questions about the configured process. Raises UserError."""
    return Reader(load_process(config)[0], Vocabularies(VOCABULARIES))


def open_memory(config: Config, process: Process) -> Memory:
    """The storage that the configuration names, not yet opened. Raises UserError."""
    storage = config.storage
    try:
        named = database(storage.url, config.base)
        vault = Vault(read_key(config.base / storage.key_file, storage.key))
    except (DatabaseUnusable, KeyUnusable) as error:
        raise UserError(str(error)) from error
    return Memory(named, vault, process.id)


@asynccontextmanager
async def opened(  # noqa: PLR0913, PLR0917 - the parts that a bot is put together from
    config: Config,
    clock: Clock,
    channels: Mapping[str, Channel],
    paces: Mapping[str, Pace],
    loaded: tuple[Process, Mapping[str, Texts]] | None = None,
    metrics: Metrics | None = None,
) -> AsyncIterator[App]:
    """A bot ready to receive, closed at the end of the block. Raises UserError."""
    process, languages = loaded or load_process(config)
    memory = open_memory(config, process)
    reach = from_environment()
    metrics = metrics or Metrics()
    outbox = Outbox(memory, channels, paces, clock.now, reach, metrics)
    reader = Reader(process, Vocabularies(VOCABULARIES))
    dispatch = Dispatch(
        memory, process, languages, reader, clock.now, outbox.take if paces else outbox.send, reach, metrics
    )
    try:
        await memory.open()
        if not clock.rehearsed:
            await memory.forget_old(clock.now(), process_over=process.stage(clock.now()) == "over")
        yield App(process, languages, clock, memory, dispatch, outbox)
    except DatabaseUnusable as error:
        raise UserError(str(error)) from error
    except Unavailable as error:
        raise UserError(f"The database does not answer ({error}). Check disk and server, then start again.") from error
    except WrongKey as error:
        place = config.base / config.storage.key_file
        raise UserError(f"{place}: this key does not open the database. Restore the key it was made with.") from error
    finally:
        await outbox.close()
        await memory.close()


async def chat(config: Config, now: str | None, speed: float, user: str, language: str | None) -> None:
    """Talk to the bot at this terminal until the input ends. Raises UserError."""
    loaded = load_process(config)
    start = parse_instant(now, loaded[0].zone) if now else None
    clock = Clock(start, speed)
    terminal = Terminal(user, language)
    async with opened(config, clock, {terminal.name: terminal}, {}, loaded) as app:
        if language is not None and language not in app.languages:
            known = ", ".join(app.languages)
            raise UserError(f"--language {language}: the process has no such language. Use one of: {known}.")
        if start:
            t = app.languages[language or app.process.languages[0]]
            day = t.date(clock.now().astimezone(app.process.zone).date())
            terminal.print(Outgoing(text=t("chat.rehearsal", day=day)))
        await app.outbox.send_due()
        await app.outbox.idle()
        await terminal.run(app.dispatch.receive, app.memory)


def log_to_stderr(level: int = logging.WARNING) -> None:
    """Event words and ids, a line each; never a text, a name or a token."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


async def run(config: Config, now: str | None, speed: float) -> None:
    """Serve all configured networks until SIGTERM or SIGINT, then stop cleanly. Raises UserError."""
    process, languages = load_process(config)
    if (now or speed != 1.0) and not only_on_this_machine(config):
        raise UserError("--now and --speed are for rehearsals: [telegram] api_url has to be on this machine.")
    start = parse_instant(now, process.zone) if now else None
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    metrics = Metrics()
    async with _telegram(config, process, languages, metrics) as telegram, _metrics(config, metrics):
        paces = {telegram.name: Pace(Limits(overall=config.telegram.per_second))}
        clock = Clock(start, speed)
        async with opened(config, clock, {telegram.name: telegram}, paces, (process, languages), metrics) as app:
            await app.outbox.send_due()
            log.info("started", channel=telegram.name)
            asked = listening(app.memory.socket(), lambda request: carry_out(request, app.memory, app.clock.now()))
            async with asked, asyncio.TaskGroup() as at_work:
                work = [
                    at_work.create_task(telegram.run(app.dispatch.receive, app.memory)),
                    at_work.create_task(_tidy(app)),
                ]
                await stop.wait()
                log.info("stopping")
                for task in work:
                    task.cancel()


@asynccontextmanager
async def _telegram(
    config: Config, process: Process, languages: Mapping[str, Texts], metrics: Metrics
) -> AsyncIterator["Telegram"]:
    from bot.channels.telegram import Telegram  # noqa: PLC0415 - half a second that a terminal does not need
    from bot.channels.telegram.webhook import Webhook  # noqa: PLC0415

    token = telegram_token(config)
    if not token:
        raise UserError("No network is configured. Set MITREDEN_TELEGRAM_TOKEN, or [telegram] token in config.toml.")
    section = config.telegram
    webhook = None
    if section.webhook_url:
        check_webhook(section)
        webhook = Webhook(section.webhook_url, section.webhook_secret, section.webhook_port)
    channel = Telegram(token, section.api_url, menus(process, languages), webhook, metrics.polled)
    await channel.open()
    try:
        yield channel
    finally:
        await channel.close()


@asynccontextmanager
async def _metrics(config: Config, metrics: Metrics) -> AsyncIterator[None]:
    try:
        async with served(metrics, config.metrics.port):
            yield
    except OSError as error:
        raise UserError(
            f"[metrics] port {config.metrics.port} cannot be used ({error.strerror}). Name another."
        ) from error


async def _tidy(app: App) -> None:
    """Keep the promises of the privacy text while the process runs, not only when it starts."""
    while True:
        await asyncio.sleep(TIDY_EVERY)
        now = app.clock.now()
        try:
            if not app.clock.rehearsed:
                await app.memory.forget_old(now, process_over=app.process.stage(now) == "over")
            await app.memory.tidy()
        except Exception as error:  # noqa: BLE001 - a busy or lost database: the next round does it
            log.warning("tidying_failed", error=type(error).__name__)


def menus(process: Process, languages: Mapping[str, Texts]) -> list[Menu]:
    """What a network shows of the bot beside the chat, per language that it knows; the first is for all others."""
    found = []
    for tag in [tag for tag in process.languages if "-" not in tag]:
        t = languages[tag]
        lines = [t(command.help) for command in COMMANDS.values() if command.role == "citizen"]
        commands = [(name.removeprefix("/"), text) for name, _, text in (line.partition(" – ") for line in lines)]
        about = t("menu.description", organiser=process.organiser, title=t.of(process.title))
        found.append(Menu(tag, tuple(commands), about, t("menu.short_description", title=t.of(process.title))))
    return [replace(found[0], language=""), *found]


async def responses(config: Config) -> list[StoredResponse]:
    """All submitted responses. A database that is not there yet has none. Raises UserError."""
    return await _read_only(config, lambda memory: memory.responses()) or []


async def administer(config: Config, request: Request) -> Reply:
    """Carry out what an operator asks: by the process that is running, or else here. Raises UserError."""
    process, _ = load_process(config)
    memory = open_memory(config, process)
    if (reply := await ask(memory.socket(), request)) is not None:
        await memory.close()
        return reply
    try:
        await memory.open()
        return await carry_out(request, memory, Clock().now())
    except DatabaseUnusable as error:
        raise UserError(str(error)) from error
    finally:
        await memory.close()


async def staff_list(config: Config) -> list[str]:
    """A line for each member of staff. Raises UserError."""
    members = await _read_only(config, lambda memory: memory.staff())
    return [
        f"{member.id}  {member.role}  {member.address.channel} {member.address.user}  since {member.since:%Y-%m-%d}"
        for member in members or []
    ]


async def audit_lines(config: Config) -> tuple[list[str], bool]:
    """A line for each entry of the audit log, and whether the chain is whole. Raises UserError."""
    entries = await _read_only(config, lambda memory: memory.audit()) or []
    lines = [
        f"{entry.id}  {entry.at:%Y-%m-%d %H:%M:%S} UTC  {entry.actor}  {entry.action}  {entry.subject}"
        + ("" if entry.sound else "  CHANGED AFTERWARDS")
        for entry in entries
    ]
    return lines, all(entry.sound for entry in entries)


async def _read_only(config: Config, work: Callable[[Memory], Awaitable[T]]) -> T | None:
    """What some work reads beside a process that may be writing; None where there is no database yet."""
    process, _ = load_process(config)
    memory = open_memory(config, process)
    try:
        if not memory.exists():
            return None
        await memory.open_to_read()
        return await work(memory)
    except DatabaseUnusable as error:
        raise UserError(str(error)) from error
    finally:
        await memory.close()


async def migrate(config: Config, process: Process) -> None:
    """Bring the database to the current schema. Raises UserError."""
    memory = open_memory(config, process)
    try:
        await memory.open()
    except DatabaseUnusable as error:
        raise UserError(str(error)) from error
    finally:
        await memory.close()
