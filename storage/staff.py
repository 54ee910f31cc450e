"""Who works with the bot, in which role: paired by a code, known by the keyed hash of the exact network id."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from bot.core.messages import Address
from storage import audit
from storage.people import opened_address, sealed_address
from storage.statements import Among
from storage.tables import invitations, staff
from storage.vault import Vault


@dataclass(frozen=True, slots=True)
class StaffMember:
    """One member: a number to name them by on the command line, where they write from, and since when."""

    id: int
    role: str
    address: Address
    since: datetime


def invite(  # noqa: PLR0913, PLR0917 - what an invitation consists of
    connection: Connection, vault: Vault, code: str, role: str, now: datetime, until: datetime
) -> None:
    """Keep the hash of a code that makes whoever types it a member of staff, once, until it expires."""
    connection.execute(delete(invitations).where(invitations.c.expires_at <= now))
    connection.execute(insert(invitations).values(code_hash=vault.code_hash(code), role=role, expires_at=until))
    audit.note(connection, now, "command line", "staff_invited", role)


def invited_as(connection: Connection, vault: Vault, code: str, now: datetime) -> str | None:
    """The role that a code gives now."""
    found = select(invitations.c.role).where(
        invitations.c.code_hash == vault.code_hash(code), invitations.c.expires_at > now
    )
    return connection.execute(found).scalar()


def pair(connection: Connection, vault: Vault, code: str, address: Address, now: datetime) -> None:
    """Bind whoever typed a code. A code that was used or has expired in the meantime binds nobody.

    Who is on the staff already gets the new role under the old number: nobody must be two people by a second code.
    """
    role = invited_as(connection, vault, code, now)
    if role is None:
        return
    connection.execute(delete(invitations).where(invitations.c.code_hash == vault.code_hash(code)))
    lookup = vault.lookup(address.channel, address.user)
    values = {"address": sealed_address(vault, address), "role": role, "since": now}
    number = connection.execute(select(staff.c.id).where(staff.c.lookup == lookup)).scalar()
    if number is None:
        (number,) = connection.execute(insert(staff).values(lookup=lookup, **values)).inserted_primary_key or (0,)
    else:
        connection.execute(update(staff).where(staff.c.id == number).values(values))
    audit.note(connection, now, f"staff {number}", "staff_paired", role)


_ROLES = select(staff.c.lookup, staff.c.id, staff.c.role).where(Among(staff.c.lookup, "lookups"))


def roles(connection: Connection, lookups: Sequence[bytes]) -> dict[bytes, tuple[int, str]]:
    """The numbers and roles of those among these people who are staff."""
    return {row.lookup: (row.id, row.role) for row in connection.execute(_ROLES, {"lookups": list(lookups)})}


def actor(connection: Connection, lookup: bytes) -> str:
    """How the audit log names a member of staff; "rehearsal" is an admin who was never paired (`chat --staff`)."""
    number = connection.execute(select(staff.c.id).where(staff.c.lookup == lookup)).scalar()
    return "rehearsal" if number is None else f"staff {number}"


def members(connection: Connection, vault: Vault) -> list[StaffMember]:
    """Everybody on the staff, in the order they came."""
    rows = connection.execute(select(staff).order_by(staff.c.id))
    return [StaffMember(row.id, row.role, opened_address(vault, row.address), row.since) for row in rows]


def remove(connection: Connection, member: int, now: datetime) -> bool:
    """Take somebody off the staff; whether there was such a number."""
    gone = connection.execute(delete(staff).where(staff.c.id == member)).rowcount > 0
    if gone:
        audit.note(connection, now, "command line", "staff_removed", f"staff {member}")
    return gone
