"""The reference: a bare loop on aiohttp. One durable commit per batch of updates, nothing in between.

No validation, no encryption, no outbox: what a process killed at the wrong moment had not sent is never sent.
Per tap: answerCallbackQuery, sendMessage, editMessageText; per typed answer: sendMessage, editMessageReplyMarkup.
Called with the URL of the bot, the script (JSON: what is said at each step) and a folder of its own.
"""

import asyncio
import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

import aiohttp

Json = dict[str, Any]


class Loop:
    """The bot: `script[n]` is what is said after the answer number n."""

    def __init__(self, url: str, script: list[Json], folder: Path, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._script = script
        self._session = session
        self._sending: set[asyncio.Task[None]] = set()
        self._shown: dict[int, int] = {}
        self._database = sqlite3.connect(folder / "loop.db", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = wal")
        self._database.execute("PRAGMA synchronous = full")
        self._database.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, step INTEGER, answers TEXT)")

    async def call(self, method: str, **parameters: object) -> Any:
        """The result of a call."""
        async with self._session.post(f"{self._url}/{method}", json=parameters) as response:
            return (await response.json())["result"]

    async def serve(self) -> None:
        """Fetch, write, send, for ever."""
        offset = 0
        while True:
            batch = await self.call("getUpdates", offset=offset, timeout=50, limit=100)
            if not batch:
                continue
            offset = batch[-1]["update_id"] + 1
            for update, step in self._write(batch):
                task = asyncio.create_task(self._reply(update, step))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)

    def _write(self, batch: list[Json]) -> list[tuple[Json, int]]:
        """Everybody's answer and step, in one commit."""
        ids = [_sender(update) for update in batch]
        marks = ",".join("?" * len(ids))
        known = {
            person: (step, json.loads(answers))
            for person, step, answers in self._database.execute(
                f"SELECT id, step, answers FROM people WHERE id IN ({marks})",  # noqa: S608 - question marks
                ids,
            )
        }
        decided = []
        for update, person in zip(batch, ids, strict=True):
            step, answers = known.get(person, (-1, []))
            query = update.get("callback_query")
            answers.append(query["data"] if query else update["message"]["text"])
            known[person] = (step + 1, answers)
            decided.append((update, step + 1))
        rows = [(person, known[person][0], json.dumps(known[person][1])) for person in set(ids)]
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany(
            "INSERT INTO people (id, step, answers) VALUES (?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET step = excluded.step, answers = excluded.answers",
            rows,
        )
        self._database.execute("COMMIT")
        return decided

    async def _reply(self, update: Json, step: int) -> None:
        person, query = _sender(update), update.get("callback_query")
        beside = []
        if query:
            beside.append(self.call("answerCallbackQuery", callback_query_id=query["id"]))
        if query and (settled := self._script[step]["settled"]):
            message = query["message"]["message_id"]
            beside.append(self.call("editMessageText", chat_id=person, message_id=message, text=settled))
        elif shown := self._shown.get(person):
            beside.append(self.call("editMessageReplyMarkup", chat_id=person, message_id=shown))
        await asyncio.gather(self._say(person, step), *beside)

    async def _say(self, person: int, step: int) -> None:
        preview = {"is_disabled": True}
        for said in self._script[step]["say"]:
            sent = await self.call("sendMessage", chat_id=person, link_preview_options=preview, **said)
            self._shown[person] = sent["message_id"]


def _sender(update: Json) -> int:
    return int((update.get("callback_query") or update["message"])["from"]["id"])


async def main() -> None:
    """Serve until killed."""
    url, script, folder = sys.argv[1:]
    steps = json.loads(Path(script).read_text(encoding="utf-8"))
    connector = aiohttp.TCPConnector(limit=128)
    async with aiohttp.ClientSession(connector=connector) as session:
        await Loop(url, steps, Path(folder), session).serve()


if __name__ == "__main__":
    asyncio.run(main())
