"""What an operator asks before citizens come: is the homeserver there, are we who we say, will its limits stop us?"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.channels.matrix.api import Api, Denied, SignedOut, decoded, path
from bot.channels.matrix.cross_signing import published, sign_device
from bot.channels.matrix.encryption import Encryption
from bot.channels.matrix.session import Account, Session, Store, sign_in
from bot.core.messages import Halted, NotSent, SendError

ENOUGH = 15
"""Messages in a row that a fresh Synapse already refuses: it takes ten, then one in five seconds."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line for the operator: whether all is well (None: cannot be seen), what was looked at, and the remedy."""

    well: bool | None
    what: str
    remedy: str = ""


async def login(account: Account, folder: Path, *, encrypt: bool, anew: bool, ask: Callable[[], str]) -> Session:
    """Sign in, upload keys, and cross-sign; the session is kept. `ask` gives the password where none is configured.

    Raises Halted, also where there is a session already that is not to be given up, or a SendError.
    """
    store = Store(folder)
    store.open()
    kept = store.session(account)
    if kept is not None and not anew:
        raise Halted(f"Signed in already, as device {kept.device}. To give that up and begin anew, add --new.")
    if not account.password and not account.token:
        account = Account(account.homeserver, account.user, ask())
    api = Api(account.homeserver)
    await api.open()
    try:
        session = await sign_in(api, account)
        if kept is not None:
            store.put_aside()
        store.keep(session)
        api.token = session.token
        if encrypt:
            encryption = Encryption(api, session.user, session.device, folder, session.pickle_key)
            try:
                await encryption.keep_up()
                session.signed = await sign_device(api, account, session, store)
            finally:
                encryption.close()
            store.keep(session)
        return session
    finally:
        await api.close()


async def examine(
    account: Account, folder: Path, mode: Literal["required", "allowed", "off"]
) -> AsyncIterator[Finding]:
    """Look at everything that could keep citizens from being served; each finding as soon as it is known."""
    api = Api(account.homeserver)
    await api.open()
    try:
        try:
            versions = decoded(await api.get("/_matrix/client/versions")).get("versions", [])
        except SendError as error:
            yield Finding(
                False, f"homeserver {account.homeserver}: {error}", "Check [matrix] homeserver and the network."
            )
            return
        newest = f", up to {versions[-1]}" if versions else ""
        yield Finding(
            bool(versions), f"homeserver {account.homeserver} answers{newest}", "Is this a Matrix homeserver?"
        )
        store = Store(folder)
        try:
            store.open()
            session = store.session(account)
        except Halted as error:
            yield Finding(False, str(error))
            return
        if session is None:
            yield Finding(False, "not signed in", "Run: mitreden matrix login")
            return
        api.token = session.token
        async for finding in _signed_in(api, account, session, mode):
            yield finding
    finally:
        await api.close()


async def _signed_in(api: Api, account: Account, session: Session, mode: str) -> AsyncIterator[Finding]:
    try:
        await api.get(path("account", "whoami"))
    except SignedOut:
        yield Finding(False, "the homeserver has ended our session", "Run: mitreden matrix login --new")
        return
    yield Finding(True, f"signed in as {session.user}, device {session.device}")
    if mode == "off":
        yield Finding(None, "encryption is off: no encrypted rooms, and Element X cannot begin a conversation")
    else:
        keys, _, vouched = await published(api, session.user, session.device)
        yield Finding(bool(keys), "encryption: the device's keys are published", "Start once: mitreden run")
        yield Finding(
            vouched,
            "encryption: the device is cross-signed",
            "Element refuses such devices. Sign in to the account with Element, reset its identity under "
            "Settings, Encryption, then: mitreden matrix login --new",
        )
    limited = await _limited(api)
    user = account.user.replace("@", "%40").replace(":", "%3A")
    yield Finding(
        not limited,
        f"rate limits: {ENOUGH} messages in a row" + (" are refused" if limited else " go through"),
        "Lift them with an administrator's token:\n"
        f"    curl -X POST -H 'Authorization: Bearer ADMIN_TOKEN' \\\n"
        f"      {account.homeserver.rstrip('/')}/_synapse/admin/v1/users/{user}/override_ratelimit \\\n"
        '      -d \'{"messages_per_second": 0, "burst_count": 0}\'',
    )
    yield Finding(
        None,
        "not visible from here: how many invitations one account may get. In homeserver.yaml, for a launch:\n"
        "    rc_invites: {per_user: {per_second: 1, burst_count: 100}}\n"
        "    rc_joins: {local: {per_second: 1, burst_count: 50}, remote: {per_second: 1, burst_count: 50}}",
    )


async def _limited(api: Api) -> bool:
    """Whether the homeserver slows the bot down: tried in a room of its own, which is left again."""
    room = ""
    try:
        room = str(decoded(await api.post(path("createRoom"), {"preset": "private_chat"}))["room_id"])
        for number in range(ENOUGH):
            content = {"msgtype": "m.notice", "body": str(number)}
            await api.put(path("rooms", room, "send", "m.room.message", f"limits-{number}"), content)
    except NotSent as error:
        return error.retry_after is not None
    except Denied:
        return False
    finally:
        if room:
            for leaving in ("leave", "forget"):
                try:
                    await api.post(path("rooms", room, leaving), {})
                except SendError:
                    break
    return False
