"""The fake Telegram proves itself: updates, faults, limits and citizens behave as with the real one."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.channels.bot_api import BotApi, available
from tests.channels.citizen import KINDS
from tests.channels.fake_telegram import FakeTelegram
from tests.channels.plain_client import PlainClient, plain_client
from tests.channels.telegram_faults import POISONS, Kind

Json = dict[str, Any]
CHOICES = {"inline_keyboard": [[{"text": "Ja", "callback_data": "yes"}, {"text": "Nein", "callback_data": "no"}]]}


def texts(updates: list[Json]) -> list[str]:
    return [update["message"]["text"] for update in updates]


async def test_updates_come_again_until_a_higher_offset_confirms_them(
    telegram: FakeTelegram, client: PlainClient
) -> None:
    anna = telegram.citizen("anna")
    for text in "one", "two", "three":
        await anna.say(text)
    first = await client.updates()
    assert texts(first) == ["one", "two", "three"]
    numbers = [update["update_id"] for update in first]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    assert await client.updates() == first
    assert texts(await client.updates(offset=numbers[1], limit=1)) == ["two"]
    assert texts(await client.updates()) == ["two", "three"], "what is confirmed is forgotten"
    assert texts(await client.updates(offset=-1)) == ["three"]
    assert texts(await client.updates()) == ["three"], "a negative offset forgets what lies before"
    assert await client.updates(offset=numbers[2] + 1) == []
    assert telegram.pending == 0


async def test_a_long_poll_ends_when_an_update_arrives_or_time_is_up(
    telegram: FakeTelegram, client: PlainClient
) -> None:
    anna = telegram.citizen("anna")
    poll = asyncio.create_task(client.updates(timeout=30))
    await asyncio.sleep(0.05)
    assert not poll.done()
    await anna.say("hello")
    updates = await asyncio.wait_for(poll, 1)
    started = time.monotonic()
    assert await client.updates(offset=updates[0]["update_id"] + 1, timeout=1) == []
    assert 0.9 < time.monotonic() - started < 3


async def test_a_second_reader_ends_the_first_with_409(telegram: FakeTelegram, client: PlainClient) -> None:
    first = asyncio.create_task(client.call("getUpdates", timeout=30))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(client.call("getUpdates", timeout=30))
    answer = await asyncio.wait_for(first, 1)
    assert answer.status == 409
    assert "terminated by other getUpdates request" in answer.description
    await telegram.citizen("anna").say("for the second")
    assert texts((await asyncio.wait_for(second, 1)).result) == ["for the second"]


async def test_only_the_updates_asked_for_arrive(telegram: FakeTelegram, client: PlainClient) -> None:
    anna = telegram.citizen("anna")
    assert telegram.push({"message_reaction": {}}) is None, "not among the default"
    await client.updates(allowed_updates=["my_chat_member"])
    await anna.say("not asked for")
    await anna.block()
    (update,) = await client.updates()
    assert update["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    await client.updates(allowed_updates=[], offset=update["update_id"] + 1)
    await anna.unblock()
    await anna.say("asked for again")
    assert len(await client.updates()) == 2


async def test_a_webhook_gets_each_update_until_it_takes_it(telegram: FakeTelegram, client: PlainClient) -> None:
    taken: list[tuple[str | None, str]] = []
    refuse = 2

    async def take(request: web.Request) -> web.Response:
        nonlocal refuse
        if refuse:
            refuse -= 1
            return web.Response(status=500)
        text = (await request.json())["message"]["text"]
        taken.append((request.headers.get("X-Telegram-Bot-Api-Secret-Token"), text))
        return web.Response()

    application = web.Application()
    application.router.add_post("/hook", take)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    anna, ben = telegram.citizen("anna"), telegram.citizen("ben")
    await anna.say("before")
    settings = {"url": url, "secret_token": "s3cret", "max_connections": 4}
    assert (await client.call("setWebhook", **settings)).result
    for text in "a1", "a2", "a3":
        await anna.say(text)
    await ben.say("b1")
    async with asyncio.timeout(3):
        while telegram.pending:
            await asyncio.sleep(0.01)
    assert {secret for secret, _ in taken} == {"s3cret"}
    assert [text for _, text in taken if text != "b1"] == ["before", "a1", "a2", "a3"], "one chat stays in order"
    assert len(taken) == 5
    assert (await client.call("getUpdates")).status == 409
    info = (await client.call("getWebhookInfo")).result
    assert info["url"] == url
    assert "500" in info["last_error_message"]
    assert (await client.call("deleteWebhook")).result
    await anna.say("polled")
    assert texts(await client.updates()) == ["polled"]
    await runner.cleanup()
    assert (await client.call("setWebhook", url=url, drop_pending_updates=True)).result, "nobody listens there any more"
    assert telegram.pending == 0
    assert telegram.violations == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500])
async def test_a_fault_answers_with_its_status_once(telegram: FakeTelegram, client: PlainClient, status: int) -> None:
    telegram.fault("getMe", kind=status, retry_after=7)
    answer = await client.call("getMe")
    assert answer.status == status
    assert answer.description
    assert answer.body is not None
    assert answer.body.get("parameters") == ({"retry_after": 7} if status == 429 else None)
    assert (await client.call("getMe")).status == 200


async def test_faults_come_in_order_and_only_where_they_are_meant(telegram: FakeTelegram, client: PlainClient) -> None:
    telegram.fault("getMe", times=2, kind=502)
    telegram.fault(kind=500)
    telegram.fault("sendMessage", kind=403, chat_id=-1)
    anna = telegram.citizen("anna")
    answers = [await client.call("getMe") for _ in range(4)]
    assert [answer.status for answer in answers] == [502, 502, 500, 200]
    assert answers[0].body is None, "a 502 is a page"
    assert (await client.call("sendMessage", chat_id=anna.id, text="hello")).status == 200
    telegram.clear_faults()
    assert (await client.call("sendMessage", chat_id=-1, text="hello")).status == 400
    assert [call.status for call in telegram.called("getMe")] == [502, 502, 500, 200]


@pytest.mark.parametrize(("kind", "sent"), [("reset_before", 0), ("reset_after", 1), ("not_json", 1), ("late", 1)])
async def test_a_fault_says_whether_the_work_was_done(
    telegram: FakeTelegram, client: PlainClient, kind: Kind, sent: int
) -> None:
    anna = telegram.citizen("anna")
    telegram.fault("sendMessage", kind=kind, seconds=0.3)
    sending = client.post(
        "sendMessage", json={"chat_id": anna.id, "text": "hello"}, timeout=aiohttp.ClientTimeout(total=0.1)
    )
    if kind == "not_json":
        answer = await sending
        assert (answer.status, answer.body) == (200, None)
    else:
        with pytest.raises(TimeoutError if kind == "late" else aiohttp.ClientError):
            await sending
    assert len(telegram.sent(anna.id)) == sent
    assert (await client.call("getMe")).status == 200


async def test_a_poison_update_stands_among_good_ones(telegram: FakeTelegram, client: PlainClient) -> None:
    anna = telegram.citizen("anna")
    await anna.say("before")
    for poison in POISONS:
        telegram.poison()
        assert not available() or BotApi().check("Update", {"update_id": 1, **poison})
    await anna.say("after")
    updates = await client.updates()
    assert [updates[0]["message"]["text"], updates[-1]["message"]["text"]] == ["before", "after"]
    assert [{name: value for name, value in update.items() if name != "update_id"} for update in updates[1:-1]] == [
        *POISONS
    ]


async def test_limits_are_off_until_set_and_then_exact(telegram: FakeTelegram, client: PlainClient) -> None:
    anna, ben, group = telegram.citizen("anna"), telegram.citizen("ben"), telegram.group("Nachbarn")

    async def send(chat_id: int, times: int) -> list[int]:
        return [(await client.call("sendMessage", chat_id=chat_id, text="hello")).status for _ in range(times)]

    assert set(await send(anna.id, 40)) == {200}
    telegram.limits.chat_burst = 5
    assert await send(anna.id, 7) == [200] * 5 + [429] * 2
    answer = await client.call("sendMessage", chat_id=anna.id, text="hello")
    assert answer.body is not None
    assert answer.body["parameters"] == {"retry_after": 1}
    assert await send(ben.id, 1) == [200], "other chats go on"
    assert telegram.limits.refused == {anna.id: 3}
    number = telegram.sent(anna.id)[-1]["message_id"]
    assert (await client.call("editMessageText", chat_id=anna.id, message_id=number, text="new")).status == 200
    telegram.limits.chat_burst, telegram.limits.group_per_minute = None, 20
    assert await send(group.id, 21) == [200] * 20 + [429]
    telegram.limits.flood(0.1)
    assert await send(anna.id, 1) == [429]
    await asyncio.sleep(0.1)
    assert await send(anna.id, 1) == [200]
    await asyncio.sleep(1)
    telegram.limits.per_second = 10
    assert await send(ben.id, 11) == [200] * 10 + [429]


async def test_latency_is_a_round_trip(client: PlainClient) -> None:
    client.telegram.latency = 0.1
    started = time.monotonic()
    await client.call("getMe")
    assert 0.1 <= time.monotonic() - started < 0.5


async def test_a_citizen_talks_taps_and_reads(telegram: FakeTelegram, client: PlainClient) -> None:
    anna = telegram.citizen("anna", language_code="de")

    async def bot() -> None:
        offset = 0
        while True:
            for update in await client.updates(offset=offset, timeout=5):
                offset = update["update_id"] + 1
                if "message" in update:
                    await client.call("sendMessage", chat_id=anna.id, text="Machen Sie mit?", reply_markup=CHOICES)
                else:
                    query = update["callback_query"]
                    place = {"chat_id": anna.id, "message_id": query["message"]["message_id"]}
                    await client.call("answerCallbackQuery", callback_query_id=query["id"], text="Danke")
                    await client.call("editMessageText", **place, text="Machen Sie mit?\n✓ Ja")
                    await client.call("sendMessage", chat_id=anna.id, text="<b>Schön!</b>", parse_mode="HTML")

    running = asyncio.create_task(bot())
    await anna.say("/start survey")
    (question,) = await anna.answers()
    assert question.keyboard == (("Ja", "Nein"),)
    await anna.tap("Ja")
    (thanks,) = await anna.answers(1, timeout=2)
    assert thanks.text == "Schön!"
    assert anna.screen[-1] == thanks
    assert anna.notices == ["Danke"]
    assert anna.transcript == [
        *("> /start survey", "< Machen Sie mit?", "  [Ja] [Nein]", "> [Ja]", "< (notice) Danke"),
        *("< (edited) Machen Sie mit?", "  ✓ Ja", "< Schön!"),
    ]
    with pytest.raises(LookupError, match="no button 'Nein'"):
        await anna.tap("Nein")
    await anna.quiet(0.05)
    assert len(await anna.changes(message_id=question.message_id)) == 3
    with pytest.raises(AssertionError, match="0 of 1 changes"):
        await anna.changes(timeout=0.05, message_id=thanks.message_id)
    await anna.tap_data("yes", question.message_id)
    await anna.changes(0)
    with pytest.raises(AssertionError, match="2 answers"):
        await anna.answers(2, timeout=0.2)
    running.cancel()
    assert telegram.violations == []
    assert telegram.unanswered() == []


async def test_what_citizens_send_has_the_shape_the_description_gives_it() -> None:
    if not available():
        pytest.skip("the Bot API's description is not there")
    async with FakeTelegram(username="stadt_bot") as telegram, plain_client(telegram) as client:
        anna, group = telegram.citizen("anna", username="anna_b"), telegram.group("Nachbarn")
        number = await anna.say("/umfrage@stadt_bot 🙂 @stadt_bot", chat=group)
        await anna.edit(number, "/hilfe", chat=group)
        for kind in KINDS:
            await anna.send(kind)
        await anna.tap_data("forged")
        await anna.tap_data("forged", 4711)
        await anna.block()
        telegram.upgrade(group)
        updates = await client.updates()
        for update in updates:
            assert BotApi().check("Update", update) == []
        entities = updates[0]["message"]["entities"]
        assert entities == [
            {"type": "bot_command", "offset": 0, "length": 18},
            {"type": "mention", "offset": 22, "length": 10},
        ]
        assert updates[1]["edited_message"]["text"] == "/hilfe"
        assert updates[0]["message"]["from"]["language_code"] == "de"
        assert updates[0]["message"]["chat"]["id"] < 0
