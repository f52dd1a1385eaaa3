"""What the service tells Prometheus: questions, their stages, refusals, the queue, requests, and the archive's size.

Labels are names from short lists that stand in the code; no question, user, address or path is among them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from prometheus_client import CollectorRegistry, Counter, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from rag.errors import NotAllowed, OnRecordError
from rag.observing import Observation, Outcome, Stage
from rag.types import Reason

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from rag.service.access import Access
    from rag.service.scheduler import RequestScheduler

PATH = "/metrics"
CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_KINDS = ("catalog", "conversations", "vectors", "lexical")


class Metrics:
    """The numbers of one service. Watches how its archive answers; counts requests as the outermost middleware."""

    def __init__(self, scheduler: RequestScheduler) -> None:
        """Take what is counted, and begin to watch it."""
        self.registry = CollectorRegistry()
        named: dict[str, Any] = {"namespace": "onrecord", "registry": self.registry}
        self._questions = Counter("questions", "Questions by what came of them", ["outcome"], **named)
        self._refusals = Counter("refusals", "Refusals by their reason", ["reason"], **named)
        self._stages = Histogram(
            "stage_seconds", "Time that a question's stages took", ["stage"], buckets=_SECONDS, **named
        )
        self._answers = Histogram("question_seconds", "Time to the whole answer", buckets=_SECONDS, **named)
        self._tokens = Counter("model_tokens", "Tokens that language models read and wrote", ["kind"], **named)
        self._requests = Counter("http_requests", "Requests by method and status", ["method", "status"], **named)
        self._busy = Counter("busy", "Questions that were turned away or gave up waiting", **named)
        for outcome in get_args(Outcome):
            self._questions.labels(outcome)
        for reason in get_args(Reason):
            self._refusals.labels(reason)
        for stage in get_args(Stage):
            self._stages.labels(stage)
        self.registry.register(_State(scheduler))
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        scheduler.archive.observers.append(self)
        scheduler.on_busy = self._busy.inc

    # -- who watches ---------------------------------------------------------------------

    def began(self) -> object:
        """As ``Observer.began``."""
        return None

    def ended(self, told: Observation, began: object) -> None:
        """As ``Observer.ended``."""
        self._questions.labels(told.outcome).inc()
        if told.answer is not None:
            self._answers.observe(told.seconds)
            if told.answer.reason is not None:
                self._refusals.labels(told.answer.reason).inc()
            self._tokens.labels("read").inc(max(0, told.answer.usage.input_tokens))
            self._tokens.labels("written").inc(max(0, told.answer.usage.output_tokens))
        for stage, span in told.stages.items():
            self._stages.labels(stage).observe(span.seconds)

    def close(self) -> None:
        """As ``Observer.close``."""

    def request(self, method: str, status: int) -> None:
        """Count a request."""
        self._requests.labels(method if method in _METHODS else "other", f"{status // 100}xx").inc()

    # -- who asks ------------------------------------------------------------------------

    def page(self) -> bytes:
        """All numbers, as Prometheus reads them."""
        return generate_latest(self.registry)


class Counted:
    """The middleware that counts requests, whatever became of them."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, sending)
        finally:
            self.metrics.request(scope["method"], status)


class _State:
    """Gauges of how things are when they are asked for."""

    def __init__(self, scheduler: RequestScheduler) -> None:
        self._scheduler = scheduler

    def describe(self) -> Iterable[Any]:
        """Nothing is collected when it is registered."""
        return ()

    def collect(self) -> Iterator[Any]:
        scheduler = self._scheduler
        queue = GaugeMetricFamily("onrecord_queue", "Questions by kind of model", labels=["pool", "state"])
        for name, running, waiting in scheduler.load():
            queue.add_metric([name, "running"], running)
            queue.add_metric([name, "waiting"], waiting)
        yield queue
        archive = scheduler.archive
        counts: dict[str, int] = {}
        with suppress(OnRecordError, sqlite3.Error):
            counts = archive.stores.catalog.counts() if archive.exists else {}
        held = GaugeMetricFamily("onrecord_archive", "What the archive holds", labels=["what"])
        for what, number in counts.items():
            held.add_metric([what], number)
        yield held
        sizes = GaugeMetricFamily("onrecord_archive_bytes", "What it takes on this disk", labels=["store"])
        for kind in _KINDS:
            sizes.add_metric([kind], sum(_size(path) for path in archive.path.glob(f"{kind}*")))
        yield sizes


def _size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder; those that go meanwhile don't count."""
    total = 0
    for file in path.rglob("*") if path.is_dir() else (path,):
        with suppress(OSError):
            total += file.stat().st_size
    return total


def require_allowed(access: Access, user: str, who: str) -> None:
    """Go on only where a user may read the numbers.

    Args:
        access: Knows users' roles.
        user: Who asks.
        who: The setting ``metrics``.

    Raises:
        NotAllowed: The user may not.
    """
    if who == "admin" and access.role(user) != "admin":
        raise NotAllowed(
            "Metrics are for admins and the token here. Whoever runs the service can change that: ONRECORD_METRICS"
        )


__all__ = ["CONTENT_TYPE", "PATH", "Counted", "Metrics", "require_allowed"]
