"""Telegram: updates in, messages out, through the Bot API."""

from bot.channels.telegram.channel import Telegram

__all__ = ["Telegram"]
