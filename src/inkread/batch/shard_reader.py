"""Reads a shard into its part, whatever its pictures do.

Pictures are fetched here, one ahead, and read in another process. A picture that takes too long, or ends that
process twice, becomes a row with its error, and the next one is read by a new process.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from inkread.batch.page_reader import PageReader, ReadingSettings, Task, failure
from inkread.batch.rows import Row, part_of
from inkread.batch.storage import Location
from inkread.errors import WorkerError, WorkerTimeoutError
from inkread.picture import is_document
from inkread.system.worker import SupervisedWorker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from inkread.batch.shards import Item, Shard

ATTEMPTS = 2
"""How often a page may end its process before it is given up: the first may have been out of memory for
another's sake, or killed by an operator."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Done:
    """What was read: how many pictures and documents, how many pages of these, and how many in vain."""

    inputs: int = 0
    rows: int = 0
    errors: int = 0

    def __add__(self, other: Done) -> Done:
        return Done(self.inputs + other.inputs, self.rows + other.rows, self.errors + other.errors)


class ShardReader:
    """Reads shards, one at a time, into parts of this format in the folder ``out``.

    Errors call its process by the name.
    """

    def __init__(self, settings: ReadingSettings, out: str, style: str, *, name: str = "reader") -> None:
        self._settings, self._folder, self._style = settings, Location(out), style
        self._worker: SupervisedWorker[Task, int | Row] = SupervisedWorker(
            partial(PageReader, settings), name=name, memory=settings.limits.reading_memory
        )

    def start(self) -> None:
        """Starts the process and returns when it is ready; see ``SupervisedWorker.start``."""
        self._worker.start()

    def read(self, number: int, shard: Shard, on_row: Callable[[Row], object] = lambda _row: None) -> Done:
        """Reads a shard into its part, which has the same number; calls ``on_row`` after each page.

        Raises:
            JobError: the store of the pictures or of the output cannot be reached.
            OutputError: the part cannot be written.
            WorkerError: no process starts, or ``kill`` was called.
        """
        done = Done()
        with part_of(self._folder, number, self._style) as write:
            for item in one_ahead(shard.items(self._settings.limits.max_bytes)):
                done += Done(inputs=1)
                for row in self._rows(item):
                    write(row)
                    on_row(row)
                    done += Done(rows=1, errors=row.error is not None)
        return done

    def kill(self) -> None:
        """Ends a running ``read`` of another thread with a ``WorkerError``; later ones fail too."""
        self._worker.kill()

    def close(self) -> None:
        """Ends the process; not during ``read``."""
        self._worker.close()

    def _rows(self, item: Item) -> Iterator[Row]:
        if not isinstance(item.data, bytes):
            yield self._failed(item.name, 1, failure(item.data))
            return
        pages = self._run(Task(item.name, item.data)) if is_document(item.data) else 1
        if isinstance(pages, Row):
            yield pages
            return
        for page in range(1, pages + 1):
            row = self._run(Task(item.name, item.data, page))
            assert isinstance(row, Row)  # noqa: S101  # a page is nothing else
            yield replace(row, pages=pages)

    def _run(self, task: Task) -> int | Row:
        """Runs a task; returns its result, or a row with the error of a task that is given up."""
        for _ in range(ATTEMPTS):
            self._worker.start()
            try:
                return self._worker.run(task, max_seconds=self._settings.max_seconds)
            except WorkerTimeoutError as error:
                problem = str(error.problem)
                break
            except WorkerError as error:
                problem = f"ended the process that read it: it {error.problem}"
        return self._failed(task.name, task.page or 1, f"{problem}; use a smaller or simpler picture")

    def _failed(self, name: str, page: int, error: str) -> Row:
        return Row(name, page, models=self._settings.models, error=error)


def one_ahead(values: Iterator[Value]) -> Iterator[Value]:
    """Yields values, of which a thread makes the next while the current one is in use."""
    end = object()
    with ThreadPoolExecutor(1, "inkread-fetch") as thread:
        coming = thread.submit(next, values, end)
        while (value := coming.result()) is not end:
            coming = thread.submit(next, values, end)
            yield value  # type: ignore[misc]
