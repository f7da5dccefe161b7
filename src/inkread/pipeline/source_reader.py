"""What all readers have in common: any source, one page or many, one picture or many."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from inkread.errors import PictureError
from inkread.picture import page_count
from inkread.results import require_probability

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from inkread.picture import PictureLimits, Source
    from inkread.results import Digit, Reading


class HasReading(Protocol):
    """The stages of a reading."""

    @property
    def reading(self) -> Reading:
        """The result."""


Stages = TypeVar("Stages", bound=HasReading)


class SourceReader(ABC, Generic[Stages]):
    """Reads pictures; safe to share between threads and processes."""

    limits: PictureLimits

    @abstractmethod
    def trace(
        self, source: Source, *, single: bool = False, page: int = 1, min_probability: float = 0.0
    ) -> Stages:
        """Reads the picture and keeps every stage; ``single`` reads it as one digit or character."""

    @property
    @abstractmethod
    def hashes(self) -> tuple[str, ...]:
        """The SHA-256, hexadecimal, of each file of weights in use."""

    @property
    def fingerprint(self) -> str:
        """SHA-256, hexadecimal, of all ``hashes``: which weights a reading is from."""
        return hashlib.sha256("".join(self.hashes).encode()).hexdigest()

    def read(self, source: Source, *, page: int = 1, min_probability: float = 0.0) -> Reading:
        """Reads every digit in the picture, row by row, or its lines of text.

        Args:
            source: a path, bytes, a file object, a PIL image, or an array H×W, H×W×3 or H×W×4.
            page: which page of a PDF or TIFF document to read, from 1.
            min_probability: 0..1; less probable digits are labelled ``"?"``, see
                ``Reading.with_min_probability``.

        Raises:
            PictureError: the source cannot be read as a picture.
            OptionError: ``min_probability`` is outside 0..1.
        """
        return self.trace(source, page=page, min_probability=min_probability).reading

    def read_pages(self, source: Source, *, min_probability: float = 0.0) -> Iterator[Reading]:
        """Reads all pages of a PDF or TIFF document in order; any other picture has one page.

        Raises:
            PictureError: the document, or the next page, cannot be read.
            OptionError: ``min_probability`` is outside 0..1.
        """
        require_probability(min_probability)
        for page in range(1, page_count(source, limits=self.limits) + 1):
            yield self.read(source, page=page, min_probability=min_probability)

    def read_digit(self, source: Source, *, min_probability: float = 0.0) -> Digit | None:
        """Reads the picture as one digit or character; ``None`` if it does not show one."""
        digits = self.trace(source, single=True, min_probability=min_probability).reading.digits
        return digits[0] if digits else None

    def read_many(
        self, sources: Iterable[Source], *, single: bool = False, min_probability: float = 0.0
    ) -> Iterator[Reading | PictureError]:
        """Reads pictures in order; one that cannot be read yields its error and does not stop the rest."""
        require_probability(min_probability)  # now, not when the first reading is requested

        def read(source: Source) -> Reading | PictureError:
            try:
                return self.trace(source, single=single, min_probability=min_probability).reading
            except PictureError as error:
                return error

        return map(read, sources)
