"""A background thread that always processes the newest item and skips older ones."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Work = TypeVar("Work")
Result = TypeVar("Result")


class LatestOnlyWorker(Generic[Work, Result]):
    """A thread that processes one item at a time; a new item replaces the one waiting.

    Args:
        do: processes an item in the thread.
    """

    def __init__(self, do: Callable[[Work], Result]) -> None:
        self._do = do
        self._changed = threading.Condition()
        self._waiting: list[Work] = []
        self._done: list[Result | Exception] = []
        self._ended = False
        # A daemon, so that the program can end while an item is processed.
        self._thread = threading.Thread(target=self._run, name="newest", daemon=True)
        self._thread.start()

    def give(self, work: Work) -> None:
        """Schedules this item next, replacing any waiting item."""
        with self._changed:
            self._waiting = [work]
            self._changed.notify()

    def take(self) -> Result | None:
        """Returns the newest result not taken yet, or ``None``; raises the error if processing failed."""
        with self._changed:
            done, self._done = self._done, []
        if not done:
            return None
        (result,) = done
        if isinstance(result, Exception):
            raise result
        return result

    def close(self) -> None:
        """Stops the thread after the current item, and waits for it."""
        with self._changed:
            self._ended, self._waiting = True, []
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ended)
                if self._ended:
                    return
                work, self._waiting = self._waiting[0], []
            result = self._attempt(work)
            with self._changed:
                self._done = [result]

    def _attempt(self, work: Work) -> Result | Exception:
        try:
            return self._do(work)
        except Exception as error:  # noqa: BLE001 - ``take`` raises it
            return error
