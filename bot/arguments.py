"""The arguments of the command line, and the sentences about those that are wrong."""

import argparse
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn, TypeVar

T = TypeVar("T")


class _Parser(argparse.ArgumentParser):
    """Wrong usage is one line and exit code 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}. See: {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    """All commands with their arguments; the name of the one that was written is `command`."""
    common = _Parser(add_help=False)
    common.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="settings (default: config.toml if there)",
    )
    everything = _Parser(
        prog="mitreden", description="The chat bot through which a city asks its residents.", parents=[common]
    )
    everything.add_argument("--version", action="version", version=f"mitreden {version('mitreden')}")
    commands = everything.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)

    def command(name: str, summary: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, parents=[common], help=summary, description=summary)

    _add_conversation(command)
    _add_content(command)
    _add_operation(command)
    return everything


Add = Callable[[str, str], argparse.ArgumentParser]
"""(name, summary): a command to give arguments to."""


def _add_conversation(command: Add) -> None:
    """Where the bot speaks."""
    chat = command("chat", "talk to the bot in this terminal, or through a pipe: one line is one message")
    chat.add_argument("--now", metavar="T", help="start the clock at this instant: 2025-11-10T10:00:00+01:00")
    chat.add_argument("--speed", type=_positive, default=1.0, metavar="N", help="run the clock N times as fast")
    chat.add_argument("--language", metavar="TAG", help="the language to begin in: de, de-simple, en")
    chat.add_argument("--user", type=_name, default="local", help="who is talking (default: local)")
    chat.add_argument("--staff", action="store_true", help="talk as an admin, where no network is configured")

    ask = command("ask", "answer one question about the process and its dates, or a file of them")
    ask.add_argument("question", nargs="*", metavar="QUESTION", help="the question, in any language that is understood")
    ask.add_argument("--now", metavar="T", help="answer as of this instant: 2025-11-10T10:00:00+01:00")
    ask.add_argument("--language", metavar="TAG", help="the language expected: de, de-simple, en, tr …")
    ask.add_argument("--json", action="store_true", help="print intent, events, answer and language as JSON")
    ask.add_argument("--jsonl", action="store_true", help='answer {"q", "now"?, "lang"?} a line from standard input')

    run = command("run", "serve all configured networks until SIGTERM or SIGINT")
    run.add_argument("--now", metavar="T", help="start the clock at this instant (rehearsals on this machine only)")
    run.add_argument(
        "--speed", type=_positive, default=1.0, metavar="N", help="run the clock N times as fast (as --now)"
    )


def _add_content(command: Add) -> None:
    """What organisers do with their content, and with what people said."""
    check = command("check", "examine settings and content, and name every problem with its remedy")
    check.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="content folder (default: as configured)")
    check.add_argument("--live", action="store_true", help="also demand what the law wants said to citizens")

    init = command("init", "copy the shipped content and an example configuration, to edit")
    init.add_argument("folder", type=Path, metavar="FOLDER")

    export = command("export", "submitted responses, or the codebook that explains them")
    export.add_argument("--format", choices=("csv", "json", "xlsx", "open-data"), default="csv")
    export.add_argument("--codebook", action="store_true", help="write the codebook (JSON) instead of responses")
    export.add_argument("--output", type=Path, metavar="FILE", help="write there instead of standard output")

    report = command("report", "the results as one accessible page, to publish or print")
    report.add_argument("--output", type=Path, metavar="FILE", required=True, help="the HTML file to write")
    report.add_argument("--language", metavar="TAG", help="only this one (default: all of the process)")

    reload = command("reload", "read the content again; answers follow at once")
    reload.add_argument("--confirm", action="store_true", help="also tell people of changed events they wait for")

    rehearse = command("rehearse", "play the calendar with simulated people: what would go to whom, and when")
    rehearse.add_argument("--from", dest="begin", metavar="T", help="begin here (default: the process's first day)")
    rehearse.add_argument("--to", dest="end", metavar="T", help="end here (default: after the last event and day)")
    rehearse.add_argument("--people", type=_count, default=10, metavar="N", help="how many people (default: 10)")
    rehearse.add_argument("--output", type=Path, metavar="FILE", help="write every message there, as CSV")

    announce = command("announce", "make a draft of an announcement; a person confirms it in the chat")
    announce.add_argument("file", type=Path, metavar="FILE", help="a TOML file with a text per language")
    announce.add_argument(
        "--audience", default="", metavar="A", help="as in channel=telegram,stage=finished (over what the file says)"
    )
    announce.add_argument("--at", metavar="T", help="not before this instant: 2025-11-24T18:00:00+01:00")
    announce.add_argument("--dry-run", action="store_true", help="only show how many would get it, and its texts")


def _add_operation(command: Add) -> None:
    """What operators do."""
    staff = command("staff", "who works with the bot: invite, list, remove")
    staff.add_argument("what", choices=("invite", "list", "remove"))
    staff.add_argument("member", nargs="?", type=_whole, metavar="NUMBER", help="for remove: the number in the list")
    staff.add_argument("--role", choices=("editor", "sender", "analyst", "admin"), help="for invite")

    matrix = command("matrix", "sign the bot in to its homeserver, or examine what could keep it from serving")
    matrix.add_argument("what", choices=("login", "doctor"))
    matrix.add_argument("--new", action="store_true", help="for login: give up the present session")

    command("audit", "what staff did, in a chain that shows changes; exit code 1 if it was changed")
    command("migrate", "bring the database to the current schema")


def _positive(text: str) -> float:
    number = _number(text, float, "a number")
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def _count(text: str) -> int:
    number = _whole(text)
    if not 1 <= number <= 1000:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and 1000")
    return number


def _whole(text: str) -> int:
    return _number(text, int, "a whole number")


def _number(text: str, kind: Callable[[str], T], what: str) -> T:
    """argparse itself would name our function: "invalid _whole value"."""
    try:
        return kind(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}") from error


def _name(text: str) -> str:
    if not text.isprintable() or not 0 < len(text.encode("utf-8", "replace")) <= 100:
        raise argparse.ArgumentTypeError("a short printable name is expected")
    return text
