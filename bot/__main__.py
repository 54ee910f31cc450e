"""The command line. Each command imports only what it uses; a mistake ends with one sentence, never a traceback."""

import argparse
import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bot import config as configuration
from bot.arguments import parser
from bot.problems import UserError, WrongUsage

MARKS = {True: "ok", False: "MEND", None: "note"}
"""How `matrix doctor` begins a line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 where all went well, 2 for wrong usage, 1 for the rest."""
    parsed = parser().parse_args(arguments)
    try:
        return COMMANDS[parsed.command](parsed) or 0
    except UserError as error:
        print(f"mitreden: {error}", file=sys.stderr)
        return 2 if isinstance(error, WrongUsage) else 1
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more while it closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if os.environ.get("MITREDEN_TRACEBACK"):
            raise
        # The text of an error may quote a message or a secret, so only its class is shown.
        print(
            f"mitreden: a mistake of ours ({type(error).__name__}), nothing confirmed is lost. "
            "Run it again with MITREDEN_TRACEBACK=1 and report what it prints.",
            file=sys.stderr,
        )
        return 1


def _config(parsed: argparse.Namespace) -> configuration.Config:
    return configuration.load(getattr(parsed, "config", None))


def _chat(parsed: argparse.Namespace) -> None:
    from bot import chat, logs

    logs.to_stderr()
    asyncio.run(chat.talk(_config(parsed), parsed.now, parsed.speed, parsed.user, parsed.language, staff=parsed.staff))


def _ask(parsed: argparse.Namespace) -> int:
    from bot import app, ask

    if parsed.jsonl == bool(parsed.question):
        raise WrongUsage('ask needs a question, or --jsonl. Write: mitreden ask "Wann ist der nächste Termin?"')
    answering = ask.Answering(app.load_reader(_config(parsed)), parsed.now, parsed.language)
    if not parsed.jsonl:
        reply = answering.reply(" ".join(parsed.question))
        print(reply.as_json() if parsed.json else reply.answer)
        return 0
    wrong = 0
    for number, line in enumerate(sys.stdin.buffer, 1):
        try:
            shown = answering.line(line).as_json()
        except UserError as error:
            wrong += 1
            print(f"mitreden: line {number}: {error}", file=sys.stderr, flush=True)
            shown = ask.failed(str(error))
        sys.stdout.buffer.write(f"{shown}\n".encode())
        sys.stdout.buffer.flush()
    return 1 if wrong else 0


def _run(parsed: argparse.Namespace) -> None:
    import logging

    from bot import logs, serving

    logs.to_stderr(logging.INFO)
    asyncio.run(serving.serve(_config(parsed), parsed.now, parsed.speed))


def _check(parsed: argparse.Namespace) -> int:
    from bot import app, config_rules, content, locales
    from bot.paths import LOCALES

    config, problems = configuration.examine(getattr(parsed, "config", None))
    # What could not be read has a value that stands for it, of which the rules would speak.
    settings = [] if problems else config_rules.mistakes(config)
    folder = parsed.folder or app.content_folder(config)
    problems = problems + content.examine(folder, locales.available(LOCALES))[1]
    shown = [*settings, *(problem for problem in problems if parsed.live or not problem.only_live)]
    for problem in shown:
        print(problem)
    later = len(settings) + len(problems) - len(shown)
    if shown:
        print(f"{len(shown)} problem{'s' if len(shown) > 1 else ''} in settings and {folder}")
        return 1
    print(
        f"{folder}: no problems"
        + (f"; {later} fields still to fill in before going live (check --live)" if later else "")
    )
    return 0


def _init(parsed: argparse.Namespace) -> None:
    from bot.paths import CONTENT, EXAMPLE_CONFIG

    folder: Path = parsed.folder
    try:
        if folder.exists() and any(folder.iterdir()):
            raise UserError(f"{folder}: is not empty. Name a new folder, nothing was written.")
        shutil.copytree(CONTENT, folder / "content", dirs_exist_ok=True)
        text = EXAMPLE_CONFIG.read_text(encoding="utf-8")
        (folder / "config.toml").write_text(text.replace('folder = ""', 'folder = "content"'), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror}). Name another folder.") from error
    print(f"Written: {folder}/config.toml and {folder}/content/*.toml")
    print(f"Edit them, then run: mitreden --config {folder}/config.toml check")


def _export(parsed: argparse.Namespace) -> None:
    from bot import app, export, operating

    config = _config(parsed)
    process, languages = app.load_process(config)
    if parsed.output is None and parsed.format in {"xlsx", "open-data"} and not parsed.codebook and sys.stdout.isatty():
        raise UserError(f"--format {parsed.format} is no text. Name a file with --output.")
    if parsed.codebook:
        content = export.codebook(process).encode()
    elif parsed.format == "open-data":
        from bot.report import open_data

        content = open_data.archive(asyncio.run(operating.release(config, process)), process, languages)
    elif parsed.format == "xlsx":
        content = export.as_xlsx(process, asyncio.run(operating.responses(config)))
    else:
        write = export.as_json if parsed.format == "json" else export.as_csv
        content = write(process, asyncio.run(operating.responses(config))).encode()
    if parsed.output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        _write(parsed.output, content)
        print(f"Written: {parsed.output}", file=sys.stderr)
    if not parsed.codebook:
        _note_missing(operating.missing_database(config))


