"""Errors are problem details in all cases, and reveal nothing."""

from __future__ import annotations

import pytest
from serving import SEVEN, serving, slug

from inkread import errors
from inkread.errors import InkreadError, MissingExtraError, StoreError
from inkread.server.problems import KINDS, problem_of, problem_of_validation

ALL = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, InkreadError) and kind is not MissingExtraError
]


def test_an_unknown_address_is_a_problem(server):
    for path in ("/nothing", "/v1", "/v1/", "/v1/read/", "/static/nothing.js", "/docs", "/redoc"):
        assert slug(server.get(path)) == "not-found"


def test_a_wrong_method_is_a_problem_that_names_the_right_one(server):
    answer = server.get("/v1/read")
    assert (answer.status_code, slug(answer)) == (405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"


def test_a_problem_says_what_it_is_and_what_to_do(server):
    problem = server.get("/nothing").json()
    assert set(problem) == {"type", "title", "status", "detail", "instance", "remedy"}
    assert all(problem.values())


def test_a_bug_gives_nothing_away_but_is_logged(server, monkeypatch, caplog):
    def fail(*_, **__):
        raise RuntimeError("secret in /srv/app.py")

    monkeypatch.setattr(type(server.service), "read", fail)
    answer = server.post("/v1/read", content=SEVEN)
    assert (answer.status_code, slug(answer)) == (500, "internal")
    assert "secret" not in answer.text
    assert "Runtime" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "secret" in caplog.text
    assert answer.headers["x-request-id"] == caplog.records[-1].inkread["request"]


@pytest.mark.parametrize(
    "kind", [kind for kind in ALL if kind is not errors.OptionError]
)  # it names the option
def test_every_error_of_the_core_has_a_problem_without_its_source(kind):
    problem = problem_of(kind("/srv/secret/picture.png", "is wrong", "do something"), "seven.png")
    assert problem.slug in KINDS
    assert "secret" not in str(problem.to_dict("id"))


def test_a_store_that_fails_is_said_to_be_unavailable(tmp_path, monkeypatch, caplog):
    with serving(collect=True, store=f"sqlite:///{tmp_path / 'store.sqlite'}") as server:

        def fail(*_, **__):
            raise StoreError("/srv/secret.sqlite", "is full", "free space")

        for name in ("add_reading", "readings"):
            monkeypatch.setattr(type(server.service.store), name, fail)
        for answer in (server.post("/v1/read", content=SEVEN), server.get("/v1/readings")):
            assert (answer.status_code, slug(answer)) == (503, "store-unavailable")
            assert answer.headers["retry-after"] == "1"
            assert "secret" not in answer.text
    assert "is full" in caplog.text


def test_an_error_does_not_repeat_the_request(server):
    answer = server.get("/v1/readings?limit=%3Cscript%3E&unknown=%3Cscript%3E")
    assert slug(answer) == "invalid-option"
    assert "script" not in answer.text
    assert answer.json()["errors"] == [
        {"where": "query.limit", "problem": "is not a whole number"},
        {"where": "query.unknown", "problem": "is unknown"},
    ]


def test_a_great_many_wrong_things_are_not_all_listed():
    wrong = [{"type": "missing", "loc": ("body", str(number))} for number in range(1000)]
    problem = problem_of_validation(wrong)
    assert len(problem.errors) == 20
    assert problem.detail == "body.0 is missing; body.1 is missing; body.2 is missing."
