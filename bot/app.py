"""Puts the parts together: the only file that knows every concrete class."""

import logging
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot import content, locales
from bot.channels.terminal import Terminal
from bot.clock import Clock, parse_instant
from bot.config import Config
from bot.core.messages import Channel, Outgoing
from bot.core.process import Process
from bot.core.texts import Texts
from bot.dispatch import Dispatch
from bot.failpoints import from_environment
from bot.outbox import Outbox
from bot.paths import CONTENT, LOCALES
from bot.problems import UserError
from storage.database import DatabaseUnusable, database
from storage.memory import Memory
from storage.responses import StoredResponse
from storage.vault import KeyUnusable, Vault, WrongKey, read_key


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
async def opened(
    config: Config,
    clock: Clock,
    channels: Mapping[str, Channel],
    loaded: tuple[Process, Mapping[str, Texts]] | None = None,
) -> AsyncIterator[App]:
    """A bot ready to receive, closed at the end of the block. Raises UserError."""
    process, languages = loaded or load_process(config)
    memory = open_memory(config, process)
    reach = from_environment()
    outbox = Outbox(memory, channels, clock.now, reach)
    dispatch = Dispatch(memory, process, languages, clock.now, outbox.send, reach)
    try:
        await memory.open()
        await memory.forget_old(clock.now(), process_over=process.stage(clock.now()) == "over")
        yield App(process, languages, clock, memory, dispatch, outbox)
    except DatabaseUnusable as error:
        raise UserError(str(error)) from error
    except WrongKey as error:
        place = config.base / config.storage.key_file
        raise UserError(f"{place}: this key does not open the database. Restore the key it was made with.") from error
    finally:
        await memory.close()


async def chat(config: Config, now: str | None, speed: float, user: str, language: str | None) -> None:
    """Talk to the bot at this terminal until the input ends. Raises UserError."""
    loaded = load_process(config)
    start = parse_instant(now, loaded[0].zone) if now else None
    clock = Clock(start, speed)
    terminal = Terminal(user, language)
    async with opened(config, clock, {terminal.name: terminal}, loaded) as app:
        if language is not None and language not in app.languages:
            known = ", ".join(app.languages)
            raise UserError(f"--language {language}: the process has no such language. Use one of: {known}.")
        if start:
            t = app.languages[language or app.process.languages[0]]
            day = t.date(clock.now().astimezone(app.process.zone).date())
            terminal.print(Outgoing(text=t("chat.rehearsal", day=day)))
        await app.outbox.send_due()
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


async def responses(config: Config, process: Process) -> list[StoredResponse]:
    """All submitted responses. A database that is not there yet has none. Raises UserError."""
    memory = open_memory(config, process)
    try:
        if not memory.exists():
            return []
        await memory.open_to_read()
        return await memory.responses()
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
