"""What operators and organisers do at the command line with a bot's data, whether or not it is running."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bot import announcement_file, preview
from bot.administration import Reply, Request, ask
from bot.app import carried_out, in_sentences, load_process, open_memory, opened
from bot.clock import Clock, parse_instant
from bot.config import Config
from bot.core.messages import Halted, SendError
from bot.core.process import Process
from bot.networks import matrix_account
from bot.problems import UserError
from storage.database import DatabaseUnusable, database
from storage.memory import Memory
from storage.responses import StoredResponse

if TYPE_CHECKING:
    from bot.report.open_data import Release

T = TypeVar("T")


async def responses(config: Config) -> list[StoredResponse]:
    """All submitted responses. A database that is not there yet has none. Raises UserError."""
    return await _read_only(config, lambda memory: memory.results.responses()) or []


async def release(config: Config, process: Process) -> "Release":
    """What may be published now. A database that is not there yet has nothing. Raises UserError."""
    from bot.report import open_data  # noqa: PLC0415 - only where something is published

    now = Clock().now()
    found = await _read_only(config, lambda memory: open_data.gathered(memory, process, now))
    return found or open_data.nothing(process, now)


async def announced(config: Config, path: Path, chosen: str, at: str | None, *, dry: bool) -> AsyncIterator[str]:
    """Lines about an announcement from a file: it becomes a draft, or with `dry` nothing does. Raises UserError."""
    process, languages = load_process(config)
    instant = parse_instant(at, process.zone, "--at") if at else None
    written, picture = announcement_file.read(path, chosen, instant, process)
    if dry:
        counts = await _read_only(config, lambda memory: preview.counts(memory, written, process))
        for line in (
            *preview.table(counts or {}),
            *preview.circumstances(written, process, picture),
            *preview.texts(written, process, languages, picture),
        ):
            yield line
        return
    reply = await administer(config, Request("announce", announcement=written, picture=picture))
    if not reply.done:
        raise UserError(reply.text)
    yield reply.text


async def administer(config: Config, request: Request) -> Reply:
    """Carry out what an operator asks: by the process that is running, or else here. Raises UserError."""
    process, _ = load_process(config)
    memory = open_memory(config, process)
    reply = await ask(memory.socket(), request)
    await memory.close()
    if reply is not None:
        return reply
    async with opened(config, Clock(), {}, {}) as app:
        return await carried_out(app, config, request)


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


async def migrate(config: Config, process: Process) -> None:
    """Bring the database to the current schema. Raises UserError."""
    memory = open_memory(config, process)
    try:
        with in_sentences(config):
            await memory.open()
    finally:
        await memory.close()


async def matrix_login(config: Config, ask_password: Callable[[], str], *, anew: bool) -> str:
    """Sign the bot in to its homeserver and keep the session; what to tell the operator. Raises UserError."""
    from bot.channels.matrix.doctor import login  # noqa: PLC0415 - half a second that no other command needs

    account = matrix_account(config)
    process, _ = load_process(config)
    if await ask(open_memory(config, process).socket(), Request("running?")) is not None:
        raise UserError("mitreden is running. Stop it, sign in, start it again.")
    folder = config.base / config.matrix.store
    try:
        session = await login(account, folder, encrypt=config.matrix.encryption != "off", anew=anew, ask=ask_password)
    except Halted as error:
        raise UserError(str(error)) from error
    except SendError as error:
        raise UserError(f"{account.homeserver}: {error}. Check [matrix] homeserver and the network.") from error
    signed = "" if session.signed or config.matrix.encryption == "off" else " Not cross-signed: mitreden matrix doctor"
    return f"Signed in as {session.user}, device {session.device}.{signed}"


async def matrix_findings(config: Config) -> AsyncIterator[tuple[bool | None, str]]:
    """What `mitreden matrix doctor` finds: is a thing well (None: cannot be seen), and which. Raises UserError."""
    from bot.channels.matrix.doctor import examine  # noqa: PLC0415 - as above

    async for finding in examine(matrix_account(config), config.base / config.matrix.store, config.matrix.encryption):
        yield finding.well, f"{finding.what}\n  {finding.remedy}".rstrip() if finding.well is False else finding.what


def missing_database(config: Config) -> Path | None:
    """The file that the settings name where there is none yet; a server has one. Raises UserError."""
    try:
        file = database(config.storage.url, config.base).file
    except DatabaseUnusable as error:
        raise UserError(str(error)) from error
    return file if file is not None and not file.exists() else None


async def _read_only(config: Config, work: Callable[[Memory], Awaitable[T]]) -> T | None:
    """What some work reads beside a process that may be writing; None where there is no database yet."""
    process, _ = load_process(config)
    if missing_database(config):
        return None
    memory = open_memory(config, process)
    try:
        with in_sentences(config):
            await memory.open_to_read()
            return await work(memory)
    finally:
        await memory.close()
