"""Work beside everything else: nobody waits for it, and whoever began it can end it."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

log = structlog.get_logger(__name__)


class Background:
    """The work that one part of the bot has begun and that is not done yet; errors it does not see to are logged."""

    def __init__(self) -> None:
        self._at_work: set[asyncio.Task[object]] = set()

    def begin(self, work: Coroutine[Any, Any, object]) -> asyncio.Task[object]:
        """Begin it; the task is kept until it is done, which the event loop by itself does not."""
        task: asyncio.Task[object] = asyncio.create_task(work)
        self._at_work.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[object]) -> None:
        self._at_work.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("background_failed", error=type(error).__name__)

    async def idle(self) -> None:
        """Wait until nothing is left."""
        while self._at_work:
            await asyncio.wait(self._at_work)

    async def close(self) -> None:
        """End what is left, wherever it is."""
        for task in self._at_work:
            task.cancel()
        await asyncio.gather(*self._at_work, return_exceptions=True)
