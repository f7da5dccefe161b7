"""The serverless function answers what the server answers."""

from __future__ import annotations

import base64
import importlib.util
import json

import pytest
from deployment import DEPLOY, ROOT

PICTURE = (ROOT / "examples" / "pencil_rows.jpg").read_bytes()
TEXT = "2718\n28459\n0452"


@pytest.fixture(scope="module")
def function():
    spec = importlib.util.spec_from_file_location("handler", DEPLOY / "serverless" / "handler.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def event(body=PICTURE, *, version="2.0", **query):
    """A request as AWS Lambda passes it on, by a function URL or by a load balancer."""
    content = {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    if version == "2.0":
        request = {"version": "2.0", "requestContext": {"http": {"method": "POST", "path": "/"}}}
        return request | content | ({"queryStringParameters": query} if query else {})
    return {"httpMethod": "POST", "path": "/", "queryStringParameters": query or None} | content


def test_bytes_become_a_reading(function):
    reading = function.read(PICTURE)
    assert (reading["text"], reading["width"], reading["height"]) == (TEXT, 900, 780)
    json.dumps(reading)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_an_event_is_answered_with_the_reading_as_json(function, version):
    answer = function.handler(event(version=version), None)
    assert answer["statusCode"] == 200
    assert answer["headers"]["content-type"] == "application/json"
    assert answer["isBase64Encoded"] is False
    assert json.loads(answer["body"])["text"] == TEXT


def test_options_are_in_the_query(function):
    unsure = json.loads(function.handler(event(min_probability="1"))["body"])
    assert "?" in unsure["text"]
    assert len(json.loads(function.handler(event(single="true"))["body"])["text"]) <= 1


DAMAGED = PICTURE[: len(PICTURE) // 2]


REFUSED = {
    "no picture": (event(b"hello"), "not-a-picture"),
    "an empty body": (event(b""), "not-a-picture"),
    "no body": ({}, "not-a-picture"),
    "no Base64": ({"body": "é", "isBase64Encoded": True}, "not-a-picture"),
    "text": ({"body": "plain text \ud800"}, "not-a-picture"),
    "half a picture": (event(DAMAGED), "damaged-picture"),
    "a page that is not there": (event(page="2"), "not-a-picture"),
    "a page that is no number": (event(page="x"), "invalid-option"),
    "a choice that is none": (event(single="maybe"), "invalid-option"),
    "a probability above 1": (event(min_probability="2"), "invalid-option"),
    "an unknown option": (event(draw="true"), "invalid-option"),
}


@pytest.mark.parametrize(("given", "slug"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_a_problem_with_a_remedy(function, given, slug):
    answer = function.handler(given, None)
    problem = json.loads(answer["body"])
    assert problem["type"] == f"urn:inkread:problem:{slug}"
    assert problem["status"] == answer["statusCode"]
    assert problem["detail"]
    assert problem["remedy"]
    assert answer["headers"]["content-type"] == "application/problem+json"


def test_the_problems_have_the_types_and_statuses_of_the_server(function):
    pytest.importorskip("fastapi", reason="needs the server: pip install '.[serve]'")
    from inkread.server.problems import KINDS

    assert all(KINDS[slug][0] == status for status, slug in function.PROBLEMS.values())


def test_a_reading_has_the_keys_of_the_servers(function):
    pytest.importorskip("fastapi", reason="needs the server: pip install '.[serve]'")
    from serving import serving

    with serving(static=False) as server:
        assert set(function.read(PICTURE)) <= set(server.post("/v1/read", content=PICTURE).json())
