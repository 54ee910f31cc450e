"""What goes wrong between Telegram and the bot: it is tried again, waited out or noted, and holds nobody else up."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bot.pace import Limits
from storage import tables
from tests.channels.bot_api import DESCRIPTION
from tests.channels.fake_telegram import FakeTelegram
from tests.channels.serving import serving
from tests.channels.telegram_faults import POISONS
from tests.channels.telegram_survey import to_the_survey
from tests.stored import rows

FAULTS = [
    (401, 1),
    (404, 1),
    (502, 10),
    (409, 1),
    ("late", 1),
    ("reset_before", 3),
    ("reset_after", 3),
    ("not_json", 2),
]


@pytest.mark.parametrize("fault", FAULTS, ids=[str(kind) for kind, _ in FAULTS])
@pytest.mark.parametrize("method", ["getUpdates", "sendMessage"])
async def test_whatever_fails_is_tried_again_and_the_answer_comes(
    telegram: FakeTelegram, tmp_path: Path, fault: tuple[Any, int], method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, times = fault
    monkeypatch.setattr(asyncio, "sleep", _hurried(asyncio.sleep))
    anna = telegram.citizen("anna")
    async with serving(telegram, tmp_path):
        await anna.say("/start")
        await anna.answers(timeout=20)
        # Sends wait longer each time, on the loop's own clock; two failures show it.
        telegram.fault(method, times if method == "getUpdates" else min(times, 2), kind)
        await anna.say("/hilfe")
        await anna.answers(timeout=20)
        telegram.clear_faults()
        await anna.say("/umfrage")
        await anna.answers(timeout=20)


def _hurried(sleep: object) -> object:
    """Sleep a fiftieth: the pauses are the product's, the patience of a test is not."""

    async def hurried(seconds: float, result: object = None) -> object:
        return await sleep(seconds / 50, result)  # type: ignore[operator]

    return hurried


async def test_updates_may_be_numbered_anew_from_a_lower_id_on(telegram: FakeTelegram, tmp_path: Path) -> None:
    """As after a week in which nobody wrote, or on another Bot API server: https://core.telegram.org/bots/api#update"""
    anna = telegram.citizen("anna")
    async with serving(telegram, tmp_path):
        await anna.say("/start")
        await anna.answers()
        telegram.number_anew()
        for _ in range(3):
            await anna.say("/hilfe")
            await anna.answers(2)
        async with asyncio.timeout(5):
            while telegram.pending:
                await asyncio.sleep(0.01)


async def test_an_unreadable_update_blocks_nobody_and_is_noted(telegram: FakeTelegram, tmp_path: Path) -> None:
    anna = telegram.citizen("anna")
    async with serving(telegram, tmp_path):
        for _ in POISONS:
            telegram.poison()
        await anna.say("/start")
        await anna.answers()
        letters = await rows(tmp_path, tables.dead_letters)
        assert [row.error for row in letters] == ["unreadable"] * len(POISONS)
    assert telegram.pending == 0


async def test_updates_of_every_other_shape_are_passed_by(telegram: FakeTelegram, tmp_path: Path) -> None:
    """Every field of Update in the description of the Bot API, with made-up content of the described types."""
    if not DESCRIPTION.exists():
        pytest.skip("the description of the Bot API is not here: ../shared/bot-api/api.json")
    described = json.loads(DESCRIPTION.read_text(encoding="utf-8"))["types"]
    anna = telegram.citizen("anna")
    async with serving(telegram, tmp_path):
        for field in described["Update"]["fields"]:
            if field["name"] not in {"update_id", "message", "edited_message", "callback_query"}:
                telegram.push({field["name"]: _made_up(described, field["types"][0], 0)})
        for field in described["Message"]["fields"]:
            content = _made_up(described, "Message", 0) | {field["name"]: _made_up(described, field["types"][0], 0)}
            telegram.push({"message": content})
        await anna.say("/start")
        await anna.answers(timeout=15)
        assert [row.error for row in await rows(tmp_path, tables.dead_letters) if row.error != "unreadable"] == []


def _made_up(described: dict[str, Any], kind: str, depth: int) -> Any:
    """A value of a described type: required fields only, deeper ones empty."""
    simple = {"Integer": 7, "String": "x", "Boolean": True, "True": True, "Float": 1.5, "Integer or String": 7}
    if kind.startswith("Array of "):
        return [_made_up(described, kind.removeprefix("Array of "), depth + 1)] if depth < 4 else []
    if kind in simple:
        return simple[kind]
    content = described.get(kind, {})
    if content.get("subtypes"):
        return _made_up(described, str(content["subtypes"][0]), depth + 1) if depth < 5 else {}
    made: dict[str, object] = {}
    for field in content.get("fields", []):
        if field["required"] and depth < 5:
            made[str(field["name"])] = _made_up(described, str(field["types"][0]), depth + 1)
    return made


async def test_somebody_who_blocks_the_bot_is_left_alone(telegram: FakeTelegram, tmp_path: Path) -> None:
    anna, berta = telegram.citizen("anna"), telegram.citizen("berta")
    async with serving(telegram, tmp_path):
        await to_the_survey(anna)
        await to_the_survey(berta)
        await anna.block()
        telegram.fault("sendMessage", 1, 403, chat_id=berta.id, description="Forbidden: user is deactivated")
        await berta.say("1")
        await asyncio.sleep(0.5)
        people = await rows(tmp_path, tables.people)
        assert [row.stopped for row in people] == [True, True]
        assert await rows(tmp_path, tables.outbox) == []
        await anna.unblock()
        await anna.say("/start")
        assert "Besuchen Sie Spielplätze?" in (await anna.answers())[0].text


async def test_a_flood_wait_in_one_chat_delays_no_other(telegram: FakeTelegram, tmp_path: Path) -> None:
    anna, berta = telegram.citizen("anna"), telegram.citizen("berta")
    async with serving(telegram, tmp_path):
        telegram.fault("sendMessage", 1, 429, chat_id=anna.id, retry_after=2)
        await anna.say("/start")
        await asyncio.sleep(0.2)
        await berta.say("/start")
        await berta.answers(timeout=1)
        await anna.quiet(1.0)
        await anna.answers(timeout=5)


async def test_the_limits_of_telegram_are_kept_without_being_told(telegram: FakeTelegram, tmp_path: Path) -> None:
    anna = telegram.citizen("anna")
    telegram.limits.per_chat_burst = 5  # type: ignore[attr-defined]
    async with serving(telegram, tmp_path, limits=Limits()):
        for _ in range(8):
            await anna.say("/impressum")
        await anna.answers(8, timeout=15)
    assert telegram.violations == []
