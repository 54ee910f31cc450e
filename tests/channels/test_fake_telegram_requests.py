"""The fake Telegram proves itself: requests are read, held against the description, and refused as by the real one."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.channels.bot_api import BotApi, available
from tests.channels.fake_telegram import FakeTelegram
from tests.channels.plain_client import PlainClient, plain_client
from tests.channels.telegram_formatting import Unparsable, content, parse_html, units

Json = dict[str, Any]
needs_description = pytest.mark.skipif(not available(), reason="the Bot API's description is not there")


def one_button(**button: Any) -> Json:
    return {"inline_keyboard": [[button]]}


YES = one_button(text="Ja", callback_data="yes")


async def test_json_forms_and_multipart_mean_the_same(telegram: FakeTelegram, client: PlainClient) -> None:
    anna = telegram.citizen("anna")
    params: Json = {"chat_id": anna.id, "text": "Hallo", "disable_notification": True, "reply_markup": YES}
    as_text = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
    multipart = aiohttp.FormData(as_text, default_to_multipart=True)
    for body in {"json": params}, {"json": as_text}, {"data": as_text}, {"data": multipart}:
        assert (await client.post("sendMessage", **body)).result["reply_markup"] == YES
        assert telegram.calls[-1].params == params
    assert telegram.violations == []


@pytest.mark.parametrize("attached", [False, True])
async def test_a_document_arrives_with_its_name(telegram: FakeTelegram, client: PlainClient, attached: bool) -> None:
    anna = telegram.citizen("anna")
    form = aiohttp.FormData({"chat_id": str(anna.id), "caption": "Ihr <b>Termin</b>", "parse_mode": "HTML"})
    if attached:
        form.add_field("document", "attach://part1")
    name = "part1" if attached else "document"
    form.add_field(name, b"BEGIN:VCALENDAR", filename="termin.ics", content_type="text/calendar")
    message = (await client.post("sendDocument", data=form)).result
    assert message["document"]["file_name"] == "termin.ics"
    assert anna.screen[-1].text == "(document: termin.ics) Ihr Termin"
    again = await client.call("sendDocument", chat_id=anna.id, document=message["document"]["file_id"])
    assert again.result["document"] == message["document"]
    form = aiohttp.FormData({"chat_id": str(anna.id)}, default_to_multipart=True)
    form.add_field("photo", b"\x89PNG", filename="plan.png", content_type="image/png")
    assert BotApi().check("Message", (await client.post("sendPhoto", data=form)).result) == []
    assert telegram.violations == []


async def test_what_every_bot_does_at_its_start_works(telegram: FakeTelegram, client: PlainClient) -> None:
    anna, group = telegram.citizen("anna"), telegram.group("Nachbarn", administrators=(telegram.citizen("chef"),))
    assert (await client.call("getMe")).result["username"] == "mitreden_bot"
    menu = [{"command": "umfrage", "description": "An der Umfrage teilnehmen"}]
    staff = {"type": "chat", "chat_id": anna.id}
    assert (await client.call("setMyCommands", commands=menu, language_code="de")).result
    assert (await client.call("setMyCommands", commands=menu, scope=staff)).result
    assert (await client.call("getMyCommands", language_code="de")).result == menu
    assert (await client.call("deleteMyCommands", language_code="de")).result
    assert (await client.call("getMyCommands", language_code="de")).result == []
    assert (await client.call("setMyDescription", description="Ein Chatbot")).result
    assert (await client.call("setMyShortDescription", short_description="Chatbot", language_code="en")).result
    assert telegram.settings["short_description", "default", "en"] == "Chatbot"
    assert (await client.call("sendChatAction", chat_id=anna.id, action="typing")).result
    venue = {"latitude": 52.37, "longitude": 9.73, "title": "Rathaus", "address": "Trammplatz 2"}
    results = {
        "ChatFullInfo": await client.call("getChat", chat_id=anna.id),
        "ChatMember": await client.call("getChatMember", chat_id=group.id, user_id=anna.id),
        "Array of ChatMember": await client.call("getChatAdministrators", chat_id=group.id),
        "Message": await client.call("sendVenue", chat_id=anna.id, **venue),
    }
    for kind, answer in results.items():
        assert BotApi().check(kind, answer.result) == []
    assert (await client.call("leaveChat", chat_id=group.id)).result
    assert (await client.call("sendMessage", chat_id=group.id, text="hello")).status == 403
    assert telegram.violations == []


async def test_a_wrong_token_and_an_unknown_method_are_refused(telegram: FakeTelegram, client: PlainClient) -> None:
    assert (await client.post("getMe", telegram.token[:-1])).description == "Unauthorized"
    assert telegram.calls == []
    assert (await client.call("sendMesage")).description == "Not Found"
    assert telegram.violations == ["sendMesage: Not Found"]


@needs_description
@pytest.mark.parametrize(
    ("method", "params", "problem"),
    [
        ("sendMessage", {"text": "x"}, "sendMessage: chat_id is missing"),
        ("sendMessage", {"chat_id": 1.5, "text": "x"}, "chat_id: 1.5 is not Integer"),
        ("sendMessage", {"chat_id": 1, "text": 5}, "text: 5 is not String"),
        ("sendMessage", {"chat_id": 1, "text": "x", "parsemode": "HTML"}, "unknown field parsemode"),
        ("sendMessage", {"chat_id": 1, "text": "x", "disable_notification": "maybe"}, "'maybe' is not Boolean"),
        ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": "{"}, "reply_markup: '{' is not InlineKeyboard"),
        ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": {"inline_keyboard": [{}]}}, "[0]: {} is not Array"),
        ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": one_button(text=1, url="u")}, "[0][0].text: 1 is"),
        ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": one_button(text="a", data="u")}, "field data"),
        ("setMyCommands", {"commands": [], "scope": {"type": "all"}}, "is none of BotCommandScopeDefault, "),
        ("setMyCommands", {"commands": [], "scope": {"type": "chat"}}, "chat_id is missing"),
        ("sendDocument", {"chat_id": 1, "document": "attach://a"}, "attach://a has no file"),
        ("getUpdates", {"timeout": None}, "timeout: None is not Integer"),
        ("sendDice", {"chat_id": True}, "chat_id: True is not Integer"),
    ],
)
async def test_requests_that_are_not_as_described_are_refused(
    telegram: FakeTelegram, client: PlainClient, method: str, params: Json, problem: str
) -> None:
    answer = await client.call(method, **params)
    assert answer.status == 400
    assert problem in answer.description
    assert any(problem in violation for violation in telegram.violations)


BROKEN = [
    ("sendMessage", {"text": ""}, "message text is empty"),
    ("sendMessage", {"text": " \n "}, "message text is empty"),
    ("sendMessage", {"text": "x" * 4097}, "message is too long"),
    ("sendMessage", {"text": "🙂" * 2049}, "message is too long"),
    ("sendMessage", {"text": "<b></b>", "parse_mode": "HTML"}, "message text is empty"),
    ("sendMessage", {"text": "<b>x", "parse_mode": "HTML"}, "can't parse entities: Can't find end tag"),
    ("sendMessage", {"text": "x", "parse_mode": "Markdown"}, "this fake understands HTML"),
    ("sendMessage", {"text": "x", "entities": [{"type": "bold", "offset": 0, "length": 2}]}, "outside the text"),
    ("sendMessage", {"text": "\ud83d"}, "UTF-8"),
    ("sendMessage", {"text": "x", "reply_markup": one_button(text=" ", callback_data="a")}, "text is empty"),
    ("sendMessage", {"text": "x", "reply_markup": one_button(text="a")}, "exactly one thing"),
    ("sendMessage", {"text": "x", "reply_markup": one_button(text="a", callback_data="")}, "BUTTON_DATA_INVALID"),
    ("sendMessage", {"text": "x", "reply_markup": one_button(text="a", callback_data="ä" * 33)}, "BUTTON_DATA_INVALID"),
    ("sendMessage", {"text": "x", "reply_markup": one_button(text="a", url="www")}, "URL 'www' is invalid"),
    ("sendDocument", {"document": "x", "caption": "x" * 1025}, "caption is too long"),
    ("editMessageText", {"text": "x"}, "message_id is empty"),
    ("sendChatAction", {"action": "dancing"}, "wrong parameter action"),
]


@pytest.mark.parametrize(("method", "params", "problem"), BROKEN)
@pytest.mark.parametrize("with_description", [pytest.param(True, marks=needs_description), False])
async def test_requests_that_break_a_rule_are_refused_with_and_without_description(
    tmp_path: Path, with_description: bool, method: str, params: Json, problem: str
) -> None:
    telegram = FakeTelegram() if with_description else FakeTelegram(description=tmp_path / "not there")
    async with telegram, plain_client(telegram) as client:
        chat_id = telegram.citizen("anna").id
        answer = await client.call(method, chat_id=chat_id, **params)
        assert answer.status == 400
        assert problem in answer.description
        assert len(telegram.violations) == 1
        assert telegram.sent(chat_id) == []
        assert (await client.post("sendMessage", data={"chat_id": str(chat_id), "text": "7"})).status == 200


async def test_longest_texts_and_data_are_taken(telegram: FakeTelegram, client: PlainClient) -> None:
    anna = telegram.citizen("anna")
    longest = f"<b>{'&lt;' * 4096}</b>"
    keyboard = one_button(text="a", callback_data="ä" * 32)
    answer = await client.call("sendMessage", chat_id=anna.id, text=longest, parse_mode="HTML", reply_markup=keyboard)
    assert answer.result["entities"] == [{"type": "bold", "offset": 0, "length": 4096}]


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("ä<br>", 'Unsupported start tag "br" at byte offset 2'),
        ("<b>a</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("<i><b>a</b>", 'Can\'t find end tag corresponding to start tag "i"'),
        ("<span>a</span>", 'Tag "span" must have class "tg-spoiler"'),
        ("<b", 'Unsupported start tag "b"'),
        ("<b>a</b", "Unmatched end tag"),
    ],
)
def test_tags_telegram_does_not_take_are_named(source: str, problem: str) -> None:
    with pytest.raises(Unparsable, match="^" + problem.replace("(", r"\(")):
        parse_html(source)


def test_tags_become_entities() -> None:
    text, entities = parse_html(
        '🙂<b>a<i>b</i></b> <a href="https://x.de/?a&amp;b">c</a><span class="tg-spoiler">d</span>'
    )
    assert text == "🙂ab cd"
    assert entities == [
        {"type": "bold", "offset": 2, "length": 2},
        {"type": "italic", "offset": 3, "length": 1},
        {"type": "text_link", "offset": 5, "length": 1, "url": "https://x.de/?a&b"},
        {"type": "spoiler", "offset": 6, "length": 1},
    ]
    assert content({"text": "  <b> a </b> ", "parse_mode": "html"}, "text") == (
        "a",
        [{"type": "bold", "offset": 0, "length": 1}],
    )


@given(some.text(some.characters(exclude_categories=["Cs"])))
def test_escaped_text_comes_back_as_it_was(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert parse_html(f"<b>{escaped}</b>") == (
        text,
        [{"type": "bold", "offset": 0, "length": units(text)}] if text else [],
    )


async def test_edits_are_refused_as_by_telegram(telegram: FakeTelegram, client: PlainClient) -> None:
    anna = telegram.citizen("anna")
    heard = await anna.say("hello")
    sent = (await client.call("sendMessage", chat_id=anna.id, text="Frage?", reply_markup=YES)).result
    place = {"chat_id": anna.id, "message_id": sent["message_id"]}
    same = await client.call("editMessageText", **place, text=" Frage? ", reply_markup=YES)
    assert "message is not modified" in same.description
    edited = (await client.call("editMessageReplyMarkup", **place)).result
    assert "reply_markup" not in edited
    assert edited["edit_date"]
    assert anna.screen[-1].keyboard == ()
    for method, params, problem in (
        ("editMessageReplyMarkup", place, "message is not modified"),
        ("editMessageText", {**place, "message_id": 999_999, "text": "x"}, "message to edit not found"),
        ("editMessageText", {**place, "message_id": heard, "text": "x"}, "message can't be edited"),
        ("editMessageCaption", {**place, "caption": "x"}, "there is no caption in the message to edit"),
        ("deleteMessage", {**place, "message_id": 999_999}, "message to delete not found"),
    ):
        assert problem in (await client.call(method, **params)).description
    assert (await client.call("deleteMessage", **place)).result
    assert [seen.text for seen in anna.screen] == ["hello"]
    assert [message["text"] for message in telegram.sent(anna.id)] == ["Frage?"]
    assert telegram.violations == [], "these are no mistakes of the bot's"


async def test_chats_that_are_closed_say_why(telegram: FakeTelegram, client: PlainClient) -> None:
    anna, group = telegram.citizen("anna"), telegram.group("Nachbarn")

    async def refusal(chat_id: int) -> tuple[int, str]:
        answer = await client.call("sendMessage", chat_id=chat_id, text="hello")
        return answer.status, answer.description

    assert await refusal(4711) == (400, "Bad Request: chat not found")
    await anna.block()
    assert await refusal(anna.id) == (403, "Forbidden: bot was blocked by the user")
    await anna.unblock()
    assert (await client.call("sendMessage", chat_id=anna.id, text="hello")).status == 200
    anna.deactivate()
    assert await refusal(anna.id) == (403, "Forbidden: user is deactivated")
    new = telegram.upgrade(group)
    answer = await client.call("sendMessage", chat_id=group.id, text="hello")
    assert answer.body is not None
    assert answer.body["parameters"] == {"migrate_to_chat_id": new.id}
    assert (await client.call("sendMessage", chat_id=new.id, text="hello")).result["chat"]["type"] == "supergroup"
    new.state = "kicked"
    assert await refusal(new.id) == (403, "Forbidden: bot was kicked from the supergroup chat")
    assert telegram.violations == []


async def test_a_tap_wants_exactly_one_answer_in_time() -> None:
    async with FakeTelegram(answer_within=0.2) as telegram, plain_client(telegram) as client:
        anna = telegram.citizen("anna")
        await client.call("sendMessage", chat_id=anna.id, text="Frage?", reply_markup=YES)
        first = await anna.tap("Ja")
        assert telegram.unanswered() == [], "the bot knows nothing of it yet"
        await client.updates()
        assert len(telegram.unanswered()) == 1
        assert (await client.call("answerCallbackQuery", callback_query_id=first)).result
        assert telegram.unanswered() == []
        await client.updates()
        await client.call("answerCallbackQuery", callback_query_id=first)
        assert telegram.violations == [], "handed over twice, as after a crash: answered twice"
        assert (await client.call("answerCallbackQuery", callback_query_id=first)).status == 400
        assert len(telegram.violations) == 1
        second = await anna.tap("yes")
        await client.updates()
        await asyncio.sleep(0.25)
        late = await client.call("answerCallbackQuery", callback_query_id=second)
        assert "query is too old" in late.description
        assert len(telegram.violations) == 2
        assert (await client.call("answerCallbackQuery", callback_query_id=first, text="x" * 201)).status == 400
        assert (await client.call("answerCallbackQuery", callback_query_id="unknown")).status == 400
        assert len(telegram.violations) == 4
