"""Corrections of boxes and rows over HTTP; the store is filled directly, so nothing has to be read."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from processes import MadeUp, never_ready
from serving import serving, slug

from inkread.datasets.corrections import load_corrected_pages
from inkread.server import stored_schemas
from inkread.store import NewDigit, NewReading, Store, StoredPicture

NOWHERE = "00000000-0000-4000-8000-000000000000"


def digit(label, left):
    return NewDigit(label, 0.5, (left, 10, left + 20, 40), (0.1,) * 10, bytes(784), b"PNG")


@pytest.fixture(scope="module")
def collecting(tmp_path_factory):
    store = tmp_path_factory.mktemp("store") / "store.sqlite"
    with serving(reader=never_ready, collect=True, store=f"sqlite:///{store}") as client:
        yield client


@pytest.fixture
def reading(collecting):
    """The id of a stored reading of 123 in a picture of 400×100 pixels."""
    row = tuple(digit(label, 100 + 30 * place) for place, label in enumerate("123"))
    picture = StoredPicture(b"JPEG", 400, 100)
    new = NewReading("a.png", 400, 100, "123", "default", "ab" * 32, (row,), None, picture)
    return collecting.service.store.add_reading(new)


def post(collecting, **body):
    return collecting.post("/v1/corrections", json=body)


def listed(collecting):
    found = collecting.get("/v1/corrections").json()
    stored_schemas.Corrections.model_validate(found)
    return found["corrections"]


def test_a_correction_of_a_digit_is_answered_as_ever_and_says_its_kind(collecting, reading):
    answer = post(collecting, reading=reading, line=0, position=1, label="7", by="me")
    assert answer.status_code == 201
    found = answer.json()
    stored_schemas.Correction.model_validate(found)
    assert (found["kind"], found["line"], found["position"], found["read_as"]) == ("digit", 0, 1, "2")
    assert listed(collecting)[0] == found


def test_a_box_is_kept_listed_and_withdrawn(collecting, reading):
    box = [300, 10, 320, 40]
    answer = post(collecting, reading=reading, box=box, label="5", by="me")
    assert answer.status_code == 201
    mark = answer.json()
    stored_schemas.Mark.model_validate(mark)
    assert (mark["kind"], mark["reading"], mark["box"], mark["label"], mark["by"]) == (
        "mark",
        reading,
        box,
        "5",
        "me",
    )
    assert listed(collecting)[0] == mark
    assert collecting.get(f"/v1/readings/{reading}").json()["corrections"] == 1
    assert collecting.delete(f"/v1/corrections/{mark['id']}").status_code == 204
    assert slug(collecting.delete(f"/v1/corrections/{mark['id']}")) == "not-found"
    assert mark not in listed(collecting)


def test_a_client_from_before_finds_every_member_that_it_knows_in_a_mark(collecting, reading):
    mark = post(collecting, reading=reading, box=[300, 10, 320, 40], label="").json()
    correction = post(collecting, reading=reading, line=0, position=0, label="").json()
    assert set(correction) <= set(mark)
    assert (mark["line"], mark["position"], mark["read_as"], mark["glyph"]) == (None, None, "", None)


def test_a_text_is_answered_with_what_was_stored(collecting, reading):
    answer = post(collecting, reading=reading, line=0, text="7293", by="me")
    assert answer.status_code == 201
    found = answer.json()
    stored_schemas.Stored.model_validate(found)
    correction, mark = found["corrections"]
    assert (correction["kind"], correction["position"], correction["label"]) == ("digit", 0, "7")
    assert (mark["kind"], mark["label"], mark["box"]) == ("mark", "9", [145, 10, 165, 40])
    assert {one["id"] for one in listed(collecting)} >= {correction["id"], mark["id"]}
    assert post(collecting, reading=reading, line=0, text="7293").json() == {"corrections": []}
    assert post(collecting, reading=reading, line=0, text="").json()["corrections"]


def test_a_correction_is_on_disk_before_the_response(collecting, reading):
    mark = post(collecting, reading=reading, box=[300, 10, 320, 40], label="5").json()
    with Store.open(collecting.service.settings.store) as other:
        assert [str(one.id) for one in other.corrections_of(reading)] == [mark["id"]]


def test_removing_a_reading_takes_its_marks_and_its_picture_with_it(collecting, reading):
    mark = post(collecting, reading=reading, box=[300, 10, 320, 40], label="5").json()
    assert collecting.delete(f"/v1/readings/{reading}").status_code == 204
    assert mark not in listed(collecting)
    assert collecting.service.store.picture(reading) is None


THREE_FORMS = (
    "body must have exactly one of three forms: line, position, and label of a digit; box and label; "
)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, THREE_FORMS),
        ({"line": 0, "label": "7"}, THREE_FORMS),
        ({"line": 0, "position": 0, "label": "7", "text": "1"}, THREE_FORMS),
        ({"line": 0, "position": 0, "label": "7", "box": [0, 0, 9, 9]}, THREE_FORMS),
        ({"box": [0, 0, 9, 9], "label": "7", "text": "1"}, THREE_FORMS),
        ({"box": [0, 0, 9, 9]}, "body.label is missing"),
        ({"box": [0, 0, 9], "label": "7"}, "body.box has too few items"),
        ({"box": [0, 0, 9, 9, 9], "label": "7"}, "body.box has too many items"),
        ({"box": [0, 0, 9, "x"], "label": "7"}, "body.box.3 is not a whole number"),
        ({"box": [0, 0, 9, 0.5], "label": "7"}, "body.box.3 is not a whole number"),
        ({"box": [-1, 0, 9, 9], "label": "7"}, "body.box.0 is too small"),
        ({"box": [0, 0, 10**30, 9], "label": "7"}, "body.box.2 is too large"),
        ({"box": [0, 0, 9, 9], "label": "?"}, "body.label is not one of the allowed values"),
        ({"box": [0, 0, 9, 9], "label": "7", "line": 0}, "body.line is unknown"),
        ({"box": [0, 0, 401, 9], "label": "7"}, "is empty or outside the picture of 400×100 pixels"),
        ({"box": [9, 0, 9, 9], "label": "7"}, "is empty or"),
        ({"text": "1"}, "body.line is missing"),
        ({"line": 0, "text": "1.5"}, "body.text has invalid characters"),
        ({"line": 0, "text": "1" * 201}, "body.text is too long"),
        ({"line": 0, "text": None}, "body.text is not a string"),
        ({"line": 0, "text": "1", "label": "7"}, "body.label is unknown"),
        ({"line": 0, "text": "1" * 20}, "would be outside the picture"),
        ({"line": 0, "position": -1, "label": "7"}, "body.position is too small"),
    ],
)
def test_a_body_in_none_or_several_of_the_three_forms_is_rejected_with_a_clear_text(
    collecting, reading, body, words
):
    answer = post(collecting, reading=reading, **body)
    assert slug(answer) == "invalid-option"
    assert words in answer.json()["detail"]
    assert collecting.get(f"/v1/readings/{reading}").json()["corrections"] == 0


@pytest.mark.parametrize("body", [b"[]", b"null", b"7", b'"text"', b'[["text"]]'])
def test_a_correction_that_is_not_an_object_is_rejected(collecting, body):
    answer = collecting.post("/v1/corrections", content=body, headers={"Content-Type": "application/json"})
    assert slug(answer) == "invalid-option"
    assert answer.json()["detail"] == "body is not a JSON object."


@pytest.mark.parametrize("body", [{"box": [0, 0, 9, 9], "label": "7"}, {"line": 0, "text": "1"}])
def test_a_box_or_a_text_of_a_reading_that_is_not_stored_is_not_found(collecting, reading, body):
    assert slug(post(collecting, reading=NOWHERE, **body)) == "not-found"
    if "line" in body:
        assert slug(post(collecting, reading=reading, **body | {"line": 1})) == "not-found"


@pytest.mark.parametrize("body", [{"box": [0, 0, 9, 9], "label": "7"}, {"line": 0, "text": "1"}])
def test_a_server_that_does_not_collect_takes_neither_box_nor_text(body):
    with serving(reader=never_ready) as server:
        assert slug(post(server, reading=NOWHERE, **body)) == "not-collecting"


def test_the_document_has_the_three_forms_with_examples_that_are_right(collecting):
    document = collecting.get("/openapi.json").json()
    body = document["paths"]["/v1/corrections"]["post"]["requestBody"]["content"]["application/json"]
    names = [each["$ref"].rpartition("/")[2] for each in body["schema"]["oneOf"]]
    assert names == ["NewCorrection", "NewMark", "NewText"]
    for name in names:
        for example in document["components"]["schemas"][name]["examples"]:
            getattr(stored_schemas, name).model_validate(example)


@pytest.mark.parametrize(("side", "kept"), [(300, (300, 150)), (5000, (2000, 1000))])
def test_a_reading_is_stored_with_its_upright_picture_reduced_to_the_working_size(side, kept, tmp_path):
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (5, 10)).repeat(side // 10, 0).repeat(side // 10, 1).astype(np.uint8)
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # it is on its side
    Image.fromarray(np.rot90(pixels)).save(file, "PNG", exif=exif)
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    with serving(reader=MadeUp, collect=True, store=url) as server:
        answer = server.post("/v1/read", content=file.getvalue()).json()
        assert server.post("/v1/read?keep=false", content=file.getvalue()).json()["id"] is None
        found = server.service.store.picture(answer["id"])
        assert post(server, reading=answer["id"], line=0, text="8").status_code == 201
    assert (answer["width"], answer["height"]) == (side, side // 2)
    assert (found.width, found.height) == kept
    stored = Image.open(io.BytesIO(found.jpeg))
    assert (stored.format, stored.size) == ("JPEG", kept)
    small = np.asarray(stored.convert("L").resize((10, 5), Image.Resampling.BOX), int)
    assert np.abs(small - pixels[side // 20 :: side // 10, side // 20 :: side // 10]).max() <= 8
    (page,) = load_corrected_pages(url)
    assert page.pixels.shape == kept[::-1]
    assert (page.boxes.tolist(), page.classes.tolist()) == ([[0, 0, kept[0] / 2, kept[1]]], [8])
