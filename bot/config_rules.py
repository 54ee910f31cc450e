"""What settings have to be beyond their kind: rules that `check` tells operators of before `run` does."""

from collections.abc import Callable
from datetime import date
from urllib.parse import urlsplit

from bot.config import (
    Config,
    check_matrix,
    check_webhook,
    matrix_password,
    quiet_hours,
    staff_room,
    telegram_token,
)
from bot.problems import UserError
from bot.silent_days import silent_days
from storage.database import DatabaseUnusable, database
from storage.vault import KeyUnusable, read_key

HIGHEST_PORT = 65535


def mistakes(config: Config) -> list[str]:
    """A sentence for each setting with which the bot could not serve, in the order of the sections."""
    found = []
    for rule in RULES:
        try:
            rule(config)
        except (UserError, DatabaseUnusable, KeyUnusable) as error:
            found.append(str(error))
    return found


def check(config: Config) -> None:
    """Raises UserError with the first of the mistakes."""
    if found := mistakes(config):
        more = f" ({len(found) - 1} more: mitreden check)" if len(found) > 1 else ""
        raise UserError(f"{found[0]}{more}")


def _storage(config: Config) -> None:
    database(config.storage.url, config.base)


def _key(config: Config) -> None:
    """A key that is there has to be one; the first start makes one where there is none."""
    file = config.base / config.storage.key_file
    if config.storage.key or file.exists():
        read_key(file, config.storage.key)


def _telegram(config: Config) -> None:
    telegram_token(config)
    address = urlsplit(config.telegram.api_url)
    if address.scheme not in {"http", "https"} or not address.hostname:
        raise UserError("[telegram] api_url has to be an address such as https://api.telegram.org. Correct it.")


def _webhook(config: Config) -> None:
    section = config.telegram
    if section.webhook_url:
        check_webhook(section)
        if not 1 <= section.webhook_port <= HIGHEST_PORT:
            raise UserError(f"[telegram] webhook_port has to be from 1 to {HIGHEST_PORT}. Correct it.")


def _matrix(config: Config) -> None:
    if config.matrix.homeserver:
        check_matrix(config.matrix)
        matrix_password(config)
    elif config.matrix.user:
        raise UserError("[matrix] has a user and no homeserver. Write homeserver, such as https://matrix.example.org.")


def _pace(config: Config) -> None:
    for name, per_second in (("telegram", config.telegram.per_second), ("matrix", config.matrix.per_second)):
        if not per_second > 0:
            raise UserError(f"[{name}] per_second has to be above 0, or nothing would ever be sent. Correct it.")


def _reminders(config: Config) -> None:
    quiet_hours(config.reminders)


def _holidays(config: Config) -> None:
    silent_days(config.reminders)(date.today())  # noqa: DTZ011 - any day will do


def _staff(config: Config) -> None:
    staff_room(config.staff)


def _metrics(config: Config) -> None:
    if not 0 <= config.metrics.port <= HIGHEST_PORT:
        raise UserError(f"[metrics] port has to be from 1 to {HIGHEST_PORT}, or 0 for none. Correct it.")


RULES: tuple[Callable[[Config], object], ...] = (
    _storage,
    _key,
    _telegram,
    _webhook,
    _matrix,
    _pace,
    _reminders,
    _holidays,
    _staff,
    _metrics,
)
