"""The shapes of what goes in and comes out, for the document that describes the API (OpenAPI 3.1)."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from inkread.server.problems import FORM, KINDS
from inkread.server.settings import MODEL_NAME

Probability = Annotated[float, Field(ge=0, le=1)]
Label = Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "?"]
GlyphLabel = Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", ""]
Box = Annotated[
    list[int],
    Field(min_length=4, max_length=4, description="x0, y0, x1, y1 in pixels of the upright picture"),
]
Ten = Annotated[list[Probability], Field(min_length=10, max_length=10)]
ModelName = Annotated[str, Field(pattern=f"^{MODEL_NAME.pattern}$", description="One of `/v1/models`.")]

CURSOR = r"^[0-9]{1,17}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
"""What ``next`` of a list looks like."""


class Shape(BaseModel):
    """What all shapes share: nothing may be in them that is not described."""

    model_config = ConfigDict(extra="forbid")


class ReadOptions(Shape):
    """How pictures are read."""

    single: bool = Field(False, description="Read the picture as one digit, or as none.")
    model: ModelName = "default"
    min_probability: Probability = Field(
        0.0, description="Digits that are less probable are labelled `?`.", examples=[0.9]
    )
    detail: bool = Field(
        False, description="Add to each digit the probabilities of all ten, and the glyph that the model saw."
    )


class PictureOptions(ReadOptions):
    """How one picture is read."""

    stages: bool = Field(False, description="Add a picture of every stage of the reading.")
    keep: bool = Field(
        True,
        description="Store the reading, where the server collects; false for passing ones, such as of every stroke.",
    )
    draw: bool = Field(False, description="Answer with the picture and its boxes as PNG instead.")


class Alternative(Shape):
    """Another label that a digit might have."""

    label: Label
    probability: Probability


class Digit(Shape):
    """One digit as read."""

    label: Label = Field(description="`?` where the digit is less probable than `min_probability`.")
    probability: Probability = Field(description="Calibrated probability that the label is right.")
    box: Box
    alternatives: list[Alternative] = Field(description="Other labels, the likeliest first.")
    probabilities: Ten | None = Field(None, description="Of the digits 0 to 9; only with `detail`.")
    glyph: str | None = Field(
        None,
        description="28×28 bytes, row by row, ink bright, in Base64; only with `detail`.",
        json_schema_extra={"contentEncoding": "base64"},
    )


class Sign(Shape):
    """A sign between digits or beside them."""

    label: Literal[".", ",", "-", "/", ":"]
    probability: Probability
    box: Box


class Line(Shape):
    """One row of digits, from left to right."""

    text: str = Field(description="The digits.")
    written: str = Field(description="The digits and signs, as they are written.")
    digits: list[Digit]
    signs: list[Sign]


class Stage(Shape):
    """A picture of one stage of the reading."""

    name: Literal["picture", "heat", "candidates", "glyphs", "reading"]
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
    """What was read from one picture."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [READING_EXAMPLE]})

    id: UUID | None = Field(description="Of the stored reading; null where the server stores nothing.")
    source: str = Field(description="The file's name as sent, made safe to show, or `picture`.")
    width: int = Field(ge=1, description="Of the upright picture in pixels.")
    height: int = Field(ge=1, description="Of the upright picture in pixels.")
    text: str = Field(description="The digits of the rows, joined by line feeds; empty if there is no digit.")
    written: str = Field(description="The same with the signs.")
    model: str
    milliseconds: float = Field(ge=0, description="That the reading took, without waiting.")
    lines: list[Line]
    error: None = Field(description="Always null here; see `Unread`.")
    stages: list[Stage] | None = Field(None, description="Only with `stages`.")


class ProblemPart(Shape):
    """One of several things that are wrong."""

    where: str
    problem: str


class Problem(Shape):
    """An error (RFC 9457)."""

    type: str = Field(description="`urn:inkread:problem:` and which it is.")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    instance: str = Field(description="The request's id, as in `X-Request-ID`.")
    remedy: str = Field(description="What to do about it.")
    errors: list[ProblemPart] | None = Field(None, description="Where several things are wrong.")


class Unread(Shape):
    """A picture of a batch that could not be read."""

    source: str
    error: Problem


class GlyphRequest(Shape):
    """Glyphs to be classified."""

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
        description="Bring each glyph into the classifier's geometry first: for drawings. Same as the query's option.",
    )


class GlyphOptions(Shape):
    """How glyphs are classified."""

    model: ModelName = "default"
    normalize: bool = Field(
        False, description="Bring each glyph into the classifier's geometry first: for drawings."
    )


class Glyphs(Shape):
    """What glyphs are."""

    model: str
    labels: list[GlyphLabel] = Field(
        description="What the columns of `probabilities` stand for; the empty one is no single digit."
    )
    probabilities: list[list[Probability]]
    digits: list[GlyphLabel] = Field(description="The most probable label of each glyph.")


class Model(Shape):
    """A model and its card."""

    name: str
    kind: Literal["glyphs", "detector"]
    selectable: bool = Field(description="Whether the option `model` may name it.")
    size: int = Field(description="Bytes.")
    report: bool = Field(description="Whether `/v1/models/{name}/report` is there.")
    card: dict[str, Any] = Field(description="What it is, where it comes from, and what it scored.")


class Models(Shape):
    """The models of this server."""

    default: str
    models: list[Model]


