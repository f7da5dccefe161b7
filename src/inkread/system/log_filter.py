"""Libraries that give advice where none is needed."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def without_advice(saying: str, *, logger: str | None = None) -> Iterator[None]:
    """Keeps a library from logging what holds these words.

    Args:
        saying: the words.
        logger: the library's; ``None`` is the root logger.
    """

    def says_else(record: logging.LogRecord) -> bool:
        return saying not in record.getMessage()

    adviser = logging.getLogger(logger)
    adviser.addFilter(says_else)
    try:
        yield
    finally:
        adviser.removeFilter(says_else)
