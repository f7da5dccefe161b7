"""Synthetic rows in blocks on disk: made once, by processes beside the training, and read again by every run.

A block's rows depend on the stock's seed and the block's number only, so that a stock grows alike however it is made.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeAlias

import cv2
import numpy as np

from inkread.datasets.archives import load_npz
from inkread.datasets.rows import ink_row, load_material, make_row
from inkread.errors import DatasetFormatError, OutputError
from inkread.files import whole
from inkread.strip import HEIGHT
from inkread.worker import end_with_parent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.files import AnyPath

Row: TypeAlias = "tuple[NDArray[np.uint8], str, NDArray[np.float32]]"
"""A row's ink 40×W, its text, and a box for each of its digits."""

BLOCK = 4096
"""Rows in a block, about 35 MB."""

ROOM = "make room there, or name another folder"

AHEAD = 2
"""Blocks that each process may be ahead of the reader."""


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Many rows as a network is given them.

    Attributes:
        ink: uint8 40×(sum of widths), the rows' ink maps side by side, 0 paper to 255 ink.
        ends: int64 N, where each row ends in ``ink``.
        texts: str N, the digits of each.
        boxes: float32 M×4, x0, y0, x1, y1 of all digits, row after row, in pixels of their row.
        box_ends: int64 N, where each row's digits end in ``boxes``.
    """

    ink: NDArray[np.uint8]
    ends: NDArray[np.int64]
    texts: NDArray[np.str_]
    boxes: NDArray[np.float32]
    box_ends: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ends)

    def row(self, index: int) -> Row:
        """One row."""
        start, box_start = (int(ends[index - 1]) if index else 0 for ends in (self.ends, self.box_ends))
        ink = self.ink[:, start : self.ends[index]]
        return ink, str(self.texts[index]), self.boxes[box_start : self.box_ends[index]]

    @classmethod
    def make(
        cls, *, seed: int, number: int, held_out: bool, data_dir: AnyPath | None, size: int = BLOCK
    ) -> Self:
        """A block from nothing.

        Args:
            seed: of the stock.
            number: of the block.
            held_out: whether to write with what is kept back for validation, see ``load_material``.
            data_dir: see ``load_material``.
            size: how many rows.
        """
        material = load_material(data_dir=data_dir, held_out=held_out)
        ink, texts, boxes = [], [], []
        for index in range(size):
            sample = make_row(material, np.random.default_rng([seed, int(held_out), number, index]))
            row = ink_row(sample.pixels)
            scale = row.shape[1] / sample.pixels.shape[1], row.shape[0] / sample.pixels.shape[0]
            ink.append(np.round(row * 255).astype(np.uint8))
            texts.append(sample.text)
            boxes.append(sample.boxes.astype(np.float32) * np.array(scale * 2, np.float32))
        return cls(
            np.concatenate(ink, axis=1),
            np.cumsum([row.shape[1] for row in ink]),
            np.array(texts),
            np.concatenate(boxes),
            np.cumsum([len(box) for box in boxes]),
        )

    def save(self, path: Path) -> None:
        """Writes the block in one step: the file is whole, or not there."""
        with whole(path) as partial, partial.open("wb") as file:
            np.savez(
                file,
                ink=self.ink,
                ends=self.ends,
                texts=self.texts,
                boxes=self.boxes,
                box_ends=self.box_ends,
            )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads a block.

        Raises:
            DatasetFormatError: the file is no block.
        """
        remedy = "remove it; it is made again"
        try:
            block = cls(**load_npz(path, cls.__slots__))
        except DatasetFormatError as error:
            raise DatasetFormatError(str(path), f"is no block of rows ({error})", remedy) from error
        if block.ink.shape != (HEIGHT, block.ends[-1] if len(block) else 0):
            raise DatasetFormatError(str(path), "is a damaged block of rows", remedy)
        return block


@dataclass(frozen=True, slots=True)
class RowStock:
    """The blocks in one folder.

    Attributes:
        folder: made if need be.
        seed: what the rows depend on.
        data_dir: where the material lies, see ``load_material``.
    """

    folder: Path
    seed: int = 0
    data_dir: AnyPath | None = None

    def blocks(self, count: int, *, processes: int = 1) -> Iterator[RowBlock]:
        """Blocks 0 to ``count`` - 1 in order, those that are missing made by processes beside the caller's.

        Raises:
            OutputError: a block cannot be written.
            DatasetError: the material cannot be had, or a block is damaged.
        """
        self._make_folder()
        # Fork would copy the locks of this process's threads.
        context = multiprocessing.get_context("spawn")
        pending: deque[tuple[Path, Future[None] | None]] = deque()
        with ProcessPoolExecutor(processes, mp_context=context, initializer=_alone) as pool:
            try:
                for number in range(count + AHEAD * processes):
                    if number < count:
                        path = self._path(number)
                        job = None if path.exists() else pool.submit(_make, self, number)
                        pending.append((path, job))
                    if number >= AHEAD * processes:
                        path, job = pending.popleft()
                        if job is not None:
                            job.result()
                        yield RowBlock.load(path)
            except OSError as error:
                raise OutputError(str(self.folder), f"cannot be filled ({error})", ROOM) from error
            except BrokenProcessPool as error:
                problem = "cannot be filled: a process that makes rows was ended from outside"
                remedy = "see that there is memory enough, then resume the run"
                raise OutputError(str(self.folder), problem, remedy) from error
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def held_out(self) -> RowBlock:
        """One block by hands, and with digits, that no other block has."""
        path = self.folder / "held-out.npz"
        if not path.exists():
            self._make_folder()
            block = RowBlock.make(seed=self.seed, number=0, held_out=True, data_dir=self.data_dir)
            try:
                block.save(path)
            except OSError as error:
                raise OutputError(str(self.folder), f"cannot be filled ({error})", ROOM) from error
        return RowBlock.load(path)

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(str(self.folder), f"cannot be made ({error})", "name another folder") from error

    def _path(self, number: int) -> Path:
        return self.folder / f"rows-{number:04}.npz"


def _alone() -> None:
    """Each process takes one core, and ends when the one that it works for does, however that ended."""
    cv2.setNumThreads(1)
    end_with_parent()


def _make(stock: RowStock, number: int) -> None:
    block = RowBlock.make(seed=stock.seed, number=number, held_out=False, data_dir=stock.data_dir)
    block.save(stock._path(number))
