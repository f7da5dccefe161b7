"""Reads pages in this process or in several; the outcomes are the same, and in the same order."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING

from inkread.errors import PictureError
from inkread.results.outcome import Outcome
from inkread.system.cores import usable_cores
from inkread.system.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import ExitStack
    from pathlib import Path

    from inkread.cli.inputs import Page
    from inkread.pipeline.symbols import SymbolReader
    from inkread.pipeline.text import TextReader
    from inkread.reader import Reader

AHEAD = 4
"""Pages per process that may be read before an earlier one is done; limits the outcomes in memory."""


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """Which reader to open, see ``inkread.reader.open_reader``."""

    alphabet: str
    model: str
    detector: str
    lexicon: Path | None

    def open(self, threads: int = 0) -> Reader | TextReader | SymbolReader:
        """Opens the reader."""
        from inkread.reader import open_reader

        return open_reader(
            self.alphabet, model=self.model, detector=self.detector, lexicon=self.lexicon, threads=threads
        )


@dataclass(frozen=True, slots=True)
class Task:
    """A page to read, and what to save of it.

    Attributes:
        page: the page.
        single: read it as one digit, or none.
        min_probability: 0..1; less probable digits are labelled ``"?"``.
        drawing: where to save the picture with boxes.
        stages: the folder for pictures of the stages.
    """

    page: Page
    single: bool
    min_probability: float
    drawing: Path | None = None
    stages: Path | None = None


def open_readers(
    options: ReaderOptions, workers: int, stack: ExitStack
) -> Callable[[Iterable[Task]], Iterator[Outcome]]:
    """Opens one reader here, or one in each of several processes, which end with the stack.

    Returns:
        A function that yields the outcomes of tasks in their order. It raises an ``OutputError`` if a drawing
        or a stage cannot be saved, and a ``WorkerError`` if a process ends.

    Raises:
        ModelError: a model cannot be loaded.
        OptionError: the alphabet is unknown, or an option does not go with it.
        WorkerError: a process does not start.
    """
    if workers == 1:
        return partial(map, partial(_read, options.open()))
    threads = max(1, usable_cores() // workers)
    free: SimpleQueue[Worker[Task, Outcome]] = SimpleQueue()
    started = []
    for number in range(1, workers + 1):
        worker = Worker[Task, Outcome](partial(_reader, options, threads), name=f"reader {number}")
        stack.callback(worker.close)
        started.append(worker)
    for worker in started:
        worker.await_start()
        free.put(worker)
    return partial(_in_order, free=free, workers=workers)


def _reader(options: ReaderOptions, threads: int) -> Callable[[Task], Outcome]:
    """Makes what a process does; runs there."""
    import cv2

    cv2.setNumThreads(threads)
    return partial(_read, options.open(threads))


def _read(reader: Reader | TextReader | SymbolReader, task: Task) -> Outcome:
    """Reads a page, and saves its drawing and stages if requested."""
    page = task.page
    try:
        if isinstance(page.source, PictureError):
            raise page.source
        trace = reader.trace(
            page.source, page=page.number, single=task.single, min_probability=task.min_probability
        )
    except PictureError as error:
        return Outcome(page.name, error)
    if task.drawing:
        from inkread.cli.outputs import save_drawing

        save_drawing(trace, task.drawing)
    if task.stages:
        from inkread.pipeline.explain import save_stages

        save_stages(trace, task.stages)
    return Outcome(page.name, trace.reading)


def _in_order(
    tasks: Iterable[Task], *, free: SimpleQueue[Worker[Task, Outcome]], workers: int
) -> Iterator[Outcome]:
    """Gives tasks to free workers, and yields the outcomes in the tasks' order."""

    def run(task: Task) -> Outcome:
        worker = free.get()
        try:
            worker.send(task)
            return worker.receive()
        finally:  # after an error too, or the tasks after it would wait forever
            free.put(worker)

    waiting: deque[Future[Outcome]] = deque()
    threads = ThreadPoolExecutor(workers, "inkread-read")
    try:
        for task in tasks:
            waiting.append(threads.submit(run, task))
            if len(waiting) >= AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
