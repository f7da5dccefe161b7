"""Logs as one JSON object a line: of requests their route, status and time, never what was in them."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

LOGGER = "inkread.server"

FIELDS = "inkread"
"""The attribute of a log record that holds further fields of its line."""


class JsonFormatter(logging.Formatter):
    """Time, level, logger and message, then the record's own fields, and the traceback of an error."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
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
    """A ``logging.config.dictConfig`` that sends uvicorn's lines and ours to standard error as JSON.

    Args:
        level: the least that is logged: ``"info"`` has a line for every request, ``"warning"`` only what is wrong.
    """
    # The parser of forms warns of each damaged one, which the answer tells whoever sent it.
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
