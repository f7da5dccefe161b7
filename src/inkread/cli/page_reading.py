"""Reads pages in this process or in several; the outcomes are the same, and in the same order."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from inkread.cli.outputs import save_drawing
from inkread.errors import PictureError
from inkread.results.outcome import Outcome
from inkread.system.cores import usable_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future
    from contextlib import ExitStack
    from pathlib import Path
    from queue import SimpleQueue

    from inkread.cli.inputs import Page
    from inkread.pipeline.symbols import SymbolReader
    from inkread.pipeline.text import TextReader
    from inkread.reader import Reader
    from inkread.system.worker import Worker

AHEAD = 4
"""Pages per process that may be read before an earlier one is done; limits the outcomes in memory."""


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """Which reader to open, see ``inkread.reader.open_reader``, and how it reads, see its ``read``."""

    alphabet: str
    model: str
    detector: str
    lexicon: Path | None
    single: bool
    min_probability: float

    def open(self, threads: int = 0) -> Callable[[Page], Outcome]:
        """Opens the reader, and returns the function that reads a page."""
        from inkread.reader import open_reader

        reader = open_reader(
            self.alphabet, model=self.model, detector=self.detector, lexicon=self.lexicon, threads=threads
        )
        return partial(_read, reader, self)


def open_readers(
    options: ReaderOptions, workers: int, stack: ExitStack
) -> Callable[[Iterable[Page]], Iterator[Outcome]]:
    """Opens one reader here, or one in each of several processes, which end with the stack.

    Returns:
        A function that yields the outcomes of pages in their order. It raises an ``OutputError`` if a drawing
        or a stage cannot be saved, and a ``WorkerError`` if a process ends.

    Raises:
        ModelError: a model cannot be loaded.
        OptionError: the alphabet is unknown, or an option does not go with it.
        WorkerError: a process does not start.
    """
    if workers == 1:
        return partial(map, options.open())
    from queue import SimpleQueue

    from inkread.system.worker import Worker

    threads = max(1, usable_cores() // workers)
    free: SimpleQueue[Worker[Page, Outcome]] = SimpleQueue()
    started = []
    for number in range(1, workers + 1):
        worker: Worker[Page, Outcome] = Worker(partial(_reader, options, threads), name=f"reader {number}")
        stack.callback(worker.close)
        started.append(worker)
    for worker in started:
        worker.await_start()
        free.put(worker)
    return partial(_in_order, free=free, workers=workers)


def _reader(options: ReaderOptions, threads: int) -> Callable[[Page], Outcome]:
    """Makes what a process does; runs there."""
    import cv2

    cv2.setNumThreads(threads)
    return options.open(threads)


def _read(reader: Reader | TextReader | SymbolReader, options: ReaderOptions, page: Page) -> Outcome:
    try:
        if isinstance(page.source, PictureError):
            raise page.source
        trace = reader.trace(
            page.source, page=page.number, single=options.single, min_probability=options.min_probability
        )
    except PictureError as error:
        return Outcome(page.name, error)
    if page.drawing:
        save_drawing(trace, page.drawing)
    if page.stages:
        from inkread.pipeline.explain import save_stages

        save_stages(trace, page.stages)
    return Outcome(page.name, trace.reading)


def _in_order(
    pages: Iterable[Page], *, free: SimpleQueue[Worker[Page, Outcome]], workers: int
) -> Iterator[Outcome]:
    """Gives pages to free workers, and yields the outcomes in the pages' order."""
    from concurrent.futures import ThreadPoolExecutor

    def run(page: Page) -> Outcome:
        worker = free.get()
        try:
            worker.send(page)
            return worker.receive()
        finally:  # after an error too, or the pages after it would wait forever
            free.put(worker)

    waiting: deque[Future[Outcome]] = deque()
    threads = ThreadPoolExecutor(workers, "inkread-read")
    try:
        for page in pages:
            waiting.append(threads.submit(run, page))
            if len(waiting) >= AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
