"""Puts the parts together, talks and serves."""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from bot import content, locales
from bot.administration import Reply, Request, carry_out, listening
from bot.announcing import Announcing
from bot.beside import Beside
from bot.channels.terminal import Terminal, address_of
from bot.clock import Clock, Duties, parse_instant, ticking
from bot.config import (
    Config,
    only_on_this_machine,
    quiet_hours,
    staff_room,
)
from bot.core.conversation import Person
from bot.core.messages import Address, Channel, Halted, Incoming, Outgoing
from bot.core.process import Process
from bot.core.reading import Reader
from bot.core.reminders import QuietHours
from bot.core.texts import Texts
from bot.dispatch import Dispatch
from bot.failpoints import Reach, from_environment, pass_by
from bot.floods import Floods
from bot.metrics import Metrics, served
from bot.networks import CHANNELS
from bot.outbox import Outbox
from bot.pace import Pace
from bot.paths import CONTENT, LOCALES, VOCABULARIES
from bot.problems import UserError
from bot.reloading import OPERATOR, Content, reloaded
from bot.silent_days import silent_days
from bot.vocabularies import Vocabularies
from storage.database import DatabaseUnusable, Unavailable, database
from storage.memory import TIDY_APART, Memory
from storage.vault import KeyUnusable, Vault, WrongKey, read_key

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class App:
    """A bot whose parts know each other. `process` and `languages` are those of the start."""

    process: Process
    languages: Mapping[str, Texts]
    clock: Clock
    memory: Memory
    dispatch: Dispatch
    outbox: Outbox
    content: Content
    duties: Duties


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


def open_memory(config: Config, process: Process, reach: Reach = pass_by) -> Memory:
    """The storage that the configuration names, not yet opened. Raises UserError."""
    storage = config.storage
    try:
        named = database(storage.url, config.base)
        vault = Vault(read_key(config.base / storage.key_file, storage.key))
    except (DatabaseUnusable, KeyUnusable) as error:
        raise UserError(str(error)) from error
    return Memory(named, vault, process.id, reach)


@asynccontextmanager
async def opened(  # noqa: PLR0913, PLR0917 - the parts that a bot is put together from
    config: Config,
    clock: Clock,
    channels: Mapping[str, Channel],
    paces: Mapping[str, Pace],
    loaded: tuple[Process, Mapping[str, Texts]] | None = None,
    metrics: Metrics | None = None,
    admin: Address | None = None,
) -> AsyncIterator[App]:
    """A bot ready to receive, closed at the end of the block. Raises UserError."""
    process, languages = loaded or load_process(config)
    quiet = QuietHours(*quiet_hours(config.reminders), process.zone)
    is_silent = silent_days(config.reminders)
    reach = from_environment()
    memory = open_memory(config, process, reach)
    metrics = metrics or Metrics()
    outbox = Outbox(memory, channels, paces, clock.now, reach, metrics, quiet)
    send = outbox.take if paces else outbox.send
    words = Vocabularies(VOCABULARIES)
    dispatch = Dispatch(
        memory,
        process,
        languages,
        words,
        clock.now,
        send,
        reach,
        metrics,
        admin,
        quiet,
        # Whoever pipes a file into a terminal waits for themselves only.
        Floods({name: pace.limits.per_chat for name, pace in paces.items()}) if paces else None,
        four_eyes=config.staff.four_eyes,
    )
    content = Content(
        memory, (process, languages), quiet, clock.now, lambda: load_process(config), four_eyes=config.staff.four_eyes
    )
    content.on_change = dispatch.adopt
    announcing = Announcing(
        memory=memory,
        content=content,
        now=clock.now,
        quiet=quiet,
        is_silent=is_silent,
        # On the command line nobody is there to send: the process that serves the networks does.
        take=outbox.take if channels else None,
        channels=channels,
        four_eyes=config.staff.four_eyes,
        room=staff_room(config.staff),
    )
    dispatch.afterwards.on_picture = announcing.fetch_beside
    duties = Duties(
        announcing=announcing,
        clock=clock,
        memory=memory,
        outbox=outbox,
        content=content,
        quiet=quiet,
        is_silent=is_silent,
        unfinished_survey=config.reminders.unfinished_survey,
    )
    app = App(process, languages, clock, memory, dispatch, outbox, content, duties)
    beside = Beside()

    async def on_reload(person: Person, confirmed_by: int | None) -> None:
        """Where networks wait, beside their messages; at a terminal the answer comes at once."""
        task = beside.begin(tell_reloaded(app, config, person, confirmed_by))
        if not paces:
            await task
            await outbox.idle()

    dispatch.afterwards.on_reload = on_reload
    try:
        await memory.open({channel.name for channel in channels.values() if channel.repeatable}, clock.now())
        await content.agree()
        await duties.forget(starting=True)
        yield app
    except DatabaseUnusable as error:
        raise UserError(str(error)) from error
    except Unavailable as error:
        raise UserError(f"The database does not answer ({error}). Check disk and server, then start again.") from error
    except WrongKey as error:
        place = config.base / config.storage.key_file
        raise UserError(f"{place}: this key does not open the database. Restore the key it was made with.") from error
    finally:
        await dispatch.afterwards.close()
        await announcing.close()
        await beside.idle()
        await outbox.close()
        await memory.close()


