"""Matrix: rooms, encrypted where the room is, spoken to through the client-server API."""

from bot.channels.matrix.channel import Matrix
from bot.channels.matrix.session import Account

__all__ = ["Account", "Matrix"]
