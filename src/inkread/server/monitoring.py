"""Metrics and logs for operators.

A log has one JSON object per line: the route, status, and time of requests, never their content.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from inkread import __version__

if TYPE_CHECKING:
    from inkread.server.service import Workers

SECONDS = (0.002, 0.004, 0.006, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
"""Upper bounds of the histograms' buckets."""

LOGGER = "inkread.server"

FIELDS = "inkread"
"""The attribute of a log record that holds extra fields of its line."""

log = logging.getLogger(LOGGER)


class Metrics:
    """The server's Prometheus metrics, with the load of a pool."""

    def __init__(self, pool: Workers) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "inkread_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        meaning = "Time from a request to the end of its response"
        self.request_seconds = self._histogram("inkread_request_seconds", meaning, "route")
        self.reading_seconds = self._histogram("inkread_reading_seconds", "Time to read one picture", "model")
        self.digits = Counter("inkread_digits_read", "Digits read", ["model"], registry=self.registry)
        self._gauge("inkread_readers_busy", "Busy readers", lambda: pool.running)
        self._gauge("inkread_queue_length", "Pictures waiting for a reader", lambda: pool.waiting)
        self._gauge("inkread_readers", "Maximum pictures read at a time", lambda: pool.workers)
        self._gauge("inkread_queue_limit", "Maximum pictures waiting", lambda: pool.queue)
        about = Gauge("inkread_info", "The server", ["version"], registry=self.registry)
        about.labels(__version__).set(1)

    def _histogram(self, name: str, meaning: str, label: str) -> Histogram:
        return Histogram(name, meaning, [label], buckets=SECONDS, registry=self.registry)

    def _gauge(self, name: str, meaning: str, value: object) -> None:
        Gauge(name, meaning, registry=self.registry).set_function(value)  # type: ignore[arg-type]


class JsonFormatter(logging.Formatter):
    """Formats time, level, logger, and message, then the record's extra fields and an error's traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Returns the record's line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= getattr(record, FIELDS, {})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True, default=str)


def log_config(level: str) -> dict[str, Any]:
    """Returns a ``logging.config.dictConfig`` that logs to standard error as JSON, uvicorn's messages too.

    Args:
        level: the minimum level: ``"info"`` logs every request, ``"warning"`` only problems.
    """
    # The form parser warns about each damaged form, but the response already reports it to the client.
    names = {"uvicorn": level, "uvicorn.error": level, LOGGER: level, "python_multipart": "critical"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": f"{JsonFormatter.__module__}.{JsonFormatter.__name__}"}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}
        },
        "loggers": {
            name: {"handlers": ["stderr"], "level": least.upper(), "propagate": False}
            for name, least in names.items()
        },
    }
