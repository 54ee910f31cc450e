"""A Bot API server on this machine, so that the real client can be tested against what Telegram answers and refuses."""

import asyncio
import json
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any, Literal, Self

from aiohttp import web

from tests.channels import telegram_rules
from tests.channels.bot_api import DESCRIPTION, BotApi, File, Refusal
from tests.channels.citizen import Citizen
from tests.channels.telegram_callbacks import Callbacks
from tests.channels.telegram_chats import Chat, Chats
from tests.channels.telegram_faults import PAGE, POISONS, Fault, Faults, Kind
from tests.channels.telegram_limits import Limits
from tests.channels.telegram_methods import Methods
from tests.channels.telegram_updates import Updates
from tests.channels.telegram_webhook import Webhook

Json = dict[str, Any]

LARGEST_REQUEST = 64 * 2**20
"""Bytes."""
ANONYMOUS: Json = {"id": 1_087_968_824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
"""In whose name a group itself speaks, and its administrators who stay anonymous."""


@dataclass
class Call:
    """A request with the right token; `at` in seconds of the monotonic clock, status None while nothing is answered."""

    method: str
    params: Json
    at: float
    status: int | None = None


class FakeTelegram:
    """Telegram with one bot; the bot's calls go to `url`/bot`token`/method.

    In seconds: `latency` is a round trip, `answer_within` how long a tap waits for its answer, `webhook_retry` when an
    update comes again that the webhook did not take.
    """

    def __init__(
        self,
        token: str | None = None,
        *,
        username: str = "mitreden_bot",
        latency: float = 0,
        answer_within: float = 10,
        webhook_retry: float = 0.05,
        description: Path = DESCRIPTION,
    ) -> None:
        self.token = token or f"{5_000_000_001}:{secrets.token_urlsafe(26)}"
        self.url = ""
        self.latency = latency
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self.limits = Limits()
        self.watch: Callable[[Call, Literal["arrived", "done"]], None] = lambda _call, _stage: None
        """Called when a request has come, and when what it asks for is done; its answer has not left then."""
        self.files: dict[str, bytes] = {}
        """What people have sent, by the id of each file."""
        self.chats = Chats(username)
        self._bot_api = BotApi(description)
        self._updates = Updates()
        self._callbacks = Callbacks(self._updates, answer_within)
        self._webhook = Webhook(self._updates, webhook_retry)
        self._methods = Methods(self.chats, self._updates, self._callbacks, self._webhook)
        self._faults = Faults()
        self._poisons = cycle(POISONS)
        self._running = AsyncExitStack()

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=LARGEST_REQUEST)
        application.router.add_route("*", "/bot{token}/{method}", self._serve)
        application.router.add_get("/file/bot{token}/{path}", self._file)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        self._running.push_async_callback(runner.cleanup)
        self._running.callback(self._updates.close)
        self._running.push_async_callback(self._webhook.close)
        self._runner, self._port = runner, 0
        await self.plug_in()
        self._port = runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}"
        return self

    async def plug_in(self) -> None:
        """Be there, on the same port as before."""
        self._site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await self._site.start()

    async def unplug(self) -> None:
        """Be gone: connections break, and new ones are refused."""
        await self._site.stop()
        assert self._runner.server is not None
        for connection in self._runner.server.connections:
            if connection.transport is not None:
                connection.transport.abort()

    async def __aexit__(self, *_: object) -> None:
        await self._running.aclose()

    @property
    def settings(self) -> Mapping[tuple[str, str, str], Any]:
        """What the bot has set up: by (`commands`, `description` or `short_description`, scope, language)."""
        return self._methods.settings

    @property
    def pending(self) -> int:
        """Updates the bot has not confirmed."""
        return len(self._updates)

    @property
    def handed(self) -> Counter[int]:
        """How often each update was handed over, by its id."""
        return self._updates.handed

    def number_anew(self) -> None:
        """Number updates from another, lower id on."""
        self._updates.number_anew()

    def citizen(self, name: str, *, language_code: str | None = "de", **user: Any) -> Citizen:
        """Somebody with a phone; further fields of User as they are given."""
        if language_code is not None:
            user["language_code"] = language_code
        return Citizen(self.chats, self.chats.add_person(name.capitalize(), **user), self.push)

    def group(self, title: str, *, supergroup: bool = False, administrators: tuple[Citizen, ...] = ()) -> Chat:
        """A group with the bot in it; citizens join by saying something there."""
        chat = self.chats.add_group(title, supergroup=supergroup)
        chat.members |= {one.id: (one.user, "administrator") for one in administrators}
        return chat

    def upgrade(self, group: Chat, *, heard_of: bool = True) -> Chat:
        """Make a group a supergroup: it gets another id, and the old one is refused from now on."""
        chat = self.chats.add_group(group.raw["title"], supergroup=True)
        chat.members |= group.members
        group.migrated_to = chat.id
        for place, note in ((group, {"migrate_to_chat_id": chat.id}), (chat, {"migrate_from_chat_id": group.id})):
            message = self.chats.add_message(place, ANONYMOUS, **note)
            if heard_of:
                self.push({"message": message})
        return chat

    def push(self, update: Json) -> int | None:
        """Hand any update to the bot; its id, or None where the bot asked not to get such updates."""
        number = self._updates.push(update)
        query = update.get("callback_query")
        if number is not None and isinstance(query, dict) and isinstance(query.get("id"), str):
            sender = query.get("from")
            user_id = sender.get("id") if isinstance(sender, dict) else None
            chat = self.chats.known.get(user_id) if isinstance(user_id, int) else None
            self._callbacks.add(query, number, lambda notice: chat.notice(notice) if chat else None)
        return number

    def poison(self, update: Json | None = None) -> int | None:
        """Hand over an update no client can parse, each time another one; its id."""
        return self._updates.push(next(self._poisons) if update is None else update)

    def fault(
        self,
        method: str | None = None,
        times: int = 1,
        kind: Kind = 500,
        *,
        chat_id: int | None = None,
        retry_after: int = 1,
        seconds: float = 1,
        description: str | None = None,
    ) -> None:
        """Let the next requests fail; None is any method. Seconds: how much later `late` answers."""
        self._faults.add(Fault(method, times, kind, chat_id, retry_after, seconds, description))

    def clear_faults(self) -> None:
        """Let no more requests fail."""
        self._faults.clear()

    def sent(self, chat_id: int) -> list[Json]:
        """Messages of the bot to a chat, in order, as they were when they were sent."""
        return list(self.chats.known[chat_id].sent) if chat_id in self.chats.known else []

    def called(self, method: str) -> list[Call]:
        """The requests for one method, in order."""
        return [call for call in self.calls if call.method == method]

    def unanswered(self, older_than: float = 0) -> list[str]:
        """Taps that reached the bot this many seconds ago and have no answer, readable."""
        return self._callbacks.unanswered(older_than)

    async def _file(self, request: web.Request) -> web.Response:
        content = self.files.get(request.match_info["path"])
        if request.match_info["token"] != self.token or content is None:
            return web.Response(status=404)
        return web.Response(body=content)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["token"] != self.token:
            return _refused(Refusal(401, "Unauthorized"))
        method = request.match_info["method"]
        try:
            params = self._bot_api.read(method, await _parameters(request))
        except Refusal as refusal:
            self.violations.append(f"{method}: {refusal.description}")
            return _refused(refusal)
        call = Call(method, params, time.monotonic())
        self.calls.append(call)
        self.watch(call, "arrived")
        await asyncio.sleep(self.latency / 2)
        response = await self._answer(request, call)
        await asyncio.sleep(self.latency / 2)
        call.status = response.status if response is not None else None
        if response is None:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return response

    async def _answer(self, request: web.Request, call: Call) -> web.Response | None:
        """The answer, or None where the connection breaks instead."""
        fault = self._faults.take(call.method, call.params)
        kind = None if fault is None else fault.kind
        if kind == "reset_before":
            return None
        if fault is not None and isinstance(kind, int):
            if kind in {502, 503, 504}:
                return web.Response(status=kind, text=PAGE.format(f"{kind} Bad Gateway"), content_type="text/html")
            return web.json_response(fault.answer(kind), status=kind)
        try:
            result = await self._perform(call.method, call.params)
            response = web.json_response({"ok": True, "result": result}, dumps=_dumps)
        except Refusal as refusal:
            if refusal.violation:
                self.violations.append(f"{call.method}: {refusal.description}")
            response = _refused(refusal)
        self.watch(call, "done")
        if kind == "reset_after":
            return None
        if kind == "not_json":
            return web.Response(text=PAGE.format("Welcome"), content_type="text/html")
        if fault is not None and kind == "late":
            await asyncio.sleep(fault.seconds)
        return response

    async def _perform(self, method: str, params: Json) -> Any:
        if not self._bot_api.has(method) and not self._methods.has(method) and method != "getFile":
            raise Refusal(404, "Not Found", violation=True)
        problems = self._bot_api.mismatches(method, params) or list(telegram_rules.broken(method, params))
        if problems:
            self.violations += [
                problem if problem.startswith(method) else f"{method}: {problem}" for problem in problems
            ]
            raise Refusal(400, f"Bad Request: {problems[0]}")
        if method == "getFile":
            content = self.files[params["file_id"]]
            return {
                "file_id": params["file_id"],
                "file_unique_id": params["file_id"],
                "file_size": len(content),
                "file_path": params["file_id"],
            }
        self.limits.check(method, params)
        return await self._methods.perform(method, params)


async def _parameters(request: web.Request) -> Json:
    """What the request says, wherever it says it; files with their content."""
    params: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.read() or b"{}")
        except ValueError:
            raise Refusal(400, "Bad Request: can't parse JSON object") from None
        if not isinstance(body, dict):
            raise Refusal(400, "Bad Request: expected an object")
        return params | body
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            with value.file as file:
                params[name] = File(value.filename, value.content_type, file.read())
        else:
            params[name] = value
    return params


def _refused(refusal: Refusal) -> web.Response:
    body: Json = {"ok": False, "error_code": refusal.code, "description": refusal.description}
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    return web.json_response(body, status=refusal.code)


def _dumps(value: Any) -> str:
    """As compact as Telegram writes it."""
    return json.dumps(value, separators=(",", ":"))
