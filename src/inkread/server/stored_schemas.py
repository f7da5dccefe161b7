"""Schemas of stored readings, and of corrections and marks."""

import base64
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from inkread.server.problems import FORM
from inkread.server.schemas import Box, GlyphLabel, Label, Probability, Shape, Ten, example

CURSOR = r"^[0-9]{1,17}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
"""Pattern of a list's ``next``."""

READING_ID = "0b8e6f0e-6c9b-4f0e-9a3e-3f1b7c2d4e5f"

LineNumber = Annotated[int, Field(ge=0, le=100_000, description="The row's index, from 0.")]
By = Annotated[str | None, Field(max_length=200, description="The author of the correction.")]


class NewCorrection(Shape):
    """The correct label of a digit in a stored reading."""

    model_config = example(reading=READING_ID, line=0, position=0, label="7")

    reading: UUID
    line: LineNumber
    position: int = Field(ge=0, le=100_000, description="The digit's index in its row, from 0.")
    label: GlyphLabel = Field(description="The correct label; empty for no digit.")
    by: By = None


Pixel = Annotated[int, Field(ge=0, le=2**31 - 1)]


class NewMark(Shape):
    """The content of a box in a stored picture: a digit that was missed, or nothing."""

    model_config = example(reading=READING_ID, box=[30, 40, 52, 75], label="7")

    reading: UUID
    box: Annotated[
        list[Pixel],
        Field(
            min_length=4,
            max_length=4,
            description="x0, y0, x1, y1 in pixels of the upright picture, x0 < x1 and y0 < y1.",
        ),
    ]
    label: GlyphLabel = Field(description="The digit in the box; empty for none.")
    by: By = None


class NewText(Shape):
    """The correct text of a row in a stored reading."""

    model_config = example(reading=READING_ID, line=0, text="80331")

    reading: UUID
    line: LineNumber
    text: str = Field(
        max_length=200, pattern="^[0-9]*$", description="The digits of the row; empty if there are none."
    )
    by: By = None


DIGIT, BOX, TEXT = f"{FORM}a digit", f"{FORM}a box", f"{FORM}a text"
FORMS = {"position": DIGIT, "box": BOX, "text": TEXT}
"""The forms of a correction, by the member that is unique to each."""


def _form(body: Any) -> str | None:
    """Returns the form of a correction; ``None`` if it has no form or several."""
    if not isinstance(body, dict):
        return DIGIT  # its validation reports that the body is not an object
    found = [form for member, form in FORMS.items() if member in body]
    return found[0] if len(found) == 1 else None


AnyCorrection = Annotated[
    Annotated[NewCorrection, Tag(DIGIT)] | Annotated[NewMark, Tag(BOX)] | Annotated[NewText, Tag(TEXT)],
    Discriminator(_form, custom_error_type="one_form", custom_error_message="not one of the three forms"),
]
"""The body of ``POST /v1/corrections``: exactly one of three forms."""


def _base64(content: Any) -> Any:
    return base64.b64encode(content).decode() if isinstance(content, bytes) else content


Glyph = Annotated[
    str,
    BeforeValidator(_base64),
    Field(
        description="28×28 bytes, row by row, ink bright, in Base64.",
        json_schema_extra={"contentEncoding": "base64"},
    ),
]


class Correction(Shape):
    """A stored correction of a digit."""

    kind: Literal["digit"] = "digit"
    id: UUID
    reading: UUID
    line: int
    position: int
    read_as: Label
    label: GlyphLabel
    created: datetime
    by: str | None
    model: str
    model_sha256: str
    glyph: Glyph


class Mark(Shape):
    """A stored marked box; members that only digits have are null, and ``read_as`` is empty."""

    kind: Literal["mark"] = "mark"
    id: UUID
    reading: UUID
    box: Box
    line: None = None
    position: None = None
    read_as: Literal[""] = ""
    label: GlyphLabel = Field(description="Empty if there is no digit.")
    created: datetime
    by: str | None
    model: str
    model_sha256: str
    glyph: None = None


AnyStored = Annotated[Correction | Mark, Field(discriminator="kind")]


class Stored(Shape):
    """The changes from a row's text; empty if the row already has this text."""

    corrections: list[AnyStored] = Field(description="Corrections of digits, and marks of missed digits.")


class Corrections(Shape):
    """Corrections and marks, newest first."""

    corrections: list[AnyStored]
    next: str | None = Field(description="The value of `before` for the next page.")


class Summary(Shape):
    """A summary of a stored reading."""

    id: UUID
    source: str
    text: str
    created: datetime
    model: str
    width: int
    height: int
    corrections: int = Field(description="The number of its active corrections and marks.")


class Readings(Shape):
    """Stored readings, newest first."""

    readings: list[Summary]
    next: str | None = Field(description="The value of `before` for the next page.")


class StoredDigit(Shape):
    """A digit of a stored reading."""

    label: Label
    probability: Probability
    box: Box
    probabilities: Ten
    glyph: Glyph
    crop: Annotated[
        str,
        BeforeValidator(lambda png: f"data:image/png;base64,{_base64(png)}"),
        Field(description="The digit cropped from its picture, a PNG as a data URL."),
    ]


class StoredLine(Shape):
    """A row of a stored reading."""

    text: str
    digits: list[StoredDigit]

    @model_validator(mode="before")
    @classmethod
    def _of_digits(cls, row: Any) -> Any:
        """Accepts a stored row, which is a tuple of digits."""
        return {"text": "".join(one.label for one in row), "digits": row} if isinstance(row, tuple) else row


class StoredReading(Summary):
    """A stored reading with its digits."""

    model_sha256: str
    lines: list[StoredLine]
    corrected: list[AnyStored] = Field(description="Its active corrections and marks.")


class ThumbnailOptions(Shape):
    """Options for the picture of a stored reading."""

    side: int = Field(2000, ge=16, le=2000, description="Maximum pixels of the longer side.")


class All(Shape):
    """The confirmation that everything is meant."""

    all: Literal["true"] = Field(description="Must be `true`, because this cannot be undone.")


class Listed(Shape):
    """Options to select a page of a list."""

    limit: int = Field(50, ge=1, le=200)
    before: Annotated[str, Field(pattern=CURSOR)] | None = Field(
        None, description="`next` of the previous page."
    )


class Searched(Listed):
    """Options to search for readings."""

    search: str = Field("", max_length=200, description="Text to find in source or text, case-insensitive.")
