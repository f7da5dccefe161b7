"""Schemas of requests and responses, for the OpenAPI 3.1 document of the API."""

import base64
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from inkread.server.problems import FORM, KINDS
from inkread.server.settings import MODEL_NAME

Probability = Annotated[float, Field(ge=0, le=1)]
Label = Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "?"]
AnyLabel = Annotated[str, Field(min_length=1, max_length=1_000)]
"""A digit, a character, or a word."""
GlyphLabel = Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", ""]
Box = Annotated[
    list[int],
    Field(min_length=4, max_length=4, description="x0, y0, x1, y1 in pixels of the upright picture"),
]
Ten = Annotated[list[Probability], Field(min_length=10, max_length=10)]
ModelName = Annotated[str, Field(pattern=f"^{MODEL_NAME.pattern}$", description="One of `/v1/models`.")]

CURSOR = r"^[0-9]{1,17}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
"""Pattern of a list's ``next``."""


class Shape(BaseModel):
    """Base of all schemas: undescribed members are rejected; stored records are accepted."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class ReadOptions(Shape):
    """Options for reading pictures."""

    single: bool = Field(False, description="Read the picture as one digit or no digit.")
    model: ModelName = "default"
    alphabet: Literal["digits", "letters", "alnum", "text"] = Field(
        "digits",
        description="What to read: digits, letters, both, or words and lines of text. Only readings of "
        "digits are stored, and have details.",
    )
    min_probability: Probability = Field(
        0.0, description="Less probable digits are labelled `?`.", examples=[0.9]
    )
    detail: bool = Field(
        False, description="Add all ten probabilities and the model's input glyph to each digit."
    )


class PictureOptions(ReadOptions):
    """Options for reading one picture."""

    page: int = Field(1, ge=1, le=5_000, description="The page of a PDF or TIFF document to read.")
    stages: bool = Field(False, description="Add a picture of each stage of the pipeline.")
    keep: bool = Field(
        True,
        description="Store the reading if the server collects; use false for temporary readings, "
        "such as after each stroke.",
    )
    draw: bool = Field(False, description="Return the picture with its boxes as PNG instead.")


class Alternative(Shape):
    """Another possible label of a digit."""

    label: AnyLabel
    probability: Probability


class Digit(Shape):
    """One digit, character, or word as read."""

    label: AnyLabel = Field(
        description="A digit, or with another alphabet a character or a word; `?` if it is less probable "
        "than `min_probability`."
    )
    probability: Probability = Field(description="Calibrated probability that the label is correct.")
    box: Box
    alternatives: list[Alternative] = Field(description="Other labels, most probable first.")
    probabilities: Ten | None = Field(
        None, description="Probabilities of the digits 0 to 9; only with `detail`."
    )
    glyph: str | None = Field(
        None,
        description="28×28 bytes, row by row, ink bright, in Base64; only with `detail`.",
        json_schema_extra={"contentEncoding": "base64"},
    )


class Sign(Shape):
    """A sign between or next to digits."""

    label: Literal[".", ",", "-", "/", ":"]
    probability: Probability
    box: Box


class Line(Shape):
    """One row of digits or one line of text, from left to right."""

    text: str = Field(description="The digits, or the words.")
    written: str = Field(description="The digits and signs, as written, or the words.")
    digits: list[Digit] = Field(description="The digits; of a line of text, its characters without spaces.")
    signs: list[Sign]
    words: list[Digit] | None = Field(None, description="The words of a line of text.")


class Stage(Shape):
    """A picture of one stage of the pipeline."""

    name: Literal["picture", "heat", "candidates", "glyphs", "lines", "reading"]
    title: str
    image: str = Field(description="A PNG as a data URL.")


READING_EXAMPLE: dict[str, Any] = {
    "id": None,
    "source": "seven.png",
    "width": 28,
    "height": 28,
    "text": "7",
    "written": "7",
    "model": "default",
    "milliseconds": 4.7,
    "page": 1,
    "pages": 1,
    "lines": [
        {
            "text": "7",
            "written": "7",
            "digits": [
                {
                    "label": "7",
                    "probability": 0.998,
                    "box": [6, 4, 21, 24],
                    "alternatives": [{"label": "1", "probability": 0.001}],
                }
            ],
            "signs": [],
        }
    ],
    "error": None,
}


class Reading(Shape):
    """The digits read from one picture."""

    model_config = ConfigDict(json_schema_extra={"examples": [READING_EXAMPLE]})

    id: UUID | None = Field(description="The stored reading's id; null if it was not stored.")
    source: str = Field(description="The file's name as sent, made safe for display, or `picture`.")
    width: int = Field(ge=1, description="Width of the upright picture in pixels.")
    height: int = Field(ge=1, description="Height of the upright picture in pixels.")
    text: str = Field(description="The digits of the rows, joined by line feeds; empty if there are none.")
    written: str = Field(description="The same text with signs.")
    model: str
    milliseconds: float = Field(ge=0, description="Time to read the picture, without waiting.")
    page: int = Field(ge=1, description="The page that was read.")
    pages: int = Field(ge=1, description="How many pages the document has; 1 for pictures.")
    lines: list[Line]
    error: None = Field(description="Always null here; see `Unread`.")
    stages: list[Stage] | None = Field(None, description="Only with `stages`.")


class ProblemPart(Shape):
    """One of several errors."""

    where: str
    problem: str


class Problem(Shape):
    """An error (RFC 9457)."""

    type: str = Field(description="`urn:inkread:problem:` followed by the kind of problem.")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    instance: str = Field(description="The request's id, as in `X-Request-ID`.")
    remedy: str = Field(description="What to do about it.")
    errors: list[ProblemPart] | None = Field(None, description="The individual errors, if there are several.")


class Unread(Shape):
    """A picture of a batch that could not be read."""

    source: str
    error: Problem


class GlyphRequest(Shape):
    """Glyphs to classify."""

    glyphs: list[list[list[float]]] = Field(
        description="N×28×28 numbers, all in 0..1 or all in 0..255, ink bright.",
        json_schema_extra={
            "items": {
                "type": "array",
                "minItems": 28,
                "maxItems": 28,
                "items": {
                    "type": "array",
                    "minItems": 28,
                    "maxItems": 28,
                    "items": {"type": "number", "minimum": 0, "maximum": 255},
                },
            }
        },
        min_length=1,
    )
    normalize: bool = Field(
        False,
        description="Convert each glyph to the classifier's geometry first, for drawings. "
        "Same as the query parameter.",
    )


class GlyphOptions(Shape):
    """Options for classifying glyphs."""

    model: ModelName = "default"
    normalize: bool = Field(
        False, description="Convert each glyph to the classifier's geometry first, for drawings."
    )


class Glyphs(Shape):
    """The classes of glyphs."""

    model: str
    labels: list[GlyphLabel] = Field(
        description="The labels of the columns of `probabilities`; empty for no single digit."
    )
    probabilities: list[list[Probability]]
    digits: list[GlyphLabel] = Field(description="The most probable label of each glyph.")


class Model(Shape):
    """A model and its card."""

    name: str
    kind: Literal["glyphs", "detector", "text"]
    selectable: bool = Field(description="Whether the option `model` accepts it.")
    size: int = Field(description="Size of the model in bytes.")
    report: bool = Field(description="Whether `/v1/models/{name}/report` exists.")
    card: dict[str, Any] = Field(description="The model's description, origin, and scores.")


class Models(Shape):
    """The models of this server."""

    default: str
    models: list[Model]


class Limits(Shape):
    """The limits of one request."""

    bytes: int = Field(description="Maximum bytes of a request's body.")
    pixels: int = Field(description="Maximum pixels of a picture.")
    files: int = Field(description="Maximum pictures per batch.")
    rows: int = Field(description="Maximum glyphs per request.")
    seconds: float = Field(description="Maximum seconds to read one picture.")


class Info(Shape):
    """A description of this server."""

    version: str
    collect: bool = Field(description="Whether the server stores readings and accepts corrections.")
    limits: Limits
    api_key: bool = Field(description="Whether an API key is required.")
    formats: list[str] = Field(description="Supported image formats; detected by content only.")


READING_ID = "0b8e6f0e-6c9b-4f0e-9a3e-3f1b7c2d4e5f"

LineNumber = Annotated[int, Field(ge=0, le=100_000, description="The row's index, from 0.")]
By = Annotated[str | None, Field(max_length=200, description="The author of the correction.")]


class NewCorrection(Shape):
    """The correct label of a digit in a stored reading."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reading": READING_ID, "line": 0, "position": 0, "label": "7"}]},
    )

    reading: UUID
    line: LineNumber
    position: int = Field(ge=0, le=100_000, description="The digit's index in its row, from 0.")
    label: GlyphLabel = Field(description="The correct label; empty for no digit.")
    by: By = None


Pixel = Annotated[int, Field(ge=0, le=2**31 - 1)]


class NewMark(Shape):
    """The content of a box in a stored picture: a digit that was missed, or nothing."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reading": READING_ID, "box": [30, 40, 52, 75], "label": "7"}]},
    )

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

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reading": READING_ID, "line": 0, "text": "80331"}]},
    )

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


def problem_example(slug: str) -> dict[str, Any]:
    """Returns an example of a problem."""
    status, title = KINDS[slug]
    return {
        "type": f"urn:inkread:problem:{slug}",
        "title": title,
        "status": status,
        "detail": "What is wrong with this request.",
        "instance": "5f0c0e5a7b1d4c0f8a3e9b2d6c7f1e4a",
        "remedy": "What to do about it.",
    }
