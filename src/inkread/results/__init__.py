"""The parts of a reading.

============  ==================================================================
``reading``   ``Digit``, ``Sign``, ``Word``, ``Line`` and ``Reading``
``outcome``   the outcome for one picture of many: a reading, or an error
``table``     outcomes as a table with one row per picture
``annotate``  draws a reading on its picture
============  ==================================================================
"""

from __future__ import annotations

from inkread.results.reading import (
    DIGIT_COLUMNS,
    UNNAMED,
    Box,
    Digit,
    Line,
    Reading,
    Sign,
    Word,
    require_probability,
)

__all__ = [
    "DIGIT_COLUMNS",
    "UNNAMED",
    "Box",
    "Digit",
    "Line",
    "Reading",
    "Sign",
    "Word",
    "require_probability",
]
