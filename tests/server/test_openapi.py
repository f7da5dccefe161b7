"""The document describes the whole API and nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, settings
from serving import SEVEN, serving

from inkread.server import ServerSettings, create_app, schemas, stored_schemas
from inkread.server.problems import KINDS, MEDIA_TYPE

OPERATIONS = {
    "read": ("post", "/v1/read"),
    "read_batch": ("post", "/v1/read-batch"),
    "classify_glyphs": ("post", "/v1/glyphs"),
    "list_models": ("get", "/v1/models"),
    "get_report": ("get", "/v1/models/{name}/report"),
    "info": ("get", "/v1/info"),
    "livez": ("get", "/livez"),
    "readyz": ("get", "/readyz"),
    "metrics": ("get", "/metrics"),
    "correct": ("post", "/v1/corrections"),
    "list_corrections": ("get", "/v1/corrections"),
    "withdraw_correction": ("delete", "/v1/corrections/{id}"),
    "list_readings": ("get", "/v1/readings"),
    "get_reading": ("get", "/v1/readings/{id}"),
    "get_picture": ("get", "/v1/readings/{id}/picture"),
    "remove_reading": ("delete", "/v1/readings/{id}"),
    "remove_readings": ("delete", "/v1/readings"),
}
"""Generated clients rely on these names."""


@pytest.fixture(scope="module")
def document(server):
    return server.get("/openapi.json").json()


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_the_operations_keep_their_names(document):
    found = {operation["operationId"]: (method, path) for method, path, operation in operations(document)}
    assert found == OPERATIONS


def test_every_operation_is_described(document):
    for _, path, operation in operations(document):
        assert operation["summary"], path
        assert len(operation["description"]) > 20, path
        assert operation["tags"], path


def test_every_rejection_is_a_problem_with_an_example(document):
    for _, path, operation in operations(document):
        for status, answer in operation["responses"].items():
            assert "X-Request-ID" in answer["headers"], (path, status)
            if int(status) >= 400:
                content = answer["content"][MEDIA_TYPE]
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
                for slug, example in content["examples"].items():
                    schemas.Problem.model_validate(example["value"])
                    assert KINDS[slug][0] == int(status)


def test_the_examples_are_of_the_shapes(document):
    schemas.Reading.model_validate(schemas.READING_EXAMPLE)
    examples = document["components"]["schemas"]["NewCorrection"]["examples"]
    assert [stored_schemas.NewCorrection.model_validate(example) for example in examples]


def test_every_shape_that_is_named_is_there(document):
    text = json.dumps(document)
    for name in document["components"]["schemas"]:
        assert f"#/components/schemas/{name}" in text or name in ("Unread", "GlyphRequest"), name
    assert "HTTPValidationError" not in text


def test_the_document_is_the_same_each_time(server, document):
    assert server.get("/openapi.json").json() == document
    assert create_app(ServerSettings(api_key=None)).openapi() == document


# Every response must be documented and must not be a failure, for any request.

schemathesis = pytest.importorskip("schemathesis")
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    positive_data_acceptance,
)


@pytest.fixture(scope="module")
def explored(tmp_path_factory):
    """A server with all options on, and a stored reading."""
    store = tmp_path_factory.mktemp("explored") / "store.sqlite"
    with serving(collect=True, store=f"sqlite:///{store}", max_bytes=100_000) as server:
        while server.get("/readyz").status_code != 200:
            pass
        server.post("/v1/read", content=SEVEN)
        yield server


schema = schemathesis.openapi.from_dict(create_app(ServerSettings(api_key=None)).openapi())

UNDESCRIBABLE = ("read", "read_batch", "classify_glyphs")
"""Operations whose schema cannot express which pictures or .npy files are valid."""


# Schemathesis has no generator for some pictures that the schema allows, and warns if it draws one.
@pytest.mark.filterwarnings("ignore:Skipped test cases with unsupported payload")
@schema.parametrize()
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
def test_no_request_makes_the_server_fail_or_answer_what_is_not_documented(case, explored):
    free = case.operation.definition.raw["operationId"] in UNDESCRIBABLE
    excluded = [positive_data_acceptance, negative_data_rejection] if free else []
    case.call_and_validate(base_url=explored.url, excluded_checks=excluded)
