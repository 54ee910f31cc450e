"""What a bot has stored, looked up from outside: by a test, beside the bot or once it has ended."""

from pathlib import Path
from typing import Any

from sqlalchemy import Table, select

from storage.database import database


async def rows(folder: Path, table: Table) -> list[Any]:
    """All rows of a table, as they are now, in the database that a bot has in a test's folder."""
    stored = database("sqlite:///data/mitreden.db", folder)
    try:
        return await stored.read(lambda connection: list(connection.execute(select(table))))
    finally:
        await stored.close()
