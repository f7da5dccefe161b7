"""inkread reads handwritten digits from any picture, and tells you when there are none.

>>> import inkread
>>> inkread.read("photo.jpg").text          # doctest: +SKIP
'0123456789'

The names below load on first use, so importing the package costs next to nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from inkread.system.lazy import lazy

__version__ = "0.2.0"

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
"""Must be set before ONNX Runtime is imported: from 1.29 on, it collects usage data from that moment.

Child processes inherit it.
"""

if TYPE_CHECKING:
    from inkread.client import AsyncClient, Client
    from inkread.errors import InkreadError, PictureError
    from inkread.picture import PictureLimits, Source
    from inkread.pipeline.text import TextReader
    from inkread.reader import Reader
    from inkread.results import Digit, Line, Reading, Word

_NAMES = {
    "client": ("AsyncClient", "Client"),
    "errors": ("InkreadError", "PictureError"),
    "picture": ("PictureLimits",),
    "pipeline.text": ("TextReader",),
    "reader": ("Reader",),
    "results": ("Digit", "Line", "Reading", "Word"),
}

__all__ = [
    "AsyncClient",
    "Client",
    "Digit",
    "InkreadError",
    "Line",
    "PictureError",
    "PictureLimits",
    "Reader",
    "Reading",
    "TextReader",
    "Word",
    "__version__",
    "read",
]


def read(source: Source, *, alphabet: str = "digits", page: int = 1, min_probability: float = 0.0) -> Reading:
    """Reads every digit in one picture with the default model, which is loaded once and kept in memory.

    Args:
        source: a path, bytes, a file object, a PIL image, or an array H×W, H×W×3 or H×W×4.
        alphabet: ``digits``; or ``letters``, ``alnum`` (digits and letters), or ``text`` (words and lines),
            see ``TextReader``.
        page: which page of a PDF or TIFF document to read, from 1.
        min_probability: 0..1; a digit below this is labeled ``"?"``, with its label as first alternative.

    Raises:
        PictureError: the source cannot be read as a picture.
        OptionError: ``min_probability`` is outside 0..1, or the alphabet is unknown.
    """
    from inkread.system.installation import diagnosed

    with diagnosed():
        from inkread.reader import default_reader
    return default_reader(alphabet).read(source, page=page, min_probability=min_probability)


__getattr__ = lazy(__name__, _NAMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
