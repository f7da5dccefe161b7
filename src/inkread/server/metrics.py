"""Prometheus metrics of one application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from inkread import __version__

if TYPE_CHECKING:
    from inkread.server.service import Workers

SECONDS = (0.002, 0.004, 0.006, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
"""Upper bounds of the histograms' buckets."""

MEDIA_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """The server's metrics.

    Args:
        pool: the pool whose load is reported.
    """

    def __init__(self, pool: Workers) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "inkread_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.request_seconds = Histogram(
            "inkread_request_seconds",
            "Time from a request to the end of its response",
            ["route"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.reading_seconds = Histogram(
            "inkread_reading_seconds",
            "Time to read one picture",
            ["model"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.digits = Counter("inkread_digits_read", "Digits read", ["model"], registry=self.registry)
        self._gauge("inkread_readers_busy", "Busy readers", lambda: pool.running)
        self._gauge("inkread_queue_length", "Pictures waiting for a reader", lambda: pool.waiting)
        self._gauge("inkread_readers", "Maximum pictures read at a time", lambda: pool.workers)
        self._gauge("inkread_queue_limit", "Maximum pictures waiting", lambda: pool.queue)
        about = Gauge("inkread_info", "The server", ["version"], registry=self.registry)
        about.labels(__version__).set(1)

    def render(self) -> bytes:
        """Returns all metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def _gauge(self, name: str, meaning: str, value: object) -> None:
        Gauge(name, meaning, registry=self.registry).set_function(value)  # type: ignore[arg-type]
