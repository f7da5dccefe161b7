"""Work in a thread beside the window: always on the newest of what there is to do, never on what is passed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Work = TypeVar("Work")
Result = TypeVar("Result")


class LatestOnlyWorker(Generic[Work, Result]):
    """A thread that does one thing at a time; what is given meanwhile waits, and replaces what waited before it.

    Args:
        do: what is done in the thread.
    """

    def __init__(self, do: Callable[[Work], Result]) -> None:
        self._do = do
        self._changed = threading.Condition()
        self._waiting: list[Work] = []
        self._done: list[Result | Exception] = []
        self._ended = False
        # A daemon: the program may end in the middle of a piece of work.
        self._thread = threading.Thread(target=self._run, name="newest", daemon=True)
        self._thread.start()

    def give(self, work: Work) -> None:
        """Asks for this to be done next, and for nothing that still waits."""
        with self._changed:
            self._waiting = [work]
            self._changed.notify()

    def take(self) -> Result | None:
        """The newest result that was not taken yet; ``None`` if there is none. What the work raised is raised here."""
        with self._changed:
            done, self._done = self._done, []
        if not done:
            return None
        (result,) = done
        if isinstance(result, Exception):
            raise result
        return result

    def close(self) -> None:
        """Ends the thread after what it is doing; waits for that."""
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
        except Exception as error:  # noqa: BLE001 - it is raised where the result is taken
            return error
