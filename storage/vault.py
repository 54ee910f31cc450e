"""Seals what could name a person, and makes the keyed hashes by which it is found again."""

import base64
import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path
from typing import NewType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Sealed = NewType("Sealed", bytes)
KEY_BYTES = 32
_NONCE = 12


class WrongKey(Exception):
    """What is stored was not sealed with this key."""


class KeyUnusable(Exception):
    """The key is missing its form or its protection; the message says what to do."""


class Vault:
    """All use of the main key. Each purpose has a key of its own, derived from it."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise KeyUnusable(f"The key has {len(key)} bytes instead of {KEY_BYTES}.")
        self._aead = AESGCM(_derived(key, "seal"))
        self._lookup = _derived(key, "lookup")
        self._codes = _derived(key, "deletion codes")

    def seal(self, content: bytes, purpose: str) -> Sealed:
        """Encrypted with AES-256-GCM; opens only for the same purpose."""
        nonce = os.urandom(_NONCE)
        return Sealed(nonce + self._aead.encrypt(nonce, content, purpose.encode()))

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """What was sealed. Raises WrongKey."""
        try:
            return self._aead.decrypt(sealed[:_NONCE], sealed[_NONCE:], purpose.encode())
        except InvalidTag as error:
            raise WrongKey from error

    def lookup(self, channel: str, user: str) -> bytes:
        """The keyed hash by which a person is found; 16 bytes."""
        return hmac.digest(self._lookup, f"{channel}\0{user}".encode(), "sha256")[:16]

    def code_hash(self, code: str) -> bytes:
        """The keyed hash of a deletion code: without the key, its 50 bits cannot be tried out."""
        return hmac.digest(self._codes, code.encode(), "sha256")

    @staticmethod
    def new_process_key() -> bytes:
        """A random key for one process, to be wrapped by `seal` and forgotten when the process ends."""
        return secrets.token_bytes(KEY_BYTES)

    @staticmethod
    def mark(process_key: bytes, lookup: bytes) -> bytes:
        """That this person took part in the process of this key."""
        return hmac.digest(process_key, lookup, "sha256")


def read_key(path: Path, text: str = "") -> bytes:
    """The main key: from `text` (base64, as in the environment), else from the file, made at first with mode 0600."""
    if text:
        return _decoded(text, "[storage] key")
    try:
        found = path.read_text(encoding="ascii")
    except FileNotFoundError:
        return _made(path)
    except UnicodeDecodeError as error:
        raise KeyUnusable(f"The key file {path} is not base64. Restore it from your backup.") from error
    except OSError as error:
        raise KeyUnusable(f"The key file {path} cannot be read: {error.strerror}. Check [storage] key_file.") from error
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise KeyUnusable(f"Others may read the key file {path}. Run: chmod 600 {path}")
    return _decoded(found, f"The key file {path}")


def _made(path: Path) -> bytes:
    key = secrets.token_bytes(KEY_BYTES)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as opened:
            opened.write(base64.b64encode(key) + b"\n")
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise KeyUnusable(f"The key file {path} cannot be made: {error.strerror}. Name another in key_file.") from error
    return key


def _decoded(text: str, what: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError as error:
        raise KeyUnusable(f"{what} is not base64. Restore it from your backup.") from error
    if len(key) != KEY_BYTES:
        raise KeyUnusable(f"{what} has {len(key)} bytes instead of {KEY_BYTES}. Restore it from your backup.")
    return key


def _derived(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, f"mitreden {purpose}".encode(), sha256)
