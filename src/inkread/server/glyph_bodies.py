"""Parses glyphs from a request's body: JSON, or an .npy file, which is never unpickled."""

from __future__ import annotations

import io
import json
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.pipeline.glyph import SIDE
from inkread.server.problems import Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAGIC = b"\x93NUMPY"
"""The first bytes of an .npy file (numpy.lib.format)."""

LARGEST_JSON = 4 * 2**20
"""Maximum bytes of a JSON body; larger ones take a worker too long to parse and must be sent as .npy."""

REMEDY = "Send N×28×28 numbers, all in 0..1 or all in 0..255, as JSON or .npy."


def glyphs_of(body: bytes, *, most: int) -> tuple[NDArray[Any], bool]:
    """Returns at most ``most`` glyphs of JSON or an .npy file, and whether the body asks to normalize them.

    The glyphs are N×28×28, uint8 in 0..255 or float32 in 0..1.

    Raises:
        Problem: ``bad-request``, ``invalid-option`` or ``too-large``.
    """
    if body.startswith(MAGIC):
        return _checked(_array_of_npy(body), most), False
    if len(body) > LARGEST_JSON:
        problem = f"The JSON has more than {LARGEST_JSON} bytes."
        raise Problem("too-large", problem, "Send the glyphs as an .npy file, or send fewer.")
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        raise Problem("bad-request", "The body is neither JSON nor an .npy file.", REMEDY) from None
    if not isinstance(values, dict) or not {"glyphs"} <= values.keys() <= {"glyphs", "normalize"}:
        raise _invalid("The JSON is not an object with only glyphs and, optionally, normalize.")
    wants = values.get("normalize", False)
    if not isinstance(wants, bool):
        raise _invalid("normalize must be true or false.")
    return _checked(_array_of_lists(values["glyphs"]), most), wants


def as_ink(values: NDArray[Any]) -> NDArray[np.float32]:
    """Converts a uint8 or float glyph to float32 in 0..1."""
    return values.astype(np.float32) / np.float32(255 if values.dtype == np.uint8 else 1)


def _array_of_lists(values: Any) -> NDArray[np.float64]:
    if _is_nested(values):
        with suppress(ValueError, TypeError, OverflowError):
            return np.array(values, np.float64)
    raise _invalid("glyphs is not an N×28×28 array of numbers.")


def _is_nested(values: Any) -> bool:
    return (
        isinstance(values, list)
        and all(isinstance(one, list) and len(one) == SIDE for one in values)
        and all(isinstance(row, list) and len(row) == SIDE for one in values for row in one)
        and all(type(value) in (int, float) for one in values for row in one for value in row)
    )


def _array_of_npy(body: bytes) -> NDArray[Any]:
    """Returns the array of an .npy file; checks its header before allocating memory for its values."""
    file = io.BytesIO(body)
    try:
        version = np.lib.format.read_magic(file)
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, by_column, dtype = read(file)
    except Exception:  # noqa: BLE001  # numpy evaluates the header as Python and raises undocumented errors
        raise Problem("bad-request", "The .npy file has no readable header.", REMEDY) from None
    first = file.tell()
    if dtype.hasobject or dtype.kind not in "uif" or dtype.itemsize > 8:
        raise _invalid("The .npy file does not hold integers or floats.")
    if len(shape) != 3 or shape[1:] != (SIDE, SIDE) or any(type(count) is not int for count in shape):
        raise _invalid("The .npy file does not hold N×28×28 numbers.")
    if len(body) - first != math.prod(shape) * dtype.itemsize:
        raise Problem("bad-request", "The .npy file is truncated or has extra data.", REMEDY)
    array: NDArray[Any] = np.frombuffer(body, dtype, offset=first)
    return array.reshape(shape[::-1]).transpose(2, 1, 0) if by_column else array.reshape(shape)


def _checked(values: NDArray[Any], most: int) -> NDArray[Any]:
    """Returns the glyphs as uint8 in 0..255 or float32 in 0..1, after checking their number and range."""
    if not len(values):
        raise _invalid("There are no glyphs.")
    if len(values) > most:
        raise Problem("too-large", f"There are more than {most} glyphs.", "Send fewer at a time.")
    if values.dtype == np.uint8:
        return values
    least, largest = float(values.min()), float(values.max())
    if not (least >= 0 and largest <= 255):  # rejects NaN too
        raise _invalid("The glyphs have numbers outside 0..255.")
    return values.astype(np.float32) / np.float32(255 if largest > 1 else 1)


def _invalid(detail: str) -> Problem:
    return Problem("invalid-option", detail, REMEDY)
