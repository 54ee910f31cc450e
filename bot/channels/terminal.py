"""The whole bot on standard input and output: what a newcomer meets first, and how a dialogue is recorded."""

import asyncio
import os
import shutil
import sys
import textwrap
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from bot.core.messages import Address, Attachment, Incoming, Memory, NotSent, Outgoing, Receive

NAME = "terminal"
WIDTH = 88


def address_of(user: str) -> Address:
    """Where a person at the terminal is reached."""
    return Address(NAME, user, user)


def rendered(message: Outgoing) -> str:
    """A message as plain text: its words, the choices as "1 Label", then what else may be typed."""
    lines = [message.text]
    lines += [f"{number} {choice.label}" for number, choice in enumerate(message.choices, 1)]
    if message.controls:
        lines.append(" ".join(f"[{control.label}]" for control in message.controls))
    return "\n".join([*lines, *_attached(message)])


def _attached(message: Outgoing) -> list[str]:
    """A file as far as it can be read here: a text whole, of any other its name."""
    file = message.attachment
    if file is None:
        return []
    return [f"{file.name}:", file.content.decode("utf-8", "replace")] if file.is_text else [f"[{file.name}]"]


class Terminal:
    """The channel of one person: a line is a message. On a real terminal it wraps, colours and offers editing."""

    name = NAME
    repeatable = False

    def __init__(
        self, user: str, language: str | None, *, files: Path = Path("data/files"), interactive: bool | None = None
    ) -> None:
        self._files = files
        self._address = address_of(user)
        self._language = language
        self._unread = False
        self._interactive = sys.stdin.isatty() and sys.stdout.isatty() if interactive is None else interactive

    def serves(self, to: Address) -> bool:
        """Only the person who sits here: what is meant for another must not be read by this one."""
        return to == self._address

    async def run(self, receive: Receive, memory: Memory) -> None:
        """Read messages until the input ends."""
        lines = _prompted() if self._interactive else _piped(sys.stdin.buffer)
        if self._interactive:
            await receive([self._incoming("/start")], None, {})
        async for line in lines:
            await receive([self._incoming(line)], None, {})
            if self._unread:
                raise BrokenPipeError

    async def send(self, to: Address, message: Outgoing, key: str) -> str:
        """Print a message. Raises NotSent where nobody reads any more: the next start says it again."""
        try:
            self.print(message)
        except BrokenPipeError as error:
            self._unread = True
            raise NotSent("nobody reads", retry_after=0) from error
        return key

    def print(self, message: Outgoing) -> None:
        """Show a message at once; a picture or archive is laid beside the database."""
        if message.attachment and not message.attachment.is_text:
            message = replace(message, attachment=self._kept(message.attachment))
        text = f"\n{_wrapped(message)}" if self._interactive else rendered(message)
        end = "\n" if self._interactive else "\n\n"
        sys.stdout.buffer.write(f"{text}{end}".encode("utf-8", "replace"))
        sys.stdout.buffer.flush()

    def _kept(self, file: Attachment) -> Attachment:
        """The file under the path where it now lies; under its name alone where it could not be written."""
        path = self._files / file.name
        try:
            self._files.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_bytes(file.content)
        except OSError:
            return file
        return replace(file, name=os.path.relpath(path))

    def _incoming(self, text: str) -> Incoming:
        return Incoming(
            id=uuid.uuid4().hex, sender=self._address, sent_at=datetime.now(UTC), text=text, language=self._language
        )


async def _piped(source: BinaryIO) -> AsyncIterator[str]:
    """One line, one message; bytes that are no UTF-8 become a sign that says so."""
    while line := await asyncio.to_thread(source.readline):
        yield line.decode("utf-8", "replace").rstrip("\r\n")


async def _prompted() -> AsyncIterator[str]:
    """Lines typed at a terminal, with editing. Ctrl-D and Ctrl-C end the conversation; nothing is kept on disk."""
    from prompt_toolkit import PromptSession  # noqa: PLC0415 - loaded only where somebody types
    from prompt_toolkit.history import InMemoryHistory  # noqa: PLC0415

    session: PromptSession[str] = PromptSession(history=InMemoryHistory())
    while True:
        try:
            yield await session.prompt_async("\n> ")
        except (EOFError, KeyboardInterrupt):
            return


def _wrapped(message: Outgoing) -> str:
    """The plain rendering for a window: lines broken at words, numbers in bold where colour is welcome."""
    width = min(WIDTH, shutil.get_terminal_size().columns)
    lines = [part for line in message.text.split("\n") for part in textwrap.wrap(line, width) or [""]]
    bold, plain = ("", "") if "NO_COLOR" in os.environ else ("\x1b[1m", "\x1b[0m")
    for number, choice in enumerate(message.choices, 1):
        first, *others = textwrap.wrap(choice.label, width - 6)
        lines += [f"{bold}{number:>4}{plain}  {first}", *(f"      {line}" for line in others)]
    if message.controls:
        lines.append("      " + " ".join(f"[{control.label}]" for control in message.controls))
    return "\n".join([*lines, *_attached(message)])
