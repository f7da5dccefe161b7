"""Schemas of requests and responses, for the OpenAPI 3.1 document of the API; see also ``stored_schemas``."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from inkread.server.problems import KINDS
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


class Shape(BaseModel):
    """Base of all schemas: undescribed members are rejected; stored records are accepted."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


def example(**values: Any) -> ConfigDict:
    """Returns the configuration of a schema with this example."""
    return ConfigDict(json_schema_extra={"examples": [values]})


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


ENCODED_EXAMPLE = {
    "picture": (
        "data:image/png;base64,"
        "iVBORw0KGgoAAAANSUhEUgAAABwAAAAcAQAAAABaduI5AAAAR0lEQVR42m3NoRGEQBAEwN4pBJIM+FAIHUk4h0Nc/Z"
        "IApm1Xcwc+6VqFKSyW6ktYhVPY6N5H+IkmHOKPnj1iEkU8RIhBfbwvfmMU+AB0I1UAAAAASUVORK5CYII="
    ),
    "name": "seven.png",
}
"""A body of ``/v1/read`` as JSON: a drawn seven."""


class Reading(Shape):
    """The digits read from one picture."""

    model_config = example(**READING_EXAMPLE)

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


SIDE: dict[str, Any] = {"type": "array", "minItems": 28, "maxItems": 28}
PIXEL = {"type": "number", "minimum": 0, "maximum": 255}


class GlyphRequest(Shape):
    """Glyphs to classify."""

    glyphs: list[list[list[float]]] = Field(
        description="N×28×28 numbers, all in 0..1 or all in 0..255, ink bright.",
        json_schema_extra={"items": SIDE | {"items": SIDE | {"items": PIXEL}}},
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
    selectable: bool = Field(
        description="Whether the option `model` accepts it: for digits a model of kind `glyphs`, for other "
        "alphabets one of kind `text`."
    )
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
