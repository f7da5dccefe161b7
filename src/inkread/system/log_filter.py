"""Drops log messages of other libraries that do not apply here."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def without_messages(containing: str, *, logger: str | None = None) -> Iterator[None]:
    """Suppresses log messages with these words of the library's logger, by default the root logger."""

    def is_other(record: logging.LogRecord) -> bool:
        return containing not in record.getMessage()

    source = logging.getLogger(logger)
    source.addFilter(is_other)
    try:
        yield
    finally:
        source.removeFilter(is_other)
