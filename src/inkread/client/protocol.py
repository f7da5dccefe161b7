"""The protocol between an inkread client and server: builds requests and parses responses."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
from PIL import Image

from inkread.errors import (
    PictureDamagedError,
    PictureError,
    PictureFormatError,
    PictureNotFoundError,
    PictureTooLargeError,
)
from inkread.picture import describe_source, load_picture
from inkread.results import Digit, Line, Reading, Sign, Word, require_probability

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.picture import Source
    from inkread.results import Box

PICTURE_ERRORS: dict[str, type[PictureError]] = {
    "damaged-picture": PictureDamagedError,
    "not-a-picture": PictureFormatError,
    "too-large": PictureTooLargeError,
}
"""The errors that a local reader would raise, by the slug of the server's problem."""


@dataclass(frozen=True, slots=True)
class ServedReading(Reading):
    """A reading from a server.

    Attributes:
        id: the stored reading's id; ``None`` if it was not stored.
        model: the name of the model that read it.
        milliseconds: time for the reading, without transfer to and from the server.
    """

    id: str | None = None
    model: str = "default"
    milliseconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Classified:
    """The classes of glyphs.

    Attributes:
        digits: the most probable label of each glyph; ``""`` for no single digit.
        probabilities: N×11 float32, for the ten digits and no digit.
    """

    digits: tuple[str, ...]
    probabilities: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Request:
    """A request to be sent by either client."""

    method: str
    path: str
    options: dict[str, Any]
    source: str | None = None  # name of the picture, for its errors
    content: bytes | None = None
    files: list[tuple[str, tuple[str, bytes]]] | None = None
    json: Any = None

    def sent_to(self, url: str) -> dict[str, Any]:
        """Returns the arguments with which httpx sends the request to the server at this URL."""
        return {
            "method": self.method,
            "url": url + self.path,
            "params": {name: _text(value) for name, value in self.options.items()},
            "content": self.content,
            "files": self.files,
            "json": self.json,
        }


def get(path: str, **options: Any) -> Request:
    """Builds a GET request."""
    return Request("GET", path, options)


def delete(collection: str, identifier: str) -> Request:
    """Builds a request to delete an item of a collection."""
    return Request("DELETE", f"/v1/{collection}/{quoted(identifier)}", {})


def correct(reading: str, **form: Any) -> Request:
    """Builds a request to store a correction of a reading, in one of its three forms."""
    return Request("POST", "/v1/corrections", {}, json={"reading": reading} | form)


def read(source: Source, *, min_probability: float, **options: Any) -> Request:
    """Builds a request to read one picture.

    Raises:
        PictureError: the source cannot be read.
        OptionError: ``min_probability`` is not a probability.
    """
    require_probability(min_probability)
    options["min_probability"] = min_probability
    return Request("POST", "/v1/read", options, describe_source(source), content=_encoded(source))


def read_batch(sources: list[Source], *, min_probability: float, **options: Any) -> Request:
    """Builds a request to read pictures, each named by its index; raises the same errors as ``read``."""
    require_probability(min_probability)
    options["min_probability"] = min_probability
    files = [("picture", (str(number), _encoded(source))) for number, source in enumerate(sources)]
    return Request("POST", "/v1/read-batch", options, files=files)


def classify(glyphs: NDArray[Any], **options: Any) -> Request:
    """Builds a request to classify N×28×28 glyphs."""
    file = io.BytesIO()
    np.save(file, glyphs, allow_pickle=False)
    return Request("POST", "/v1/glyphs", options, content=file.getvalue())


def _encoded(source: Source) -> bytes:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source)
    name = describe_source(source)
    if isinstance(source, (Image.Image, np.ndarray)):
        # Images and arrays are encoded as a local reader would see them.
        file = io.BytesIO()
        Image.fromarray(load_picture(source).pixels).save(file, "PNG")
        return file.getvalue()
    try:
        return bytes(source.read()) if hasattr(source, "read") else Path(source).read_bytes()
    except (FileNotFoundError, IsADirectoryError) as error:
        raise PictureNotFoundError(name, "is not a file", "check the path") from error
    except (OSError, ValueError, TypeError) as error:
        raise PictureError(name, "cannot be read", "check the path and its permissions") from error


def reading_of(answer: dict[str, Any], source: str) -> ServedReading:
    """Parses a response into a reading, with our name for the picture."""
    lines = tuple(
        Line(
            tuple(Digit(*_parts(digit)) for digit in line["digits"]),
            tuple(Sign(sign["label"], sign["probability"], _box(sign)) for sign in line["signs"]),
            tuple(Word(*_parts(word)) for word in line.get("words") or ()),
        )
        for line in answer["lines"]
    )
    of_server = {name: answer[name] for name in ("id", "model", "milliseconds")}
    return ServedReading(source, answer["width"], answer["height"], lines, **of_server)


def _parts(answer: dict[str, Any]) -> tuple[str, float, Box, tuple[tuple[str, float], ...]]:
    others = tuple((other["label"], other["probability"]) for other in answer["alternatives"])
    return answer["label"], answer["probability"], _box(answer), others


def _box(answer: dict[str, Any]) -> Box:
    x0, y0, x1, y1 = answer["box"]
    return x0, y0, x1, y1


def outcome_of(line: str, source: str) -> ServedReading | PictureError:
    """Parses one line of a batch's response into a reading or an error."""
    answer = json.loads(line)
    problem = answer["error"]
    return reading_of(answer, source) if problem is None else picture_error(problem, source, answer["source"])


def picture_error(problem: dict[str, Any], source: str, name: str) -> PictureError:
    """Converts a problem to a picture's error, with our name for the picture instead of the server's."""
    detail = clause(problem["detail"].removeprefix(f"{name} "))
    return PICTURE_ERRORS.get(slug_of(problem), PictureError)(source, detail, clause(problem["remedy"]))


def slug_of(problem: dict[str, Any]) -> str:
    """Returns a problem's slug, the last part of its type."""
    return str(problem["type"]).rpartition(":")[2]


def classified_of(answer: dict[str, Any]) -> Classified:
    """Parses a response into the glyphs' classes."""
    return Classified(tuple(answer["digits"]), np.array(answer["probabilities"], np.float32).reshape(-1, 11))


def clause(sentence: str) -> str:
    """Converts a sentence of the server to part of an error message."""
    return f"{sentence[:1].lower()}{sentence[1:]}".removesuffix(".")


def seconds_of(retry_after: str | None) -> float:
    """Returns the seconds that a busy server asks to wait; 1 if it names none."""
    return float(retry_after) if retry_after and retry_after.isdecimal() else 1.0


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def quoted(identifier: str) -> str:
    """Quotes an identifier for use in a path."""
    return quote(identifier, safe="")
