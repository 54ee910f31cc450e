"""What no proper app sends on Matrix, and anybody can: to devices, and into rooms."""

import random
from typing import Any

Json = dict[str, Any]

MEGOLM = "m.megolm.v1.aes-sha2"
OLM = "m.olm.v1.curve25519-aes-sha2"
RUBBISH: list[Any] = [
    "",
    "A",
    "AwgA",
    "=" * 40,
    "ä\u0000\U0001f600",
    0,
    -1,
    2**53 - 1,
    True,
    None,
    [],
    [[]],
    {},
    {"": None},
]


def deep(levels: int) -> Json:
    """An object in an object, and so on."""
    content: Json = {}
    for _ in range(levels):
        content = {"d": content}
    return content


def to_device(curve25519: str) -> list[tuple[str, Json]]:
    """Malformed messages to the device with this key: type and content."""

    def sealed(ciphertext: Any, **others: Any) -> tuple[str, Json]:
        content = {"algorithm": OLM, "sender_key": "B" * 43, "ciphertext": ciphertext, **others}
        return "m.room.encrypted", content

    return [
        sealed({curve25519: {"type": 0, "body": ""}}),
        sealed({curve25519: {"type": 1, "body": ""}}),
        sealed({curve25519: {"type": 0, "body": "AwogABCD"}}),
        sealed({curve25519: {"type": 0, "body": "!!!"}}),
        sealed({curve25519: {"type": 1, "body": "AwogABCD"}}),
        sealed({curve25519: {"type": 7, "body": "AwogABCD"}}),
        sealed({curve25519: {"type": "0", "body": 5}}),
        sealed({curve25519: {}}),
        sealed({curve25519: None}),
        sealed({}),
        sealed("a string"),
        sealed({curve25519: {"type": 0, "body": ""}}, sender_key=""),
        sealed({curve25519: {"type": 0, "body": "AwogABCD"}}, sender_key=5),
        ("m.room.encrypted", {}),
        ("m.room.encrypted", {"algorithm": OLM}),
        (
            "m.room.encrypted",
            {"algorithm": MEGOLM, "ciphertext": "", "sender_key": "", "session_id": "", "device_id": ""},
        ),
        ("m.room.encrypted", {"algorithm": 5, "ciphertext": []}),
        ("m.room_key", {"algorithm": MEGOLM, "room_id": "!a:b", "session_id": "x", "session_key": "y"}),
        ("m.room_key", {}),
        ("m.forwarded_room_key", {"algorithm": MEGOLM}),
        ("m.room_key_request", {"action": "request", "body": {}, "request_id": 5}),
        ("m.secret.request", {"name": [], "action": {}}),
        ("m.key.verification.request", {"methods": "none"}),
        ("m.key.verification.start", {}),
        ("m.dummy", deep(900)),
        ("de.example", deep(900)),
    ]


def in_room() -> list[tuple[str, Json]]:
    """Malformed encrypted events for a room's timeline: type and content."""
    whole = {"algorithm": MEGOLM, "ciphertext": "AwgA", "sender_key": "B" * 43, "session_id": "x", "device_id": "D"}
    empty = {"algorithm": MEGOLM, "ciphertext": "", "sender_key": "", "session_id": "", "device_id": ""}
    found: list[Json] = [
        empty,
        {},
        {"algorithm": MEGOLM},
        {"algorithm": OLM, "ciphertext": {}},
        {**whole, "algorithm": "new"},
    ]
    found += [{**whole, field: rubbish} for field in whole for rubbish in RUBBISH[:12:4]]
    found += [{name: value for name, value in whole.items() if name != field} for field in whole]
    return [("m.room.encrypted", content) for content in found]


def messages(number: int) -> list[tuple[str, Json]]:
    """So many events of the types that the bot reads, each with something that does not belong there."""
    chance = random.Random(3)  # noqa: S311 - the same in every run
    fields = {
        "m.room.message": (
            "msgtype",
            "body",
            "m.relates_to",
            "m.new_content",
            "m.mentions",
            "format",
            "formatted_body",
        ),
        "m.room.redaction": ("redacts", "reason"),
        "m.sticker": ("body", "url", "info"),
        "m.reaction": ("m.relates_to",),
        "m.room.member": ("membership", "displayname"),
        "m.room.encryption": ("algorithm",),
        "m.room.tombstone": ("replacement_room", "body"),
        "m.room.join_rules": ("join_rule",),
        "m.poll.start": ("m.poll", "m.text"),
    }
    nested = [
        *({"rel_type": kind, "event_id": rubbish} for kind in ("m.replace", "m.thread", 5) for rubbish in RUBBISH),
        *({"m.in_reply_to": rubbish} for rubbish in RUBBISH),
        *({"user_ids": rubbish, "room": rubbish} for rubbish in RUBBISH),
        deep(150),
    ]
    found = []
    for _ in range(number):
        type_ = chance.choice(list(fields))
        content: Json = {"msgtype": "m.notice", "body": "x"} if chance.random() < 0.5 else {}
        for field in fields[type_]:
            if chance.random() < 0.7:
                content[field] = chance.choice(RUBBISH + nested)
        found.append((type_, content))
    return found
