"""Reads the bot's own words from `locales/*.po` at start: translators edit them, nothing is compiled."""

import gettext
from pathlib import Path

from babel.messages.pofile import PoFileError, read_po

from bot.core.texts import Texts
from bot.problems import UserError


def available(folder: Path) -> list[str]:
    """The languages that there is a file for."""
    return sorted(path.stem for path in folder.glob("*.po"))


def load(folder: Path, language: str) -> Texts:
    """The words of one language. Raises UserError where the file is missing or not a .po file."""
    path = folder / f"{language}.po"
    try:
        with path.open("rb") as file:
            catalog = read_po(file, abort_invalid=True)
    except OSError as error:
        raise UserError(f"{path}: cannot be read. Add the file, or remove the language from process.toml.") from error
    except (PoFileError, ValueError) as error:
        raise UserError(f"{path}: not a .po file ({error}). Correct it, or restore the shipped one.") from error
    messages = {}
    for message in catalog:
        if message.id:
            name = message.id if isinstance(message.id, str) else message.id[0]
            messages[name] = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
    return Texts(language, str(catalog.locale), messages, gettext.c2py(catalog.plural_expr))
