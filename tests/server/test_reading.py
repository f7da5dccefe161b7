from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
import tempfile
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from processes import PATIENCE
from serving import BLANK, SEVEN, TRUNCATED, parts, png, serving, seven, slug

from inkread import Reader
from inkread.server import schemas
from inkread.server.problems import Problem
from inkread.server.uploads import LONGEST_NAME, MOST_TEXT, many_pictures, safe_name


def lines_of(answer):
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_picture_as_the_body_is_read_as_the_reader_reads_it(server):
    answer = server.post("/v1/read", content=SEVEN)
    assert answer.status_code == 200
    found = answer.json()
    schemas.Reading.model_validate(found)
    expected = Reader().read(SEVEN).to_dict()
    assert {name: found[name] for name in ("text", "lines", "width", "height", "error")} == {
        name: expected[name] for name in ("text", "lines", "width", "height", "error")
    }
    assert (found["source"], found["id"], found["model"]) == ("picture", None, "default")
    assert found["milliseconds"] > 0


@pytest.mark.parametrize("kind", ["image/png", "text/plain", "application/x-www-form-urlencoded", ""])
def test_the_content_type_of_a_picture_says_nothing(server, kind):
    answer = server.post("/v1/read", content=SEVEN, headers={"Content-Type": kind})
    assert answer.json()["text"] == "7"


def test_a_picture_as_text_is_read_like_its_file(server):
    text = base64.b64encode(SEVEN).decode()
    url = f"data:image/png;base64,{text}"
    expected = server.post("/v1/read", content=SEVEN).json()["lines"]
    for body in (url, f"\n {json.dumps({'picture': url})}", json.dumps({"picture": text})):
        assert server.post("/v1/read", content=body).json()["lines"] == expected
    named = {"picture": base64.urlsafe_b64encode(SEVEN).decode().rstrip("="), "name": "c:\\scans\\7.png"}
    found = server.post("/v1/read", json=named).json()
    assert (found["source"], found["lines"]) == ("7.png", expected)


def test_the_example_of_a_picture_as_text_is_a_seven(server):
    assert server.post("/v1/read", json=schemas.ENCODED_EXAMPLE).json()["text"] == "7"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("data:image/png,7", "bad-request"),
        ("data:image/png;base64", "bad-request"),
        ("data:image/png;base64,7?", "bad-request"),
        ("data:,ü", "bad-request"),
        ("{", "bad-request"),
        ("{" * 100_000, "bad-request"),
        ('{"picture": "ü"}', "bad-request"),
        ('{"picture": 7}', "invalid-option"),
        ('{"picture": "", "single": true}', "invalid-option"),
        ('{"name": "a.png"}', "invalid-option"),
        ('{"picture": ""}', "not-a-picture"),
        ('{"picture": "aGVsbG8="}', "not-a-picture"),
    ],
)
def test_text_that_is_not_a_picture_is_a_problem_with_a_remedy(server, body, kind):
    assert slug(server.post("/v1/read", content=body.encode())) == kind


def test_text_of_more_than_16_mib_is_refused(server):
    answer = server.post("/v1/read", content=b"data:image/png;base64," + bytes(MOST_TEXT))
    assert slug(answer) == "too-large"


def test_a_picture_in_a_form_keeps_its_name(server):
    answer = server.post("/v1/read", files=parts(SEVEN, names=["seven.png"]))
    assert (answer.json()["source"], answer.json()["text"]) == ("seven.png", "7")


def test_a_blank_picture_has_no_digit(server):
    found = server.post("/v1/read", content=BLANK).json()
    assert (found["text"], found["lines"]) == ("", [])


def test_detail_adds_probabilities_and_the_glyph_that_the_model_saw(server):
    found = server.post("/v1/read?detail=true", content=SEVEN).json()
    schemas.Reading.model_validate(found)
    digit = found["lines"][0]["digits"][0]
    assert len(digit["probabilities"]) == 10
    assert digit["probabilities"][7] == digit["probability"]
    trace = Reader().trace(SEVEN)
    glyph = np.frombuffer(base64.b64decode(digit["glyph"]), np.uint8).reshape(28, 28)
    np.testing.assert_array_equal(glyph, trace.glyphs[0][0])


