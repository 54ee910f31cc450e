"""Two hundred ways to pretend to be on the staff: none of them is accepted."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import msgspec

from bot.channels.telegram import updates
from bot.core.messages import Address, Incoming
from handlers.announcements import STEPS
from tests.staff import chosen, joined
from tests.talk import Talk, config_in, talking

NAMES = ("otto ", "Otto", "OTTO", "otto\u200b", "о\u0442to", "@otto:evil.tld", "@otto:example.org", "0tto", "anna", "")
COMMANDS = ("/rundnachricht", "!rundnachricht", "/broadcast", "Rundnachricht", "/neu_laden", "/rundnachricht@bot ja")


def forged(otto: Talk, key: str) -> Iterator[tuple[str, Incoming]]:
    """Messages and taps that are not Otto's, or that nobody can vouch for."""
    prefix = key.rpartition(":")[0]
    for name, step in product(NAMES, STEPS):
        yield f"{name!r} taps {step}", otto.another(name).incoming(choice=f"{prefix}:{step}")
    for name, command in product(NAMES[:5], COMMANDS):
        yield f"{name!r} says {command}", otto.another(name).incoming(text=command)
    for command in COMMANDS:
        own = otto.incoming(text=command)
        yield f"forwarded {command}", replace(own, vouched=False)
        yield f"{command} in a room", replace(own, private=False, sender=Address("terminal", "otto", "room"), link="x")
    for step in STEPS:
        own = otto.incoming(choice=f"{prefix}:{step}")
        yield f"unvouched {step}", replace(own, vouched=False)
        yield f"{step} in a room", replace(own, private=False, sender=Address("terminal", "otto", "room"), link="x")


async def test_none_of_two_hundred_forgeries_is_accepted(tmp_path: Path) -> None:
    async with talking(config_in(tmp_path)) as anna:
        erika, otto = await joined(anna, "erika", "editor"), await joined(anna, "otto", "sender")
        await anna.say("/neuigkeiten ja")
        await erika.say("/rundnachricht")
        said = await erika.say("Es gibt Neues")
        await erika.tap(chosen(said, "Zur Freigabe"))
        said = await otto.tap(chosen(await otto.say("/rundnachricht"), "Nr."))
        key = chosen(said, "Freigeben")
        before = await anna.app.memory.audit()
        kept = await anna.app.memory.newsroom.of_interest(anna.app.clock.now())
        attempts = list(forged(otto, key))
        assert len(attempts) >= 200
        for name, attempt in attempts:
            answers = await anna.receive(attempt)
            assert not any("Es gibt Neues" in answer.text for answer in answers), name
            assert await anna.app.memory.audit() == before, name
        assert await anna.app.memory.newsroom.of_interest(anna.app.clock.now()) == kept
        # And the right one, by the right person, in private, still is.
        said = await otto.tap(chosen(await otto.say("/rundnachricht"), "Nr."))
        await otto.tap(chosen(said, "Freigeben"))
        assert (await anna.app.memory.audit())[-1].action == "announcement_confirmed"


PERSON = {"id": 7, "is_bot": False, "first_name": "Otto", "username": "otto"}
CHAT = {"id": 7, "type": "private"}
GROUP = {"id": -100, "type": "supergroup"}
MESSAGE = {"message_id": 1, "date": 1, "text": "/rundnachricht", "from": PERSON, "chat": CHAT}
DISGUISES: dict[str, dict[str, Any]] = {
    "a channel speaks": {"sender_chat": {"id": -5, "type": "channel"}},
    "through a bot": {"via_bot": {**PERSON, "is_bot": True}},
    "forwarded": {"forward_origin": {"type": "user", "date": 1, "sender_user": PERSON}},
    "Telegram's own account": {"from": {**PERSON, "id": 777000}},
    "an anonymous administrator": {"from": {**PERSON, "id": 1087968824}, "chat": GROUP},
    "a bot": {"from": {**PERSON, "is_bot": True}},
    "in a group": {"chat": GROUP, "entities": [{"type": "bot_command", "offset": 0, "length": 14}]},
    "in a channel": {"chat": {"id": -7, "type": "channel"}},
    "nobody": {"from": None},
}


def test_on_telegram_only_the_account_itself_speaks_for_staff_and_only_in_private() -> None:
    for name, disguise in DISGUISES.items():
        update = updates.read(msgspec.Raw(msgspec.json.encode({"update_id": 1, "message": {**MESSAGE, **disguise}})))
        assert update is not None, name
        said = updates.incoming(update, "mitreden_bot")
        assert said is None or not (said.vouched and said.private), name
    update = updates.read(msgspec.Raw(msgspec.json.encode({"update_id": 1, "message": MESSAGE})))
    assert update is not None
    said = updates.incoming(update, "mitreden_bot")
    assert said is not None
    assert said.vouched
    assert said.private
    assert said.sent_at == datetime.fromtimestamp(1, UTC)
