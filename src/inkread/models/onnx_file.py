"""Parses an ONNX file far enough to prove that the model is entirely in that file.

A tensor may name another file that holds its values, and a runtime would read any such file. ONNX
files are protocol buffers: nested messages of numbered fields. This module walks all messages that can hold a
tensor, and rejects anything unknown in them, so that no other parser can find a tensor that this one misses.
The core does not depend on the package ``onnx``, which defines the schema.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from inkread.errors import ModelFormatError

MOST_FIELDS = 1_000_000
"""The largest networks in use have about ten thousand; each takes about a microsecond."""

DEEPEST = 100
"""Nesting depth of messages, as in Google's parser."""

VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5
"""Wire types: how a field is encoded. ONNX does not use groups (3 and 4)."""

FIXED_SIZES = {FIXED_64: 8, FIXED_32: 4}


@dataclass(frozen=True, slots=True)
class Message:
    """A kind of message in ``onnx.proto`` that can contain a tensor at any depth.

    Fields whose numbers are in ``plain`` cannot; the others are messages whose names are in ``nested``.
    """

    name: str
    plain: frozenset[int]
    nested: dict[int, str] = field(default_factory=dict)


TENSOR, EXTERNAL_DATA, DATA_LOCATION = "TensorProto", 13, 14
"""The message with a tensor's values, and its two fields that store them elsewhere."""

GRAPH, SPARSE = "GraphProto", "SparseTensorProto"

SCHEMA = {
    message.name: message
    for message in (
        Message(
            "ModelProto",
            frozenset({1, 2, 3, 4, 5, 6, 8, 14, 26}),
            {7: GRAPH, 20: "TrainingInfoProto", 25: "FunctionProto"},
        ),
        Message(
            GRAPH,
            frozenset({2, 10, 11, 12, 13, 14, 16}),
            {1: "NodeProto", 5: TENSOR, 15: SPARSE},
        ),
        Message("NodeProto", frozenset({1, 2, 3, 4, 6, 7, 8, 9, 10}), {5: "AttributeProto"}),
        Message(
            "AttributeProto",
            frozenset({1, 2, 3, 4, 7, 8, 9, 13, 14, 15, 20, 21}),
            {5: TENSOR, 6: GRAPH, 10: TENSOR, 11: GRAPH, 22: SPARSE, 23: SPARSE},
        ),
        Message(SPARSE, frozenset({3}), {1: TENSOR, 2: TENSOR}),
        Message("TrainingInfoProto", frozenset({3, 4}), {1: GRAPH, 2: GRAPH}),
        Message(
            "FunctionProto",
            frozenset({1, 4, 5, 6, 8, 9, 10, 12, 13, 14}),
            {7: "NodeProto", 11: "AttributeProto"},
        ),
        Message(TENSOR, frozenset({*range(1, 13), DATA_LOCATION, 16})),
    )
}


def require_whole(content: bytes, source: str, remedy: str) -> None:
    """Rejects the bytes of an ONNX file unless it contains all values of all its tensors.

    Raises:
        ModelFormatError: a tensor keeps its values elsewhere, or the file is not encoded the way exporters
            encode ONNX.
    """
    try:
        _walk(content)
    except _ElsewhereError as error:
        raise ModelFormatError(source, "keeps weights outside its file", remedy) from error
    except ValueError as error:
        raise ModelFormatError(source, f"is not a valid ONNX model ({error})", remedy) from error


class _ElsewhereError(ValueError):
    """A tensor keeps its values outside the file."""


def _walk(content: bytes) -> None:
    waiting = [(SCHEMA["ModelProto"], 0, len(content), 1)]
    fields = 0
    while waiting:
        message, position, end, depth = waiting.pop()
        if depth > DEEPEST:
            raise ValueError("its parts are nested too deeply")
        while position < end:
            fields += 1
            if fields > MOST_FIELDS:
                raise ValueError(f"it has over {MOST_FIELDS:,} parts")
            tag, position = _varint(content, position, end)
            number, wire_type = tag >> 3, tag & 7
            if message.name == TENSOR and number == EXTERNAL_DATA:
                raise _ElsewhereError
            if number not in message.plain and number not in message.nested:
                raise ValueError(f"field {number} of {message.name} is unknown")
            start, position, value = _skipped(content, position, end, wire_type)
            if message.name == TENSOR and number == DATA_LOCATION and (wire_type != VARINT or value):
                raise _ElsewhereError
            if number in message.nested:
                if wire_type != BYTES:
                    raise ValueError(f"field {number} of {message.name} is not a message")
                waiting.append((SCHEMA[message.nested[number]], start, position, depth + 1))


def _skipped(content: bytes, position: int, end: int, wire_type: int) -> tuple[int, int, int]:
    """Returns where a field's value begins and ends, and the value itself if it is a varint, else 0."""
    value = 0
    if wire_type == VARINT:
        start = position
        value, position = _varint(content, position, end, canonical=False)
    elif wire_type == BYTES:
        size, start = _varint(content, position, end)
        position = start + size
    elif wire_type in FIXED_SIZES:
        start = position
        position += FIXED_SIZES[wire_type]
    else:
        raise ValueError(f"wire type {wire_type} is unknown")
    if position > end:
        raise ValueError("it is truncated")
    return start, position, value


def _varint(content: bytes, position: int, end: int, *, canonical: bool = True) -> tuple[int, int]:
    """Decodes a number of up to 64 bits, 7 per byte, lowest first; returns it and the position after it.

    No exporter pads numbers with empty bytes. Padding in a tag or a length could hide a field from less
    patient parsers, so a canonical number has no padding, and at most 32 bits.
    """
    value = 0
    for shift in range(0, 35 if canonical else 70, 7):
        if position >= end:
            raise ValueError("it is truncated")
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if canonical and shift and not byte:
                raise ValueError("a number in it is padded")
            return value, position
    raise ValueError("a number in it is too long")
