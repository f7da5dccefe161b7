"""Glyphs out of a request's body: JSON, or an .npy file, of which nothing is unpickled."""

from __future__ import annotations

import io
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.pipeline.glyph import SIDE
from inkread.server.problems import Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAGIC = b"\x93NUMPY"
"""How an .npy file begins (numpy.lib.format)."""

LARGEST_JSON = 4 * 2**20
"""Bytes; a larger body takes a worker long to parse, and is sent as .npy."""

REMEDY = "Send N×28×28 numbers, all in 0..1 or all in 0..255, as JSON or .npy."


def glyphs_of(body: bytes, *, most: int) -> tuple[NDArray[Any], bool]:
    """The glyphs of a request, and whether its body wants them normalized.

    Args:
        body: JSON or an .npy file.
        most: glyphs that are accepted.

    Returns:
        N×28×28, uint8 in 0..255 or float32 in 0..1, and a flag.

    Raises:
        Problem: ``bad-request``, ``invalid-option`` or ``too-large``.
    """
    if body.startswith(MAGIC):
        return _checked(_array_of_npy(body), most), False
    if len(body) > LARGEST_JSON:
        problem = f"The JSON has more than {LARGEST_JSON} bytes."
        raise Problem("too-large", problem, "Send the glyphs as an .npy file, or fewer.")
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        raise Problem("bad-request", "The body is neither JSON nor an .npy file.", REMEDY) from None
    if not isinstance(values, dict) or not {"glyphs"} <= values.keys() <= {"glyphs", "normalize"}:
        raise _invalid("The JSON is no object with glyphs, and normalize if wanted, alone.")
    wants = values.get("normalize", False)
    if not isinstance(wants, bool):
        raise _invalid("normalize is neither true nor false.")
    return _checked(_array_of_lists(values["glyphs"]), most), wants


def as_ink(values: NDArray[Any]) -> NDArray[np.float32]:
    """A glyph of any of these dtypes as float32 in 0..1."""
    return values.astype(np.float32) / np.float32(255 if values.dtype == np.uint8 else 1)


def _array_of_lists(values: Any) -> NDArray[np.float64]:
    if not _is_nested(values):
        raise _invalid("glyphs is no N×28×28 array of numbers.")
    try:
        return np.array(values, np.float64)
    except (ValueError, TypeError, OverflowError):
        raise _invalid("glyphs is no N×28×28 array of numbers.") from None


def _is_nested(values: Any) -> bool:
    """Whether these are lists of 28 lists of 28 numbers."""
    return (
        isinstance(values, list)
        and all(isinstance(one, list) and len(one) == SIDE for one in values)
        and all(isinstance(row, list) and len(row) == SIDE for one in values for row in one)
        and all(type(value) in (int, float) for one in values for row in one for value in row)
    )


def _array_of_npy(body: bytes) -> NDArray[Any]:
    """The array of an .npy file; its header is judged before anything is set aside for its values."""
    file = io.BytesIO(body)
    try:
        version = np.lib.format.read_magic(file)
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, by_column, dtype = read(file)
    except Exception:  # noqa: BLE001  # numpy evaluates the header as Python, which fails in more ways than it documents
        raise Problem("bad-request", "The .npy file has no readable header.", REMEDY) from None
    values = memoryview(body)[file.tell() :]
    if dtype.hasobject or dtype.kind not in "uif" or dtype.itemsize > 8:
        raise _invalid("The .npy file does not hold integers or floats.")
    if len(shape) != 3 or shape[1:] != (SIDE, SIDE) or any(type(count) is not int for count in shape):
        raise _invalid("The .npy file does not hold N×28×28 numbers.")
    if len(values) != math.prod(shape) * dtype.itemsize:
        raise Problem("bad-request", "The .npy file is cut short, or has more than its array.", REMEDY)
    array: NDArray[Any] = np.frombuffer(values, dtype)
    return array.reshape(shape[::-1]).transpose(2, 1, 0) if by_column else array.reshape(shape)


def _checked(values: NDArray[Any], most: int) -> NDArray[Any]:
    """The glyphs as uint8 0..255 or float32 0..1."""
    if not len(values):
        raise _invalid("There are no glyphs.")
    if len(values) > most:
        raise Problem("too-large", f"There are more than {most} glyphs.", "Send fewer at a time.")
    if values.dtype == np.uint8:
        return values
    least, largest = float(values.min()), float(values.max())
    if not (least >= 0 and largest <= 255):  # refuses NaN too
        raise _invalid("Glyphs have numbers outside 0..255.")
    return values.astype(np.float32) / np.float32(255 if largest > 1 else 1)


def _invalid(detail: str) -> Problem:
    return Problem("invalid-option", detail, REMEDY)