def test_detail_belongs_to_the_right_digit_in_every_line(server):
    rows = np.full((200, 200), 255, np.uint8)
    for y, x in ((10, 20), (10, 110), (110, 20)):
        rows[y : y + 84, x : x + 84] = 255 - seven(3)
    found = server.post("/v1/read?detail=true", content=png(rows)).json()
    assert found["text"] == "77\n7"
    for line in found["lines"]:
        for digit in line["digits"]:
            assert digit["probabilities"][int(digit["label"])] == digit["probability"]


def test_stages_are_pictures(server):
    found = server.post("/v1/read?stages=true", content=SEVEN).json()
    schemas.Reading.model_validate(found)
    assert [stage["name"] for stage in found["stages"]] == [
        "picture",
        "heat",
        "candidates",
        "glyphs",
        "reading",
    ]
    for stage in found["stages"]:
        kind, _, data = stage["image"].partition(",")
        assert kind == "data:image/png;base64"
        assert Image.open(io.BytesIO(base64.b64decode(data))).mode == "RGB"


def test_draw_answers_with_the_picture(server):
    answer = server.post("/v1/read?draw=true", content=SEVEN)
    assert answer.headers["content-type"] == "image/png"
    drawn = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert (drawn[..., 0] != drawn[..., 2]).any()  # a colored box on a grey picture


def test_draw_and_stages_exclude_each_other(server):
    assert slug(server.post("/v1/read?draw=true&stages=true", content=SEVEN)) == "bad-request"


def test_single_reads_one_digit_or_none(server):
    pair = np.concatenate([seven(3), seven(3)], axis=1)
    assert server.post("/v1/read", content=png(pair)).json()["text"] == "77"
    assert len(server.post("/v1/read?single=true", content=png(pair)).json()["text"]) < 2


def test_a_digit_that_is_not_probable_enough_is_a_question_mark(server):
    found = server.post("/v1/read?min_probability=1", content=SEVEN).json()
    schemas.Reading.model_validate(found)
    assert found["text"] == "?"
    assert found["lines"][0]["digits"][0]["alternatives"][0]["label"] == "7"


@pytest.mark.parametrize("name", ["nonsense", "detector"])
def test_a_model_that_cannot_be_chosen_is_not_found(server, name):
    assert slug(server.post(f"/v1/read?model={name}", content=SEVEN)) == "unknown-model"


@pytest.mark.parametrize("name", ["../../etc", "/etc", "a/b", "C:\\", "%00"])
def test_the_name_of_a_model_is_never_a_path(server, name):
    assert slug(server.post("/v1/read", params={"model": name}, content=SEVEN)) == "invalid-option"


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("min_probability=1.01", "query.min_probability is too large"),
        ("min_probability=-0.01", "query.min_probability is too small"),
        ("min_probability=much", "query.min_probability is not a number"),
        ("min_probability=nan", "query.min_probability is"),
        ("single=perhaps", "query.single is neither true nor false"),
        ("singel=true", "query.singel is unknown"),
    ],
)
def test_an_option_that_is_not_acceptable_is_named(server, query, complaint):
    answer = server.post(f"/v1/read?{query}", content=SEVEN)
    assert slug(answer) == "invalid-option"
    assert complaint in answer.json()["detail"]


@pytest.mark.parametrize(
    ("content", "status", "problem"),
    [
        (b"", 415, "not-a-picture"),
        (b"no picture", 415, "not-a-picture"),
        (b"%PDF-1.7", 422, "damaged-picture"),
        (b"8BPS and so on", 415, "not-a-picture"),
        (b"<svg xmlns='x'/>", 415, "not-a-picture"),
        (TRUNCATED, 422, "damaged-picture"),
        (SEVEN[:40], 422, "damaged-picture"),
    ],
)
def test_an_incomplete_picture_is_rejected(server, content, status, problem):
    answer = server.post("/v1/read", content=content, headers={"Content-Type": "image/png"})
    assert (answer.status_code, slug(answer)) == (status, problem)


