"""Puts the parts of a bot together."""

from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot import content, locales
from bot.administration import Reply, Request, carry_out
from bot.announcing import Announcing
from bot.background import Background
from bot.clock import Clock, Duties
from bot.config import Config, quiet_hours, staff_room
from bot.core.conversation import Person
from bot.core.messages import Address, Channel
from bot.core.process import Process
from bot.core.reading import Reader
from bot.core.reminders import QuietHours
from bot.core.texts import Texts
from bot.dispatch import Dispatch
from bot.failpoints import Reach, from_environment, pass_by
from bot.floods import Floods
from bot.metrics import Metrics
from bot.outbox import Outbox
from bot.pace import Pace
from bot.paths import CONTENT, LOCALES, VOCABULARIES
from bot.problems import UserError
from bot.reloading import OPERATOR, Content, reloaded
from bot.silent_days import silent_days
from bot.vocabularies import Vocabularies
from storage.database import DatabaseUnusable, Unavailable, database
from storage.memory import Memory
from storage.vault import KeyUnusable, Vault, WrongKey, read_key


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
        key_file = config.base / storage.key_file
        if not storage.key and named.file is not None and named.file.is_file() and not key_file.exists():
            raise UserError(f"{key_file}: the key is missing with which {named.file} was made. Restore it.")
        vault = Vault(read_key(key_file, storage.key))
    except (DatabaseUnusable, KeyUnusable) as error:
        raise UserError(str(error)) from error
    return Memory(named, vault, process.id, reach)


@contextmanager
def in_sentences(config: Config) -> Iterator[None]:
    """What is wrong with the storage in a sentence for operators. Raises UserError."""
    try:
        yield
    except DatabaseUnusable as error:
        raise UserError(str(error)) from error
    except Unavailable as error:
        raise UserError(f"The database does not answer ({error}). Check disk and server, then start again.") from error
    except WrongKey as error:
        place = "[storage] key" if config.storage.key else config.base / config.storage.key_file
        raise UserError(f"{place}: this key does not open the database. Restore the key it was made with.") from error


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
    vocabularies = Vocabularies(VOCABULARIES)
    dispatch = Dispatch(
        memory,
        process,
        languages,
        vocabularies,
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
        looked_at=clock.now(),
    )
    app = App(process, languages, clock, memory, dispatch, outbox, content, duties)
    beside = Background()

    async def on_reload(person: Person, confirmed_by: int | None) -> None:
        """Where networks wait, beside their messages; at a terminal the answer comes at once."""
        task = beside.begin(tell_reloaded(app, config, person, confirmed_by))
        if not paces:
            await task
            await outbox.idle()

    dispatch.afterwards.on_reload = on_reload
    try:
        with in_sentences(config):
            await memory.open({channel.name for channel in channels.values() if channel.repeatable}, clock.now())
            await content.agree()
            await duties.forget(starting=True)
            if paces:
                # Read later, with the first words of a language, they would hold up everybody else's replies.
                vocabularies.read_all()
            yield app
    finally:
        await dispatch.afterwards.close()
        await announcing.close()
        await beside.idle()
        await outbox.close()
        await memory.close()


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