class Limits(Shape):
    """What one request may have at most."""

    bytes: int = Field(description="Of a request's body.")
    pixels: int = Field(description="Of a picture.")
    files: int = Field(description="Pictures of a batch.")
    rows: int = Field(description="Glyphs of one request.")
    seconds: float = Field(description="That reading one picture may take.")


class Info(Shape):
    """What this server is."""

    version: str
    collect: bool = Field(description="Whether readings are stored and corrections taken.")
    limits: Limits
    api_key: bool = Field(description="Whether an API key is needed.")
    formats: list[str] = Field(description="Of pictures; judged by their content alone.")


READING_ID = "0b8e6f0e-6c9b-4f0e-9a3e-3f1b7c2d4e5f"

LineNumber = Annotated[int, Field(ge=0, le=100_000, description="The row, from 0.")]
By = Annotated[str | None, Field(max_length=200, description="Who says so.")]


class NewCorrection(Shape):
    """What a digit of a stored reading really is."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reading": READING_ID, "line": 0, "position": 0, "label": "7"}]},
    )

    reading: UUID
    line: LineNumber
    position: int = Field(ge=0, le=100_000, description="The digit in its row, from 0.")
    label: GlyphLabel = Field(description="What it is; empty for no digit.")
    by: By = None


Pixel = Annotated[int, Field(ge=0, le=2**31 - 1)]


class NewMark(Shape):
    """What is in a box of a stored picture: a digit that was missed, or nothing."""

    model_config = ConfigDict(
        extra="forbid",
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
    label: GlyphLabel = Field(description="Which digit is in the box; empty for none.")
    by: By = None


class NewText(Shape):
    """What a row of a stored reading should read as."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reading": READING_ID, "line": 0, "text": "80331"}]},
    )

    reading: UUID
    line: LineNumber
    text: str = Field(
        max_length=200, pattern="^[0-9]*$", description="The digits of the row; empty if there is none."
    )
    by: By = None


DIGIT, BOX, TEXT = f"{FORM}a digit", f"{FORM}a box", f"{FORM}a text"
FORMS = {"position": DIGIT, "box": BOX, "text": TEXT}
"""The forms of a correction, by the member that only this form has."""


def _form(body: Any) -> str | None:
    """Which form a correction has; ``None`` if it has none of them, or several."""
    if not isinstance(body, dict):
        return DIGIT  # which says that it is not an object
    found = [form for member, form in FORMS.items() if member in body]
    return found[0] if len(found) == 1 else None


AnyCorrection = Annotated[
    Annotated[NewCorrection, Tag(DIGIT)] | Annotated[NewMark, Tag(BOX)] | Annotated[NewText, Tag(TEXT)],
    Discriminator(_form, custom_error_type="one_form", custom_error_message="not one of the three forms"),
]
"""What ``POST /v1/corrections`` takes: exactly one of three forms."""


class Correction(Shape):
    """A correction of a digit as stored."""

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
    glyph: str = Field(
        description="28×28 bytes, row by row, ink bright, in Base64.",
        json_schema_extra={"contentEncoding": "base64"},
    )


class Mark(Shape):
    """A marked box as stored; what only a digit has is null, and it was read as nothing."""

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
    """What a row's text changed; empty if the row reads so already."""

    corrections: list[AnyStored] = Field(description="Corrections of digits, and marks where one was missed.")


class Corrections(Shape):
    """Corrections and marks, the newest first."""

    corrections: list[AnyStored]
    next: str | None = Field(description="What to give as `before` for those that follow.")


class Summary(Shape):
    """A stored reading in short."""

    id: UUID
    source: str
    text: str
    created: datetime
    model: str
    width: int
    height: int
    corrections: int = Field(description="How many of its corrections and marks stand.")


class Readings(Shape):
    """Stored readings, the newest first."""

    readings: list[Summary]
    next: str | None = Field(description="What to give as `before` for those that follow.")


class StoredDigit(Shape):
    """A digit of a stored reading."""

    label: Label
    probability: Probability
    box: Box
    probabilities: Ten
    glyph: str = Field(
        description="28×28 bytes, row by row, ink bright, in Base64.",
        json_schema_extra={"contentEncoding": "base64"},
    )
    crop: str = Field(description="The digit in its picture: a PNG as a data URL.")


class StoredLine(Shape):
    """A row of a stored reading."""

    text: str
    digits: list[StoredDigit]


class StoredReading(Summary):
    """A stored reading with its digits."""

    model_sha256: str
    lines: list[StoredLine]


class Listed(Shape):
    """Which part of a list is wanted."""

    limit: int = Field(50, ge=1, le=200)
    before: Annotated[str, Field(pattern=CURSOR)] | None = Field(
        None, description="`next` of the part before."
    )


class Searched(Listed):
    """Which readings are wanted."""

    search: str = Field("", max_length=200, description="What source or text contain, in any case.")


def problem_example(slug: str) -> dict[str, Any]:
    """A problem as it may be answered."""
    status, title = KINDS[slug]
    return {
        "type": f"urn:inkread:problem:{slug}",
        "title": title,
        "status": status,
        "detail": "What is wrong with this request.",
        "instance": "5f0c0e5a7b1d4c0f8a3e9b2d6c7f1e4a",
        "remedy": "What to do about it.",
    }
