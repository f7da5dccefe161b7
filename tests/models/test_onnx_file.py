"""A model with external data is rejected, wherever and however the file refers to it."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.errors import ModelFormatError
from inkread.models import bundled, load_model
from inkread.models.onnx_file import BYTES, DEEPEST, MOST_FIELDS, SCHEMA, TENSOR, require_whole

FILES = [file for name in bundled() for file in (load_model(name), load_model(name).quantized) if file]


def refused(content: bytes, words: str) -> None:
    with pytest.raises(ModelFormatError, match=words):
        require_whole(content, "theirs.onnx", "export it again")


def field(number: int, value: bytes, *, padding: int = 0) -> bytes:
    """Encodes a field of bytes, with its length padded by a number of empty bytes."""
    tag, size = varint(number << 3 | BYTES), varint(len(value))
    if padding:
        size = bytes([*size[:-1], size[-1] | 0x80, *[0x80] * (padding - 1), 0])
    return tag + size + value


def varint(value: int) -> bytes:
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F)
    return bytes([*(digit | 0x80 for digit in digits[:-1]), digits[-1]])


def path_to(name: str) -> list[tuple[str, int]]:
    """Every path to a tensor: the message and field that contain it, the last of the steps from the model."""
    return [
        (message.name, number)
        for message in SCHEMA.values()
        for number, into in message.nested.items()
        if into == name
    ]


def steps_to(message: str) -> list[int]:
    """Returns the shortest path of fields from the model to a message."""
    ways: dict[str, list[int]] = {"ModelProto": []}
    waiting = ["ModelProto"]
    for name in waiting:
        for number, into in SCHEMA[name].nested.items():
            if into not in ways:
                ways[into] = [*ways[name], number]
                waiting.append(into)
    return ways[message]


def wrapped(tensor: bytes, holder: str, number: int) -> bytes:
    content = field(number, tensor)
    for step in reversed(steps_to(holder)):
        content = field(step, content)
    return content


LOCATION = field(1, b"location") + field(2, b"/etc/passwd")
PADDED = field(1, b"location", padding=1) + field(2, b"/etc/passwd")
ELSEWHERE = {
    "an entry": field(13, LOCATION),
    "an entry whose key has a padded length": field(13, PADDED),
    "an entry without a key": field(13, b""),
    "the location alone": b"\x70\x01",
    "an unknown location": b"\x70\x02",
    "a location beyond 32 bits": b"\x70" + varint(1 << 32),
    "a location as bytes": field(14, b"\x01"),
    "values here and elsewhere": field(9, b"\0\0\0\0") + field(13, LOCATION),
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.path.parent.name))
def test_the_bundled_models_are_whole(file):
    require_whole(file.content, file.name, "")


@pytest.mark.parametrize("tensor", ELSEWHERE.values(), ids=ELSEWHERE)
@pytest.mark.parametrize(("holder", "number"), path_to(TENSOR))
def test_external_tensors_are_found_at_any_depth(holder, number, tensor):
    require_whole(wrapped(field(9, b"\0\0\0\0"), holder, number), "theirs.onnx", "")
    refused(wrapped(tensor, holder, number), "outside its file")


def test_a_second_graph_counts_as_much_as_the_first():
    first, second = field(7, field(2, b"main")), wrapped(ELSEWHERE["an entry"], "GraphProto", 5)
    refused(first + second, "outside its file")
    refused(second + first, "outside its file")


@pytest.mark.parametrize("padding", [1, 2, 4])
def test_a_padded_length_or_tag_is_rejected(padding):
    refused(field(7, b"", padding=padding), "not a valid ONNX model .*padded")
    refused(b"\xba" + b"\x80" * (padding - 1) + b"\x00\x00", "not a valid ONNX model .*padded")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x08", "truncated"),
        (b"\x3a\x05abc", "truncated"),
        (b"\x0d\x00", "truncated|unknown"),
        (b"\x08" + b"\xff" * 11, "too long"),
        (b"\x3b\x3c", "wire type 3"),
        (b"\x38\x01", "not a message"),
        (field(99, b"new"), "field 99 of ModelProto is unknown"),
        (wrapped(field(77, b"new"), "GraphProto", 5), "field 77 of TensorProto is unknown"),
        (b"\x00\x00", "unknown"),
        (b"ORTM" * 8, "not a valid ONNX model"),
        (b"\x08\x01" * (MOST_FIELDS + 1), "parts"),
    ],
    ids=["cut", "short", "fixed", "long", "group", "number", "new", "new in a tensor", "zero", "ORT", "many"],
)
def test_unknown_content_is_rejected(content, words):
    refused(content, words)


def test_graphs_within_graphs_are_rejected_beyond_a_depth():
    content = field(5, ELSEWHERE["an entry"])
    for _ in range(DEEPEST):
        content = field(1, field(5, field(6, content)))
    refused(field(7, content), "nested too deeply")


@given(st.binary(max_size=60), st.integers(0, 2_000))
def test_any_bytes_are_at_most_rejected(data, place):
    content = FILES[1].content
    for damaged in (data, content[:place] + data + content[place + len(data) :]):
        try:
            require_whole(damaged, "theirs.onnx", "")
        except ModelFormatError:
            continue


def test_a_loaded_model_is_whole_by_construction():
    with pytest.raises(ModelFormatError, match="outside its file"):
        dataclasses.replace(load_model(), content=wrapped(ELSEWHERE["an entry"], "GraphProto", 5))


def test_the_schema_is_that_of_onnx_and_every_way_to_a_tensor_is_walked():
    onnx = pytest.importorskip("onnx", reason="onnx is not installed (extra: export)")
    kinds = {"ModelProto": onnx.ModelProto.DESCRIPTOR}
    waiting = [onnx.ModelProto.DESCRIPTOR]
    for kind in waiting:
        for entry in kind.fields:
            if entry.message_type and entry.message_type.name not in kinds:
                kinds[entry.message_type.name] = entry.message_type
                waiting.append(entry.message_type)
    holders = {TENSOR}
    for _ in kinds:  # until no more are found
        holders |= {
            kind.name
            for kind in kinds.values()
            if any(e.message_type and e.message_type.name in holders for e in kind.fields)
        }
    assert set(SCHEMA) == holders
    for name, message in SCHEMA.items():
        fields = {
            entry.number: entry.message_type and entry.message_type.name for entry in kinds[name].fields
        }
        assert message.nested == {number: into for number, into in fields.items() if into in holders}
        assert set(fields) - message.plain - set(message.nested) == ({13} if name == TENSOR else set())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_files_of_other_exporters_are_whole(tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
    pytest.importorskip("onnx", reason="onnx is not installed (extra: export)")
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
    torch.onnx.export(network, (torch.zeros(1, 28, 28),), tmp_path / "m.onnx", dynamo=False)
    require_whole((tmp_path / "m.onnx").read_bytes(), "m.onnx", "")
