"""aiogram 3 with its RedisStorage; Redis appends every change to its file and flushes it (appendfsync always).

The state is written before the reply, so that no kill forgets an answer. Per tap: answerCallbackQuery, sendMessage,
editMessageText; per typed answer: sendMessage, editMessageReplyMarkup; what settles is sent beside the reply.
Called with the URL of the bot, the script (JSON: what is said at each step) and a folder of its own.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import CommandStart
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.redis import RedisStorage
from aiogram.types import CallbackQuery, LinkPreviewOptions, Message

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class Conversation(StatesGroup):
    """Where a citizen may be."""

    answering = State()


class Survey:
    """The conversation: `script[n]` is what is said after the answer number n."""

    def __init__(self, script: list[dict[str, Any]]) -> None:
        self._script = script
        self._shown: dict[int, int] = {}

    async def begin(self, message: Message, state: FSMContext) -> None:
        """/start: forget what was, say the first words."""
        await state.set_state(Conversation.answering)
        await self._go_on(message.bot, message.chat.id, state, "/start", [])

    async def tapped(self, query: CallbackQuery, state: FSMContext) -> None:
        """A button is the answer."""
        answers = (await state.get_data())["answers"]
        await self._go_on(
            query.bot, query.from_user.id, state, query.data, answers, query.bot.answer_callback_query(query.id)
        )

    async def typed(self, message: Message, state: FSMContext) -> None:
        """A text is the answer."""
        answers = (await state.get_data())["answers"]
        await self._go_on(message.bot, message.chat.id, state, message.text, answers)

    async def _go_on(
        self, bot: Bot, chat: int, state: FSMContext, answer: str, before: list[str], *beside: Awaitable[object]
    ) -> None:
        step, shown = len(before), self._shown.get(chat)
        await state.set_data({"answers": [*before, answer]})
        settling = [*beside]
        if settled := self._script[step]["settled"]:
            settling.append(bot.edit_message_text(settled, chat_id=chat, message_id=shown))
        elif shown:
            settling.append(bot.edit_message_reply_markup(chat_id=chat, message_id=shown))
        await asyncio.gather(self._say(bot, chat, step), *settling)

    async def _say(self, bot: Bot, chat: int, step: int) -> None:
        for said in self._script[step]["say"]:
            sent = await bot.send_message(chat, **said, link_preview_options=NO_PREVIEW)
            self._shown[chat] = sent.message_id


async def main() -> None:
    """Serve until killed."""
    url, script, folder = sys.argv[1:]
    steps = json.loads(Path(script).read_text(encoding="utf-8"))
    survey = Survey(steps)
    base, _, token = url.rpartition("/bot")
    bot = Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(base)))
    dispatcher = Dispatcher(storage=RedisStorage.from_url(f"unix://{folder}/redis.sock"))
    dispatcher.message.register(survey.begin, CommandStart())
    dispatcher.callback_query.register(survey.tapped, Conversation.answering)
    dispatcher.message.register(survey.typed, Conversation.answering, F.text)
    await dispatcher.start_polling(bot)


if __name__ == "__main__":
    asyncio.run(main())
