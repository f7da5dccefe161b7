from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image
from serving import SEVEN, parts, png, serving, seven, slug

from inkread.server import stored_schemas
from inkread.store import NewDigit, NewReading, Store

NOWHERE = "00000000-0000-4000-8000-000000000000"
PAIR = png(np.concatenate([seven(3), seven(3)], axis=1))


@pytest.fixture
def reading(collecting):
    """The response for a stored reading of two sevens."""
    return collecting.post("/v1/read?detail=true", files=parts(PAIR, names=["pair.png"])).json()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/readings"),
        ("GET", f"/v1/readings/{NOWHERE}"),
        ("GET", f"/v1/readings/{NOWHERE}/picture"),
        ("DELETE", f"/v1/readings/{NOWHERE}"),
        ("DELETE", "/v1/readings?all=true"),
        ("GET", "/v1/corrections"),
        ("DELETE", f"/v1/corrections/{NOWHERE}"),
    ],
)
def test_a_server_that_does_not_collect_has_nothing_of_that(server, method, path):
    assert slug(server.request(method, path)) == "not-collecting"


def test_a_server_that_does_not_collect_takes_no_correction(server):
    body = {"reading": NOWHERE, "line": 0, "position": 0, "label": "7"}
    assert slug(server.post("/v1/corrections", json=body)) == "not-collecting"


def test_without_collect_no_store_is_even_made(tmp_path):
    store = tmp_path / "store.sqlite"
    with serving(store=f"sqlite:///{store}") as server:
        assert server.post("/v1/read", content=SEVEN).json()["id"] is None
    assert not store.exists()


def test_a_reading_is_kept_as_it_was_answered(collecting, reading):
    kept = collecting.get(f"/v1/readings/{reading['id']}").json()
    stored_schemas.StoredReading.model_validate(kept)
    assert (kept["source"], kept["text"], kept["model"]) == ("pair.png", "77", "default")
    for answered, stored in zip(reading["lines"][0]["digits"], kept["lines"][0]["digits"], strict=True):
        assert (stored["label"], stored["box"], stored["glyph"]) == (
            answered["label"],
            answered["box"],
            answered["glyph"],
        )
        crop = Image.open(io.BytesIO(base64.b64decode(stored["crop"].partition(",")[2])))
        x0, y0, x1, y1 = stored["box"]
        assert crop.width >= (x1 - x0)
        assert crop.height >= (y1 - y0)
        assert np.asarray(crop).max() == 255  # the stroke is in it


def test_a_reading_shows_its_corrections(collecting, reading):
    body = {"reading": reading["id"], "line": 0, "position": 1, "label": "1"}
    correction = collecting.post("/v1/corrections", json=body).json()
    mark = collecting.post(
        "/v1/corrections", json={"reading": reading["id"], "box": [1, 1, 3, 9], "label": "4"}
    ).json()
    kept = collecting.get(f"/v1/readings/{reading['id']}").json()
    assert kept["corrected"] == [correction, mark]
    assert kept["corrections"] == 2


def test_the_picture_of_a_reading_is_returned_at_the_size_asked_for(collecting, reading):
    where = f"/v1/readings/{reading['id']}/picture"
    answer = collecting.get(where)
    assert answer.headers["content-type"] == "image/jpeg"
    whole = Image.open(io.BytesIO(answer.content))
    assert whole.size == Image.open(io.BytesIO(PAIR)).size
    small = Image.open(io.BytesIO(collecting.get(where, params={"side": 20}).content))
    assert max(small.size) == 20
    assert slug(collecting.get(where, params={"side": 0})) == "invalid-option"
    assert slug(collecting.get(f"/v1/readings/{NOWHERE}/picture")) == "not-found"


def test_a_reading_without_a_picture_has_none(tmp_path):
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    digit = NewDigit("7", 0.9, (1, 1, 9, 9), (0.1,) * 10, bytes(784), b"")
    with Store.open(url) as store:
        key = store.add_reading(NewReading("a.png", 90, 30, "7", "default", "ab" * 32, ((digit,),), None))
    with serving(collect=True, store=url) as server:
        assert server.get(f"/v1/readings/{key}/picture").status_code == 204


def test_all_readings_are_removed_only_if_that_is_confirmed(collecting, reading):
    assert slug(collecting.delete("/v1/readings")) == "invalid-option"
    assert slug(collecting.delete("/v1/readings?all=false")) == "invalid-option"
    assert collecting.get(f"/v1/readings/{reading['id']}").status_code == 200
    assert collecting.delete("/v1/readings?all=true").status_code == 204
    assert collecting.get("/v1/readings").json()["readings"] == []
    assert slug(collecting.get(f"/v1/readings/{reading['id']}/picture")) == "not-found"


