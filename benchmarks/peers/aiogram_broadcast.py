"""aiogram's documented broadcast loop, beside a dispatcher that answers whoever writes.

The loop is that of aiogram's own example (`broadcast_example.py`): one message after the other, a pause after each. Its
pause of 0.05 s, for 20 messages a second, is shortened to what is permitted here.
Called with the URL of the Bot API, the token, the first chat, the one after the last, messages a second, and for how
many seconds it only answers before.
"""

import asyncio
import sys

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramAPIError, TelegramRetryAfter
from aiogram.types import Message


async def answer(message: Message) -> None:
    """What a citizen gets who writes."""
    await message.answer("Barrierefreiheit: Alles geht mit Wörtern und mit Zahlen.")


async def send(bot: Bot, chat: int) -> bool:
    """One message; a 429 is waited out."""
    try:
        await bot.send_message(chat, "Es gibt Neuigkeiten.")
    except TelegramRetryAfter as error:
        await asyncio.sleep(error.retry_after)
        return await send(bot, chat)
    except TelegramAPIError:
        return False
    return True


async def main() -> None:
    """Serve until killed."""
    url, token, first, end, rate, idle = sys.argv[1:]
    bot = Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(url)))
    dispatcher = Dispatcher()
    dispatcher.message.register(answer)
    serving = asyncio.create_task(dispatcher.start_polling(bot))
    await asyncio.sleep(float(idle))
    for chat in range(int(first), int(end)):
        await send(bot, chat)
        await asyncio.sleep(1 / float(rate))
    await serving


if __name__ == "__main__":
    asyncio.run(main())
