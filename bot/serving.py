"""`mitreden run`: all configured networks are served until the process is told to stop, or can go on with none."""

import asyncio
import gc
import signal
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial

import structlog

from bot import config_rules
from bot.administration import listening
from bot.app import App, carried_out, load_process, opened
from bot.clock import Clock, parse_instant, ticking
from bot.config import Config, only_on_this_machine
from bot.core.messages import Channel, Halted
from bot.metrics import Metrics, served
from bot.networks import CHANNELS
from bot.pace import Pace
from bot.problems import UserError
from bot.reloading import reloaded
from storage.database import Unavailable

log = structlog.get_logger(__name__)

TIDY_AGAIN = 5.0
"""Seconds until what could not be taken out of the database's files is tried again."""


async def serve(config: Config, now: str | None, speed: float) -> None:
    """Serve all configured networks until SIGTERM or SIGINT, then stop cleanly. Raises UserError."""
    process, languages = load_process(config)
    networks = {name: network for name, network in CHANNELS.items() if network.configured(config)}
    if not networks:
        raise UserError(
            "No network is configured. Set MITREDEN_TELEGRAM_TOKEN, or [telegram] or [matrix] in config.toml."
        )
    config_rules.check(config)
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
        await _until_told(app, config, channels, stop)


async def _until_told(app: App, config: Config, channels: Mapping[str, Channel], stop: asyncio.Event) -> None:
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
    """Take what somebody asked to be erased out of the database's files, where that was not done after its batch."""
    while True:
        await asyncio.sleep(TIDY_AGAIN)
        try:
            await app.memory.tidy(at_once=True)
        except Exception as error:  # noqa: BLE001 - a busy or lost database: the next round does it
            log.warning("tidying_failed", error=type(error).__name__)