def _report(parsed: argparse.Namespace) -> None:
    from bot import app, operating
    from bot.report.page import page

    config = _config(parsed)
    process, languages = app.load_process(config)
    if parsed.language is not None and parsed.language not in languages:
        known = ", ".join(languages)
        raise UserError(f"--language {parsed.language}: the process has no such language. Use one of: {known}.")
    release = asyncio.run(operating.release(config, process))
    shown = [parsed.language] if parsed.language else list(process.languages)
    _write(parsed.output, page(release, process, languages, shown).encode())
    print(f"Written: {parsed.output}", file=sys.stderr)
    _note_missing(operating.missing_database(config))
    if not release.results.exact:
        print("The survey is not over: all counts are rounded to multiples of 5.", file=sys.stderr)


def _note_missing(file: Path | None) -> None:
    """Nothing was found because there is no database: nobody has written yet, or the command was given elsewhere."""
    if file is not None:
        print(f"mitreden: {file}: there is no database yet. If there should be, name its --config.", file=sys.stderr)


def _write(path: Path, content: bytes) -> None:
    """The whole file or none: responses are readable by their owner only."""
    if path.is_dir() or not path.name:
        raise UserError(f"{path}: is a folder. Name a file with --output.")
    beside = path.with_name(f".{path.name}.part")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UserError(f"{path}: cannot be written ({error.strerror}). Name another file with --output.") from error


def _staff(parsed: argparse.Namespace) -> int:
    from bot import operating
    from bot.administration import Request

    config = _config(parsed)
    if parsed.what == "list":
        lines = asyncio.run(operating.staff_list(config))
        print("\n".join(lines) or "Nobody yet. Invite somebody: mitreden staff invite --role admin")
        return 0
    if parsed.what == "invite" and not parsed.role:
        raise WrongUsage("staff invite needs a role. Write: mitreden staff invite --role editor|sender|analyst|admin")
    if parsed.what == "remove" and parsed.member is None:
        raise WrongUsage("staff remove needs a number. See: mitreden staff list")
    request = Request(parsed.what, role=parsed.role or "", member=parsed.member or 0)
    reply = asyncio.run(operating.administer(config, request))
    if not reply.done:
        raise UserError(reply.text)
    print(reply.text)
    return 0


def _matrix(parsed: argparse.Namespace) -> int:
    from getpass import getpass

    from bot import logs, operating

    logs.to_stderr()
    config = _config(parsed)
    if parsed.what == "login":
        question = f"Password of {config.matrix.user}: "
        print(asyncio.run(operating.matrix_login(config, lambda: getpass(question), anew=parsed.new)))
        return 0

    async def examine() -> bool:
        well = True
        async for good, line in operating.matrix_findings(config):
            print(f"{MARKS[good]:4}  {line}", flush=True)
            well = well and good is not False
        return well

    return 0 if asyncio.run(examine()) else 1


def _reload(parsed: argparse.Namespace) -> None:
    from bot import logs, operating
    from bot.administration import Request

    logs.to_stderr()
    reply = asyncio.run(operating.administer(_config(parsed), Request("reload", confirm=parsed.confirm)))
    print(reply.text)


def _rehearse(parsed: argparse.Namespace) -> None:
    from bot import app, logs, rehearsal

    logs.to_stderr()
    config = _config(parsed)
    process, languages = app.load_process(config)
    span = rehearsal.span(process, parsed.begin, parsed.end)
    told = asyncio.run(rehearsal.played(config, (process, languages), span, parsed.people))
    print(rehearsal.table(told, process))
    if parsed.output is not None:
        _write(parsed.output, rehearsal.as_csv(told, process).encode())
        print(f"Written: {parsed.output}", file=sys.stderr)


def _announce(parsed: argparse.Namespace) -> None:
    from bot import logs, operating

    logs.to_stderr()

    async def show() -> None:
        config = _config(parsed)
        async for line in operating.announced(config, parsed.file, parsed.audience, parsed.at, dry=parsed.dry_run):
            print(line, flush=True)

    asyncio.run(show())


def _audit(parsed: argparse.Namespace) -> int:
    from bot import operating

    lines, whole = asyncio.run(operating.audit_lines(_config(parsed)))
    print("\n".join(lines) or "Nothing yet.")
    return 0 if whole else 1


def _migrate(parsed: argparse.Namespace) -> None:
    from bot import app, operating

    config = _config(parsed)
    process, _ = app.load_process(config)
    asyncio.run(operating.migrate(config, process))
    print("The database has the current schema.")


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int | None]] = {
    "chat": _chat,
    "ask": _ask,
    "run": _run,
    "check": _check,
    "init": _init,
    "export": _export,
    "report": _report,
    "reload": _reload,
    "rehearse": _rehearse,
    "announce": _announce,
    "staff": _staff,
    "matrix": _matrix,
    "audit": _audit,
    "migrate": _migrate,
}

if __name__ == "__main__":
    sys.exit(main())
