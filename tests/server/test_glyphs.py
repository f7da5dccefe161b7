from __future__ import annotations

import contextlib
import io
import json
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import seven, slug

from inkread.pipeline import glyph
from inkread.pipeline.classifier import Classifier
from inkread.server import schemas
from inkread.server.glyph_bodies import glyphs_of
from inkread.server.problems import Problem

GLYPHS = np.stack([glyph.normalize(seven().astype(np.float32) / 255), np.zeros((28, 28), np.uint8)])


def npy(array, **options):
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def check(answer):
    assert answer.status_code == 200
    found = answer.json()
    schemas.Glyphs.model_validate(found)
    expected = np.stack([Classifier().probabilities(GLYPHS[:1])[0], np.eye(11)[10]])
    np.testing.assert_allclose(found["probabilities"], expected, atol=2e-6)
    assert found["digits"] == ["7", ""]
    assert found["labels"] == [*"0123456789", ""]


@pytest.mark.parametrize("scale", [1, 255])
def test_json_is_classified_whether_it_goes_to_one_or_to_255(server, scale):
    values = (GLYPHS / 255).tolist() if scale == 1 else GLYPHS.tolist()
    check(server.post("/v1/glyphs", json={"glyphs": values}))


@pytest.mark.parametrize(
    "array",
    [
        GLYPHS,
        (GLYPHS / 255).astype(np.float32),
        GLYPHS / 255,
        GLYPHS.astype(np.float64),
        GLYPHS.astype(">i4"),
        GLYPHS.astype(np.uint64),
        np.asfortranarray(GLYPHS),
        GLYPHS[:, ::-1][:, ::-1],
    ],
)
def test_npy_of_any_number_is_classified(server, array):
    check(server.post("/v1/glyphs", content=npy(array)))


@pytest.mark.parametrize("how", ["query", "body"])
def test_a_drawing_is_brought_into_the_geometry_if_that_is_wanted(server, how):
    drawing = np.zeros((28, 28), np.uint8)
    drawing[0:14, 0:14] = seven()[5:19, 7:21]  # small, and in a corner
    plain = server.post("/v1/glyphs", json={"glyphs": [drawing.tolist()]}).json()
    if how == "query":
        found = server.post("/v1/glyphs?normalize=true", json={"glyphs": [drawing.tolist()]}).json()
    else:
        found = server.post("/v1/glyphs", json={"glyphs": [drawing.tolist()], "normalize": True}).json()
    assert found["digits"] == ["7"]
    assert found["probabilities"] != plain["probabilities"]


NESTED = seven().tolist()


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"glyphs": None},
        {"glyphs": []},
        {"glyphs": 7},
        {"glyphs": [[1, 2], [3, 4]]},
        {"glyphs": NESTED},
        {"glyphs": [NESTED[:27]]},
        {"glyphs": [[*NESTED[:27], [0] * 27]]},
        {"glyphs": [[*NESTED[:27], ["0"] * 28]]},
        {"glyphs": [[*NESTED[:27], [True] * 28]]},
        {"glyphs": [[*NESTED[:27], [None] * 28]]},
        {"glyphs": [[*NESTED[:27], [256] * 28]]},
        {"glyphs": [[*NESTED[:27], [-1] * 28]]},
        {"glyphs": [[*NESTED[:27], [10**400] * 28]]},
        {"glyphs": [NESTED], "normalize": "yes"},
        {"glyphs": [NESTED], "other": 1},
    ],
)
def test_json_of_another_form_is_rejected(server, body):
    answer = server.post("/v1/glyphs", json=body)
    assert (answer.status_code, slug(answer)) == (422, "invalid-option")


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b"\xff\xfe", b"[" * 100_000])
def test_invalid_json_is_rejected(server, body):
    assert slug(server.post("/v1/glyphs", content=body)) == "bad-request"


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999"])
def test_infinite_numbers_and_nan_are_rejected(server, value):
    row = ",".join([value] * 28)
    body = '{"glyphs":[[' + ",".join([f"[{row}]"] * 28) + "]]}"
    assert slug(server.post("/v1/glyphs", content=body)) == "invalid-option"


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((28, 28)),
        np.zeros((1, 28, 27)),
        np.zeros((1, 1, 28, 28)),
        np.zeros((0, 28, 28)),
        np.zeros((1, 28, 28), bool),
        np.zeros((1, 28, 28), complex),
        np.zeros((1, 28, 28), "U1"),
        np.zeros((1, 28, 28), np.longdouble),
        np.zeros((1, 28, 28), [("a", "f4")]),
        np.full((1, 28, 28), np.nan),
        np.full((1, 28, 28), -0.1),
        np.full((1, 28, 28), 256.0),
    ],
)
def test_npy_of_another_form_is_rejected(server, array):
    assert slug(server.post("/v1/glyphs", content=npy(array))) == "invalid-option"


