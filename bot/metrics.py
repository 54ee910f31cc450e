"""How the bot is doing: `/healthz` for whoever restarts it, `/metrics` for Prometheus. Figures only."""

import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.problems import UserError

HEALTHY_FOR = 120.0
"""Seconds since the last contact with a network after which the bot counts as ill; a long poll takes 50 of them."""


@dataclass(slots=True)
class Metrics:
    """Counted since the start; moments are of the monotonic clock, 0 for never."""

    batches: int = 0
    messages: int = 0
    failed: int = 0
    sent: int = 0
    not_sent: int = 0
    last_poll: float = 0.0
    last_commit: float = 0.0
    last_send: float = 0.0

    def polled(self) -> None:
        """A network has answered."""
        self.last_poll = time.monotonic()

    def committed(self, messages: int, failed: int) -> None:
        """A batch is written."""
        self.batches += 1
        self.messages += messages
        self.failed += failed
        self.last_commit = time.monotonic()

    def settled(self, *, sent: bool) -> None:
        """A message is out, or will never be."""
        self.sent += sent
        self.not_sent += not sent
        self.last_send = time.monotonic()

    def ages(self) -> dict[str, float | None]:
        """Seconds since the last poll, commit and send; None for never."""
        now = time.monotonic()
        moments = {"poll": self.last_poll, "commit": self.last_commit, "send": self.last_send}
        return {name: round(now - moment, 1) if moment else None for name, moment in moments.items()}

    def healthy(self) -> bool:
        """Whether a network was in contact lately."""
        age = self.ages()["poll"]
        return age is not None and age < HEALTHY_FOR


@asynccontextmanager
async def served(metrics: Metrics, port: int) -> AsyncIterator[None]:
    """Answer on this machine's own address as long as the block lasts; port 0 is off. Raises UserError."""
    if not port:
        yield
        return
    from aiohttp import web  # noqa: PLC0415 - only where somebody asks
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric  # noqa: PLC0415

    class Figures:
        def collect(self) -> Iterable[Metric]:
            for name, text in COUNTERS.items():
                yield CounterMetricFamily(f"mitreden_{name}", text, value=getattr(metrics, name))
            for name, age in metrics.ages().items():
                if age is not None:
                    yield GaugeMetricFamily(
                        f"mitreden_seconds_since_{name}", f"Seconds since the last {name}", value=age
                    )

    registry = CollectorRegistry()
    registry.register(Figures())

    async def health(_request: web.Request) -> web.Response:
        body = {"healthy": metrics.healthy(), "seconds_since": metrics.ages()}
        return web.json_response(body, status=200 if metrics.healthy() else 503)

    async def figures(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), content_type="text/plain")

    server = web.Application()
    server.add_routes([web.get("/healthz", health), web.get("/metrics", figures)])
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
        except OSError as error:
            raise UserError(f"[metrics] port {port} cannot be used ({error.strerror}). Name another.") from error
        yield
    finally:
        await runner.cleanup()


COUNTERS = {
    "batches": "Batches written",
    "messages": "Messages of people handled",
    "failed": "Messages of people that could not be handled",
    "sent": "Messages sent",
    "not_sent": "Messages refused, blocked or unclear",
}
