"""Who the bot is on its homeserver: the device it signed in with once, kept in a folder for its owner only."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from bot.channels.matrix.api import Api, Denied, decoded, path
from bot.core.messages import Halted

log = structlog.get_logger(__name__)

DEVICE_NAME = "Mitreden"


@dataclass(frozen=True, slots=True)
class Account:
    """Where the bot has its account, and one of the two ways into it."""

    homeserver: str
    user: str
    password: str = ""
    token: str = ""

    @property
    def server(self) -> str:
        """The part of the Matrix ID behind the colon."""
        return self.user.partition(":")[2]


class Session(msgspec.Struct):
    """A device of the bot's own. `pickle_key` locks the encryption keys; `signed`: the account vouches for it."""

    user: str
    device: str
    token: str
    pickle_key: str
    signed: bool = False


class Store:
    """The folder with session and keys: for its owner only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "session.json"

    def open(self) -> None:
        """Make the folder, or refuse one that others can read. Raises Halted."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            mode = self.folder.stat().st_mode
        except OSError as error:
            raise Halted(
                f"{self.folder}: cannot be used ({error.strerror}). Name another folder in [matrix] store."
            ) from error
        if mode & 0o077:
            raise Halted(f"{self.folder}: others can read it. Run: chmod -R go= {self.folder}")

    def session(self, account: Account) -> Session | None:
        """The session kept here; None before the first one. Raises Halted where it is somebody else's."""
        try:
            kept = msgspec.json.decode(self._file.read_bytes(), type=Session)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError, msgspec.ValidationError) as error:
            raise Halted(
                f"{self._file}: cannot be read. Put it right, or move {self.folder} away to sign in anew."
            ) from error
        if kept.user != account.user:
            raise Halted(
                f"{self._file} is the session of another account than [matrix] user. Name another [matrix] store."
            )
        return kept

    def keep(self, session: Session) -> None:
        """Write the session, whole or not at all."""
        self.write("session.json", msgspec.json.encode(session))

    def write(self, name: str, content: bytes) -> None:
        """Write a file that only its owner may read."""
        beside = self.folder / f".{name}.part"
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.folder / name)

    def put_aside(self) -> None:
        """Keep a session that cannot be used any more under another name, so that a new one can begin."""
        self._file.replace(self._file.with_suffix(f".{secrets.token_hex(4)}.old"))

    def read(self, name: str) -> bytes | None:
        """A file of this folder, or None."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None


async def signed_in(api: Api, account: Account, store: Store) -> Session:
    """The session of the store, or a new one that is kept there. Raises a SendError, or Halted."""
    session = store.session(account)
    if session is None:
        session = await sign_in(api, account)
        store.keep(session)
        log.info("signed_in", device=session.device)
    api.token = session.token
    return session


async def sign_in(api: Api, account: Account) -> Session:
    """A new device by password, or the one that an access token belongs to. Raises a SendError, or Halted."""
    key = secrets.token_urlsafe(32)
    if account.token:
        api.token = account.token
        try:
            told = decoded(await api.get(path("account", "whoami")))
        finally:
            api.token = ""
        user, device = str(told.get("user_id", "")), str(told.get("device_id", ""))
        if user != account.user or not device:
            raise Halted("[matrix] token belongs to another account or to no device. Use one of [matrix] user's own.")
        return Session(user, device, account.token, key)
    if not account.password:
        raise Halted("Matrix: not signed in yet. Set MITREDEN_MATRIX_PASSWORD once, or run: mitreden matrix login")
    body = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": account.user},
        "password": account.password,
        "initial_device_display_name": DEVICE_NAME,
    }
    try:
        told = decoded(await api.post(path("login"), body))
    except Denied as error:
        raise Halted(
            f"Matrix: the homeserver refuses the password ({error.code}). Correct [matrix] password."
        ) from error
    if told.get("user_id") != account.user:
        raise Halted("Matrix: the homeserver signed in another account. Write [matrix] user as the homeserver does.")
    return Session(account.user, str(told["device_id"]), str(told["access_token"]), key)
