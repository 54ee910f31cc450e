"""python-telegram-bot as shipped: Application, ConversationHandler and PicklePersistence with their defaults.

The persistence writes every 60 seconds: whoever answered since is forgotten by a kill. Per tap: answerCallbackQuery,
sendMessage, editMessageText; per typed answer: sendMessage, editMessageReplyMarkup; what settles is never waited for.
Called with the URL of the bot, the script (JSON: what is said at each step) and a folder of its own.
"""

import json
import sys
from pathlib import Path
from typing import Any

from telegram import LinkPreviewOptions, Update
from telegram.ext import (
    ApplicationBuilder,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    MessageHandler,
    PicklePersistence,
    filters,
)

ANSWERING = 0
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class Survey:
    """The conversation: `script[n]` is what is said after the answer number n."""

    def __init__(self, script: list[dict[str, Any]]) -> None:
        self._script = script
        self._shown: dict[int, int] = {}

    async def begin(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> int:
        """/start: forget what was, say the first words."""
        context.user_data.clear()
        return await self._go_on(update, context, "/start")

    async def tapped(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> int:
        """A button is the answer."""
        query = update.callback_query
        context.application.create_task(query.answer(), update)
        return await self._go_on(update, context, query.data)

    async def typed(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> int:
        """A text is the answer."""
        return await self._go_on(update, context, update.message.text)

    async def _go_on(self, update: Update, context: ContextTypes.DEFAULT_TYPE, answer: str) -> int:
        chat = update.effective_chat.id
        answers = context.user_data.setdefault("answers", [])
        step, shown = len(answers), self._shown.get(chat)
        answers.append(answer)
        settled = self._script[step]["settled"]
        for said in self._script[step]["say"]:
            message = await context.bot.send_message(chat, **said, link_preview_options=NO_PREVIEW)
            self._shown[chat] = message.message_id
        if settled:
            edit = context.bot.edit_message_text(settled, chat, shown)
            context.application.create_task(edit, update)
        elif shown:
            edit = context.bot.edit_message_reply_markup(chat, shown)
            context.application.create_task(edit, update)
        return ConversationHandler.END if step + 1 == len(self._script) else ANSWERING


def main() -> None:
    """Serve until killed."""
    url, script, folder = sys.argv[1:]
    survey = Survey(json.loads(Path(script).read_text(encoding="utf-8")))
    base, _, token = url.rpartition("/bot")
    application = (
        ApplicationBuilder()
        .token(token)
        .base_url(f"{base}/bot")
        .persistence(PicklePersistence(Path(folder) / "conversations"))
        .build()
    )
    application.add_handler(
        ConversationHandler(
            entry_points=[CommandHandler("start", survey.begin)],
            states={
                ANSWERING: [
                    CallbackQueryHandler(survey.tapped),
                    MessageHandler(filters.TEXT & ~filters.COMMAND, survey.typed),
                ]
            },
            fallbacks=[CommandHandler("start", survey.begin)],
            name="survey",
            persistent=True,
        )
    )
    application.run_polling()


if __name__ == "__main__":
    main()
