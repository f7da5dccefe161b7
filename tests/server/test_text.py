"""Letters, words, and lines over HTTP: the same reading as in Python, and never stored."""

from __future__ import annotations

import pytest
from pipeline.test_text_lines import page
from serving import png, serving

from inkread.pipeline.text import TextReader

NOTE = page("hello world", "second line")


@pytest.fixture(scope="module")
def server():
    with serving() as client:
        yield client


def test_text_is_read_as_in_python(server):
    answer = server.post("/v1/read?alphabet=text", content=png(NOTE)).json()
    reading = TextReader("text", threads=1).read(NOTE)
    assert answer["text"] == reading.text
    assert answer["model"] == "text"
    assert [word["label"] for line in answer["lines"] for word in line["words"]] == reading.text.split()


def test_one_character_is_read(server):
    answer = server.post("/v1/read?alphabet=letters&single=true", content=png(page("A", size=2.5))).json()
    assert answer["text"].isalpha()


def test_stages_and_drawings_show_text(server):
    stages = server.post("/v1/read?alphabet=text&stages=true", content=png(NOTE)).json()["stages"]
    assert [stage["name"] for stage in stages] == ["picture", "lines", "reading"]
    drawn = server.post("/v1/read?alphabet=text&draw=true", content=png(NOTE))
    assert drawn.headers["content-type"] == "image/png"


def test_digits_stay_the_default(server):
    answer = server.post("/v1/read", content=png(NOTE)).json()
    assert answer["model"] == "default"
    assert all("words" not in line for line in answer["lines"])


def test_an_unknown_alphabet_is_an_invalid_option(server):
    answer = server.post("/v1/read?alphabet=runes", content=png(NOTE))
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:inkread:problem:invalid-option")


def test_readings_of_text_are_not_stored(tmp_path):
    with serving(collect=True, store=f"sqlite:///{tmp_path / 'store.sqlite'}") as server:
        assert server.post("/v1/read?alphabet=text", content=png(NOTE)).json()["id"] is None
        assert server.get("/v1/readings").json()["readings"] == []
        assert server.post("/v1/read", content=png(NOTE)).json()["id"] is not None
