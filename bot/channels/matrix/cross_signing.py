"""Makes the bot's device one that its account vouches for: other programs refuse keys of devices that are not.

The three keys are made once and kept beside the session. Key formats as in the client-server API, "Cross-signing".
"""

from base64 import b64decode, b64encode
from typing import Any

import msgspec
import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.channels.matrix.api import Api, Denied, decoded, path
from bot.channels.matrix.session import Account, Session, Store

log = structlog.get_logger(__name__)

FILE = "cross_signing.json"
USAGES = ("master", "self_signing", "user_signing")


class _Seeds(msgspec.Struct):
    master: str
    self_signing: str
    user_signing: str


def _unpadded(data: bytes) -> str:
    return b64encode(data).decode().rstrip("=")


class _Key:
    """One Ed25519 key that signs JSON."""

    def __init__(self, seed: str) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(b64decode(seed))
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        self.public = _unpadded(self._private.public_key().public_bytes(*raw))

    def signature(self, signed: dict[str, Any]) -> str:
        plain = {name: value for name, value in signed.items() if name not in {"signatures", "unsigned"}}
        # Canonical JSON: sorted keys, no spaces, UTF-8.
        return _unpadded(self._private.sign(msgspec.json.encode(plain, order="sorted")))


def _seeds(store: Store) -> tuple[_Seeds, bool]:
    """The seeds kept in the store, or new ones; and whether they are new."""
    kept = store.read(FILE)
    if kept is not None:
        return msgspec.json.decode(kept, type=_Seeds), False
    new = [b64encode(_new_seed()).decode() for _ in USAGES]
    return _Seeds(*new), True


def _new_seed() -> bytes:
    raw = serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    return Ed25519PrivateKey.generate().private_bytes(*raw)


async def published(api: Api, user: str, device: str) -> tuple[dict[str, Any], str, bool]:
    """The device's keys, the master key of the account ("" for none), and whether the account vouches for the device.

    Raises a SendError.
    """
    told = decoded(await api.post(path("keys", "query"), {"device_keys": {user: []}}))
    keys = told.get("device_keys", {}).get(user, {}).get(device, {})
    master = next(iter(told.get("master_keys", {}).get(user, {}).get("keys", {}).values()), "")
    signing = told.get("self_signing_keys", {}).get(user, {}).get("keys", {})
    signatures = keys.get("signatures", {}).get(user, {})
    return keys, master, any(name in signatures for name in signing)


async def sign_device(api: Api, account: Account, session: Session, store: Store) -> bool:
    """Vouch for the bot's own device; whether that is so now. Raises a SendError."""
    keys, master, vouched = await published(api, session.user, session.device)
    if vouched:
        return True
    seeds, new = _seeds(store)
    own = {usage: _Key(getattr(seeds, usage)) for usage in USAGES}
    if master and master != own["master"].public:
        log.warning(
            "cross_signing_elsewhere", remedy="reset the account's identity in Element, or: mitreden matrix doctor"
        )
        return False
    if not keys:
        return False
    if new:
        store.write(FILE, msgspec.json.encode(seeds))
    if not master:
        await _publish(api, account, session.user, own)
    signature = {f"ed25519:{own['self_signing'].public}": own["self_signing"].signature(keys)}
    signed = {name: value for name, value in keys.items() if name != "unsigned"} | {
        "signatures": {session.user: signature}
    }
    told = decoded(await api.post(path("keys", "signatures", "upload"), {session.user: {session.device: signed}}))
    return not told.get("failures")


async def _publish(api: Api, account: Account, user: str, own: dict[str, _Key]) -> None:
    """Tell the homeserver the three keys. The first time it asks for nothing more; if it does, for the password."""
    body: dict[str, Any] = {}
    for usage, key in own.items():
        told: dict[str, Any] = {"user_id": user, "usage": [usage], "keys": {f"ed25519:{key.public}": key.public}}
        if usage != "master":
            told["signatures"] = {user: {f"ed25519:{own['master'].public}": own["master"].signature(told)}}
        body[f"{usage}_key"] = told
    where = path("keys", "device_signing", "upload")
    try:
        await api.post(where, body)
    except Denied as error:
        if error.status != 401 or not account.password:
            raise
        who = {"type": "m.id.user", "user": user}
        proof = {"type": "m.login.password", "identifier": who, "password": account.password}
        await api.post(where, {**body, "auth": proof})
