"""How the Synapse of the tests is set up: on loopback, without federation, quick, and quiet."""

import base64
import json
import secrets
from pathlib import Path
from typing import Any

Json = dict[str, Any]

_WAY_UP = {"per_second": 10_000, "burst_count": 10_000}
GENEROUS: Json = {
    "rc_message": _WAY_UP,
    "rc_registration": _WAY_UP,
    "rc_login": {"address": _WAY_UP, "account": _WAY_UP, "failed_attempts": _WAY_UP},
    "rc_admin_redaction": _WAY_UP,
    "rc_joins": {"local": _WAY_UP, "remote": _WAY_UP},
    "rc_joins_per_room": _WAY_UP,
    "rc_key_requests": _WAY_UP,
    "rc_invites": {"per_room": _WAY_UP, "per_user": _WAY_UP, "per_issuer": _WAY_UP},
    "rc_room_creation": _WAY_UP,
    "rc_media_create": _WAY_UP,
    "rc_profile": _WAY_UP,
    "rc_reports": _WAY_UP,
}
"""Limits that no test has to wait for."""


def settings(folder: Path, port: int, server_name: str, registration_secret: str) -> Json:
    """homeserver.yaml for a server whose files are in that folder; writes the two files that it names."""
    key = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    (folder / "signing.key").write_text(f"ed25519 a_test {key}\n", encoding="utf-8")
    logging: Json = {
        "version": 1,
        "formatters": {"short": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
        "handlers": {"file": {"class": "logging.FileHandler", "filename": str(folder / "log"), "formatter": "short"}},
        "root": {"level": "WARNING", "handlers": ["file"]},
        "disable_existing_loggers": False,
    }
    (folder / "logging.json").write_text(json.dumps(logging), encoding="utf-8")
    listener = {"port": port, "type": "http", "bind_addresses": ["127.0.0.1"]}
    return {
        "server_name": server_name,
        "public_baseurl": f"http://127.0.0.1:{port}/",
        "listeners": [{**listener, "resources": [{"names": ["client"], "compress": False}]}],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
        "log_config": str(folder / "logging.json"),
        "signing_key_path": str(folder / "signing.key"),
        "media_store_path": str(folder / "media"),
        "registration_shared_secret": registration_secret,
        "macaroon_secret_key": secrets.token_hex(16),
        "form_secret": secrets.token_hex(16),
        "bcrypt_rounds": 4,  # a password costs milliseconds, not seconds
        "report_stats": False,
        "trusted_key_servers": [],
        "suppress_key_server_warning": True,
        "federation_domain_whitelist": [],
        "presence": {"enabled": False},
        "url_preview_enabled": False,
        "caches": {"global_factor": 0.25},
    }