def test_an_npy_file_of_objects_is_never_unpickled(server):
    class Trap:
        def __reduce__(self):
            return (exec, ("raise SystemExit",))

    body = npy(np.full((1, 28, 28), Trap(), object), allow_pickle=True)
    assert slug(server.post("/v1/glyphs", content=body)) == "invalid-option"


def header(text, version=b"\x01\x00"):
    return b"\x93NUMPY" + version + len(text).to_bytes(2 if version[0] == 1 else 4, "little") + text.encode()


def shaped(shape):
    return header(f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n") + bytes(784)


@pytest.mark.parametrize("shape", ["(True, 28, 28)", "(1, 28, 28, True)", "(28, 28)", "()", "(1, 28.0, 28)"])
def test_an_npy_file_of_another_shape_is_rejected(server, shape):
    assert server.post("/v1/glyphs", content=shaped(shape)).status_code in (400, 422)


TOKENS = st.sampled_from(
    [
        "True",
        "None",
        "0",
        "1",
        "28",
        "-1",
        "1.0",
        "1j",
        "28L",
        "10**3",
        "...",
        "'|u1'",
        "'<f8'",
        "'|O'",
        "'x'",
        "'m8[s]'",
        "'u1,u1'",
        "('u1', (28, 28))",
        "[('a', 'u1', 28)]",
        "()",
        "{}",
        "\x00",
        "\n",
        "é",
        "(",
    ]
)


@given(TOKENS, TOKENS, st.lists(TOKENS, max_size=4), st.sampled_from([b"\1\0", b"\2\0", b"\3\0"]))
def test_any_header_of_an_npy_file_is_understood_or_rejected(dtype, order, shape, version):
    text = f"{{'descr': {dtype}, 'fortran_order': {order}, 'shape': ({', '.join(shape)}), }}\n"
    with contextlib.suppress(Problem), warnings.catch_warnings(action="ignore"):
        glyphs_of(header(text, version) + bytes(784), most=10)


@given(st.integers(0, 127), st.binary(min_size=1, max_size=4))
def test_any_damage_to_an_npy_file_is_understood_or_rejected(place, damage):
    body = npy(GLYPHS)
    with contextlib.suppress(Problem), warnings.catch_warnings(action="ignore"):
        glyphs_of(body[:place] + damage + body[place + len(damage) :], most=10)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=3), values, max_size=3),
)


@given(JSON | st.fixed_dictionaries({"glyphs": JSON}, optional={"normalize": JSON}))
def test_any_json_is_understood_or_rejected(value):
    with contextlib.suppress(Problem):
        glyphs_of(json.dumps(value).encode(), most=10)


@pytest.mark.parametrize(
    "body",
    [
        npy(GLYPHS)[:-1],
        npy(GLYPHS) + b"x",
        npy(GLYPHS)[:50],
        b"\x93NUMPY",
        b"\x93NUMPY\x09\x00",
        header("{'descr': '|u1', 'fortran_order': False, 'shape': (999999999999, 28, 28), }\n"),
        header("{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 28, 28), }\n"),
        header("__import__('os')\n"),
        header("(" * 60_000),
        header("(" * 60_000, b"\x02\x00"),
        header("{'descr': 'nonsense', 'fortran_order': False, 'shape': (1, 28, 28), }\n"),
    ],
)
def test_a_damaged_npy_file_is_rejected(server, body):
    assert slug(server.post("/v1/glyphs", content=body)) == "bad-request"