async def chat(  # noqa: PLR0913 - the options of the command
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
    networks = {name: network for name, network in CHANNELS.items() if network.configured(config)}
    if not networks:
        raise UserError(
            "No network is configured. Set MITREDEN_TELEGRAM_TOKEN, or [telegram] or [matrix] in config.toml."
        )
    if (now or speed != 1.0) and not only_on_this_machine(config):
        raise UserError("--now and --speed are for rehearsals: every configured server has to be on this machine.")
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    metrics = Metrics()
    # The database's threads would keep the interpreter for 5 ms at a time, whenever the loop lets go of it to send.
    sys.setswitchinterval(0.0005)
    clock = Clock(parse_instant(now, process.zone) if now else None, speed)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(served(metrics, config.metrics.port))
        channels = {
            name: await stack.enter_async_context(network.opened(config, process, languages, metrics))
            for name, network in networks.items()
        }
        paces = {name: Pace(network.limits(config)) for name, network in networks.items()}
        app = await stack.enter_async_context(opened(config, clock, channels, paces, (process, languages), metrics))
        await app.outbox.send_due()
        # What is loaded by now stays to the end. Looking through all of it for garbage again and again made everybody
        # wait, a fifth of a second at a time.
        gc.collect()
        gc.freeze()
        log.info("started", channels=list(channels), now=clock.now().isoformat())
        await stack.enter_async_context(
            listening(app.memory.socket(), lambda request: carried_out(app, config, request))
        )
        await stack.enter_async_context(ticking(app.duties))
        await _serve(app, config, channels, stop)


async def _serve(app: App, config: Config, channels: Mapping[str, Channel], stop: asyncio.Event) -> None:
    """Receive on all channels until told to stop, or until none is left that can go on. Raises UserError."""
    halted: list[str] = []
    overtaken: list[str] = []

    async def receive(channel: Channel) -> None:
        try:
            await channel.run(partial(app.dispatch.receive, channel=channel.name), app.memory)
        except Halted as error:
            log.error("channel_halted", channel=channel.name, reason=str(error))
            halted.append(str(error))
            if len(halted) == len(channels):
                stop.set()
            else:
                await app.duties.tell_of_halt(channel.name)

    async def leave() -> None:
        await app.memory.overtaken()
        log.error("overtaken")
        overtaken.append("Another Mitreden has taken over the database. Run one at a time; this one has ended.")
        stop.set()

    async with asyncio.TaskGroup() as at_work:
        work = [at_work.create_task(receive(channel)) for channel in channels.values()]
        work.append(at_work.create_task(_reload_when_told(app, config)))
        work.append(at_work.create_task(_tidy(app)))
        work.append(at_work.create_task(leave()))
        await stop.wait()
        log.info("stopping")
        for task in work:
            task.cancel()
    if overtaken:
        raise UserError(overtaken[-1])
    if len(halted) == len(channels):
        raise UserError(halted[-1])


async def carried_out(app: App, config: Config, request: Request) -> Reply:
    """Do what an operator asks of a bot that is open."""

    def reload(confirm: bool) -> Awaitable[str]:
        english = locales.load(LOCALES, "en")
        by = OPERATOR if confirm else None
        return reloaded(app.content, english, shipped=not config.process.folder, by=by)

    return await carry_out(request, app.memory, app.clock.now(), reload, app.duties.announcing.offer)


async def tell_reloaded(app: App, config: Config, person: Person, confirmed_by: int | None) -> None:
    """Read the content anew for somebody on the staff, and tell them what came of it."""
    t = app.content.languages[person.language or app.content.process.languages[0]]
    text = await reloaded(app.content, t, shipped=not config.process.folder, by=confirmed_by)
    await app.duties.say([person.address], text)
    if confirmed_by is not None:
        await app.duties.remind()


async def _reload_when_told(app: App, config: Config) -> None:
    """SIGHUP reads the content anew; staff learn what has changed, and confirm before anybody else does."""
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, told.set)
    while True:
        await told.wait()
        told.clear()
        t = app.content.languages[app.content.process.languages[0]]
        try:
            text = await reloaded(app.content, t, shipped=not config.process.folder, by=None)
            staff = [member.address for member in await app.memory.staff() if member.role in {"admin", "sender"}]
            await app.duties.say(staff, text)
        except Unavailable as error:
            log.error("not_reloaded", error=str(error))  # whoever sent the signal sends it again


async def _tidy(app: App) -> None:
    """Take what batches in a row have erased out of the database's files, soon after them."""
    while True:
        await asyncio.sleep(TIDY_APART)
        try:
            await app.memory.tidy(at_once=True)
        except Exception as error:  # noqa: BLE001 - a busy or lost database: the next round does it
            log.warning("tidying_failed", error=type(error).__name__)
