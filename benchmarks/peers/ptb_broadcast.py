"""python-telegram-bot with its AIORateLimiter, to which all messages are handed at once; it answers whoever writes.

Called with the URL of the Bot API, the token, the first chat, the one after the last, messages a second, and for how
many seconds it only answers before.
"""

import asyncio
import sys

from telegram import Update
from telegram.error import TelegramError
from telegram.ext import AIORateLimiter, Application, ApplicationBuilder, ContextTypes, MessageHandler, filters


async def answer(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    """What a citizen gets who writes."""
    await update.effective_message.reply_text("Barrierefreiheit: Alles geht mit Wörtern und mit Zahlen.")


async def send(application: Application, chat: int) -> bool:
    """One message; the limiter waits a 429 out."""
    try:
        await application.bot.send_message(chat, "Es gibt Neuigkeiten.")
    except TelegramError:
        return False
    return True


async def main() -> None:
    """Serve until killed."""
    url, token, first, end, rate, idle = sys.argv[1:]
    application = (
        ApplicationBuilder()
        .token(token)
        .base_url(f"{url}/bot")
        .connection_pool_size(64)
        .pool_timeout(600)
        .rate_limiter(AIORateLimiter(overall_max_rate=float(rate), overall_time_period=1, max_retries=3))
        .build()
    )
    application.add_handler(MessageHandler(filters.ALL, answer))
    async with application:
        await application.start()
        await application.updater.start_polling()
        await asyncio.sleep(float(idle))
        await asyncio.gather(*(send(application, chat) for chat in range(int(first), int(end))))
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