def test_no_word_of_the_decoder_comes_out(server):
    detail = server.post("/v1/read", content=TRUNCATED).json()["detail"]
    assert detail == "picture is truncated or damaged."


@pytest.mark.parametrize(
    "files",
    [
        [("photo", ("a.png", SEVEN))],
        [*parts(SEVEN), ("comment", (None, b"hello"))],
        [("picture[]", ("a.png", SEVEN))],
    ],
)
def test_a_form_of_other_parts_is_rejected(server, files):
    for path in ("/v1/read", "/v1/read-batch"):
        assert slug(server.post(path, files=files)) == "bad-request"


def test_a_form_of_two_pictures_is_too_much_for_one_reading(server):
    assert slug(server.post("/v1/read", files=parts(SEVEN, SEVEN))) == "too-large"


BOUNDARY = {"Content-Type": "multipart/form-data; boundary=x"}
HEAD = b'--x\r\nContent-Disposition: form-data; name="picture"\r\n\r\n'


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (BOUNDARY, b""),
        (BOUNDARY, b"--x--\r\n"),
        (BOUNDARY, b"garbage"),
        (BOUNDARY, HEAD + SEVEN),  # no end
        (BOUNDARY, HEAD + SEVEN + b"\r\n--x"),
        (BOUNDARY, b"--x\r\n\r\nno header\r\n--x--\r\n"),
        (BOUNDARY, b"--x\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--x--\r\n"),
        (BOUNDARY, b"--x\r\n" + b"A: b\r\n" * 1000 + b"\r\n--x--\r\n"),
        ({"Content-Type": "multipart/form-data"}, HEAD + SEVEN + b"\r\n--x--\r\n"),
        ({"Content-Type": f"multipart/form-data; boundary={'x' * 5000}"}, HEAD),
    ],
)
def test_a_damaged_form_is_rejected(server, headers, body):
    for path in ("/v1/read", "/v1/read-batch"):
        answer = server.post(path, content=body, headers=headers)
        assert (answer.status_code, slug(answer)) == (400, "bad-request")


PIECES = st.sampled_from(
    [
        b"--x\r\n",
        b"--x--\r\n",
        b"\r\n",
        b"\r\n\r\n",
        b"\n",
        HEAD,
        b"Content-Disposition: form-data",
        b"; filename=a",
        b'; name="picture"',
        b"; name*=nope''picture",
        b"; filename*=utf-8''%ff",
        b"; name*0=pic; name*1=ture",
        b"\xff\x00",
        b":",
        b"--",
        b"x",
    ]
)
KINDS = st.sampled_from(
    [
        "; boundary=x",
        "",
        "; boundary=",
        '; boundary="x',
        "; boundary*=nope''x",
        "; boundary=\xff",
        ";;;=;boundary=x",
    ]
)


@given(KINDS, st.lists(PIECES, max_size=10))
def test_any_form_is_understood_or_rejected(kind, pieces):
    async def stream():
        for piece in pieces:
            yield piece

    request = SimpleNamespace(headers={"content-type": f"multipart/form-data{kind}"}, stream=stream)
    with contextlib.suppress(Problem):
        asyncio.run(many_pictures(request, limit=2))


def test_a_batch_needs_a_form(server):
    assert slug(server.post("/v1/read-batch", content=SEVEN)) == "bad-request"


