"""Logs as one JSON object per line: the route, status, and time of requests, never their content."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

LOGGER = "inkread.server"

FIELDS = "inkread"
"""The attribute of a log record that holds extra fields of its line."""


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
