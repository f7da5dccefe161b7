"""Letters, words, and lines over HTTP: the same reading as in Python, and never stored."""

from __future__ import annotations

import pytest
from pipeline.test_text_lines import page
from serving import png, serving

from inkread.errors import OptionError
from inkread.models import TEXT, load_model
from inkread.pipeline.text import TextReader
from inkread.server.service import ReaderRegistry

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


def test_your_own_network_of_lines_can_be_chosen_for_text_only():
    folder = str(load_model(TEXT).path.parent)
    with serving(models={"mine": folder}) as server:
        answer = server.post("/v1/read?alphabet=text&model=mine", content=png(NOTE)).json()
        assert (answer["model"], answer["text"]) == ("mine", TextReader("text", threads=1).read(NOTE).text)
        assert server.post("/v1/read?alphabet=text", content=png(NOTE)).json()["model"] == "text"
        problem = server.post("/v1/read?model=mine", content=png(NOTE)).json()
        assert problem["detail"] == "The model mine is of kind text, which does not read digits."
        assert "kind glyphs" in problem["remedy"]
        assert server.post("/v1/read?alphabet=text&model=characters", content=png(NOTE)).status_code == 404


def test_a_model_of_digits_does_not_read_text():
    with serving(models={"mine": str(load_model().path.parent)}) as server:
        problem = server.post("/v1/read?alphabet=text&model=mine", content=png(NOTE))
        assert (problem.status_code, problem.json()["type"]) == (422, "urn:inkread:problem:invalid-option")
        batch = server.post("/v1/read-batch?alphabet=text&model=mine", files={"picture": png(NOTE)})
        assert batch.status_code == 422


@pytest.mark.parametrize(
    ("name", "folder", "problem"),
    [
        ("text", "default", "is a glyphs model, unlike the bundled one of that name"),
        ("default", "text", "is a text model, unlike the bundled one of that name"),
        ("mine", "characters", "is a text model, not one of digits or of lines of text"),
        ("mine", "detector", "is a detector model, not one of digits or of lines of text"),
    ],
)
def test_a_model_that_could_not_read_is_refused_at_the_start(name, folder, problem):
    with pytest.raises(OptionError, match=problem):
        ReaderRegistry({name: str(load_model(folder).path.parent)})


def test_an_unknown_alphabet_is_an_invalid_option(server):
    answer = server.post("/v1/read?alphabet=runes", content=png(NOTE))
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:inkread:problem:invalid-option")


def test_readings_of_text_are_not_stored(tmp_path):
    with serving(collect=True, store=f"sqlite:///{tmp_path / 'store.sqlite'}") as server:
        assert server.post("/v1/read?alphabet=text", content=png(NOTE)).json()["id"] is None
        assert server.get("/v1/readings").json()["readings"] == []
        assert server.post("/v1/read", content=png(NOTE)).json()["id"] is not None