def test_a_passing_reading_is_not_kept(collecting):
    kept = collecting.post("/v1/read?keep=true", content=SEVEN).json()["id"]
    answer = collecting.post("/v1/read?keep=false", content=SEVEN).json()
    assert (answer["text"], answer["id"]) == ("7", None)
    assert collecting.get("/v1/readings").json()["readings"][0]["id"] == kept


def test_readings_of_a_batch_are_kept_too(collecting):
    import json

    lines = collecting.post("/v1/read-batch", files=parts(SEVEN, SEVEN)).text.splitlines()
    for line in lines:
        assert collecting.get(f"/v1/readings/{json.loads(line)['id']}").status_code == 200


def test_a_drawing_is_not_kept(collecting):
    before = collecting.get("/v1/readings?limit=200").json()["readings"]
    collecting.post("/v1/read?draw=true", content=SEVEN)
    assert collecting.get("/v1/readings?limit=200").json()["readings"] == before


def test_readings_are_listed_searched_and_paged(collecting):
    for number in range(3):
        collecting.post("/v1/read", files=parts(SEVEN, names=[f"needle {number}.png"]))
    found = collecting.get("/v1/readings", params={"search": "NEEDLE", "limit": 2}).json()
    stored_schemas.Readings.model_validate(found)
    assert [one["source"] for one in found["readings"]] == ["needle 2.png", "needle 1.png"]
    rest = collecting.get("/v1/readings", params={"search": "needle", "before": found["next"]}).json()
    assert ([one["source"] for one in rest["readings"]], rest["next"]) == (["needle 0.png"], None)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "before=nonsense", "limit=x", f"search={'x' * 300}"]
)
def test_a_wrong_page_is_rejected(collecting, query):
    assert slug(collecting.get(f"/v1/readings?{query}")) == "invalid-option"


def test_a_correction_is_kept_listed_and_withdrawn(collecting, reading):
    body = {"reading": reading["id"], "line": 0, "position": 1, "label": "1", "by": "me"}
    answer = collecting.post("/v1/corrections", json=body)
    assert answer.status_code == 201
    correction = answer.json()
    stored_schemas.Correction.model_validate(correction)
    assert correction | body == correction
    assert correction["read_as"] == "7"
    assert correction["glyph"] == reading["lines"][0]["digits"][1]["glyph"]
    assert correction["created"].endswith("Z")
    listed = collecting.get("/v1/corrections").json()
    stored_schemas.Corrections.model_validate(listed)
    assert listed["corrections"][0] == correction
    assert collecting.get(f"/v1/readings/{reading['id']}").json()["corrections"] == 1
    assert collecting.delete(f"/v1/corrections/{correction['id']}").status_code == 204
    assert slug(collecting.delete(f"/v1/corrections/{correction['id']}")) == "not-found"
    assert correction not in collecting.get("/v1/corrections").json()["corrections"]


def test_removing_a_reading_takes_its_corrections_with_it(collecting, reading):
    body = {"reading": reading["id"], "line": 0, "position": 0, "label": ""}
    correction = collecting.post("/v1/corrections", json=body).json()
    answer = collecting.delete(f"/v1/readings/{reading['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert slug(collecting.get(f"/v1/readings/{reading['id']}")) == "not-found"
    assert slug(collecting.delete(f"/v1/readings/{reading['id']}")) == "not-found"
    assert correction not in collecting.get("/v1/corrections").json()["corrections"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"reading": NOWHERE}, "not-found"),
        ({"line": 1}, "not-found"),
        ({"position": 2}, "not-found"),
        ({"position": -1}, "invalid-option"),
        ({"position": 10**30}, "invalid-option"),
        ({"label": "?"}, "invalid-option"),
        ({"label": "77"}, "invalid-option"),
        ({"label": None}, "invalid-option"),
        ({"reading": "x"}, "invalid-option"),
        ({"by": "x" * 201}, "invalid-option"),
        ({"other": 1}, "invalid-option"),
    ],
)
def test_a_wrong_correction_is_rejected(collecting, reading, change, problem):
    body = {"reading": reading["id"], "line": 0, "position": 0, "label": "1"} | change
    assert slug(collecting.post("/v1/corrections", json=body)) == problem


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 10_000])
def test_a_correction_that_is_not_json_is_rejected(collecting, body):
    answer = collecting.post("/v1/corrections", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert slug(answer) in ("bad-request", "invalid-option")


@pytest.mark.parametrize("identifier", ["x", NOWHERE, "..", "%00", "a" * 500])
def test_an_unknown_id_is_not_found(collecting, identifier):
    for method, path in (("GET", "readings"), ("DELETE", "readings"), ("DELETE", "corrections")):
        assert collecting.request(method, f"/v1/{path}/{identifier}").status_code in (404, 405)