def test_a_batch_is_answered_in_order_and_stops_at_nothing(server):
    files = parts(
        SEVEN, TRUNCATED, BLANK, b"text", SEVEN, names=["a.png", "b.png", "c.png", "d.txt", "e.png"]
    )
    reply = server.post("/v1/read-batch?detail=true", files=files)
    found = lines_of(reply)
    assert [line["source"] for line in found] == ["a.png", "b.png", "c.png", "d.txt", "e.png"]
    assert [line.get("text") for line in found] == ["7", None, "", None, "7"]
    for line in found:
        (schemas.Unread if line["error"] else schemas.Reading).model_validate(line)
    assert [found[i]["error"]["status"] for i in (1, 3)] == [422, 415]
    assert found[1]["error"]["instance"] == reply.headers["x-request-id"]
    assert found[1]["error"]["detail"] == "b.png is truncated or damaged."


def test_a_line_of_a_batch_is_sent_as_soon_as_it_is_there(server, monkeypatch):
    original, go = server.service.read, threading.Event()

    async def read(self, upload, *rest, **options):
        assert upload.name != "1.png" or await asyncio.to_thread(go.wait, PATIENCE)
        return await original(upload, *rest, **options)

    monkeypatch.setattr(type(server.service), "read", read)
    with server.stream("POST", "/v1/read-batch", files=parts(SEVEN, BLANK)) as reply:
        lines = reply.iter_lines()
        assert json.loads(next(lines))["text"] == "7"
        go.set()  # the second is read only now
        assert json.loads(next(lines))["text"] == ""


def test_a_batch_waits_for_readers_instead_of_failing_half_way():
    with serving(workers=1, queue=0) as server:
        found = lines_of(server.post("/v1/read-batch", files=parts(*[SEVEN] * 8)))
        assert [line["text"] for line in found] == ["7"] * 8


def test_a_bug_in_one_picture_does_not_stop_the_others_and_reveals_nothing(server, monkeypatch, caplog):
    original = server.service.read

    async def read(self, upload, *rest, **options):
        if upload.name == "1.png":
            raise RuntimeError("secret /etc/passwd")
        return await original(upload, *rest, **options)

    monkeypatch.setattr(type(server.service), "read", read)
    reply = server.post("/v1/read-batch", files=parts(SEVEN, SEVEN, SEVEN))
    assert [line.get("text") for line in lines_of(reply)] == ["7", None, "7"]
    assert "secret" not in reply.text
    assert "secret" in caplog.text


def test_no_upload_touches_the_disk(server, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a file was made")

    for name in ("SpooledTemporaryFile", "TemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    page = io.BytesIO()
    Image.new("RGB", (1000, 1000), "white").save(page, "BMP")  # not compressed
    large = page.getvalue()
    assert len(large) > 2 * 2**20
    assert server.post("/v1/read?single=true", files=parts(large)).status_code == 200
    assert server.post("/v1/read?single=true", content=large).status_code == 200


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("seven.png", "seven.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\seven.png", "seven.png"),
        ("", "picture"),
        ("..", "picture"),
        ("/", "picture"),
        ("a\x00b\r\nc\u202egnp.exe", "abcgnp.exe"),
        ("Zahl übung 数字.png", "Zahl übung 数字.png"),
    ],
)
def test_names_of_files_are_made_safe(given_name, shown):
    assert safe_name(given_name) == shown


@given(st.text())
def test_a_safe_name_has_no_folder_no_control_character_and_an_end(name):
    safe = safe_name(name)
    assert 0 < len(safe) <= LONGEST_NAME
    assert not set(safe) & set("/\\\r\n\0\u2028\u202e")
    assert safe_name(safe) == safe


def document(*tones):
    pages = [Image.new("L", (40, 30), tone) for tone in tones]
    file = io.BytesIO()
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:])
    return file.getvalue()


def test_a_page_of_a_document_is_read_by_its_number(server):
    for page in (1, 2):
        answer = server.post(f"/v1/read?page={page}", content=document(10, 200)).json()
        assert (answer["page"], answer["pages"]) == (page, 2)
    answer = server.post("/v1/read?page=3", content=document(10, 200))
    assert slug(answer) == "invalid-option"
    assert "Use a page from 1 to 2." in answer.json()["remedy"]
    picture = server.post("/v1/read", content=SEVEN).json()
    assert (picture["page"], picture["pages"]) == (1, 1)
