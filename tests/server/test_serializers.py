"""The contents of every response, and of the logs and metrics."""

from __future__ import annotations

import json
import logging
import re
import shlex
import shutil
from functools import partial

import pytest
from processes import Doer, SlowlyStarted, never_ready
from serving import SEVEN, TRUNCATED, answering, parts, serving, slug

import inkread
from inkread.errors import OptionError
from inkread.picture import supported_formats
from inkread.server.app import FOLDER, MEDIA_TYPES
from inkread.server.monitoring import JsonFormatter, log_config

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; media-src 'self' blob:; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@pytest.mark.parametrize(
    "path",
    ["/", "/static/icon.svg", "/v1/info", "/livez", "/metrics", "/openapi.json", "/nothing", "/v1/read"],
)
def test_every_answer_has_the_security_headers(server, path):
    headers = server.get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["permissions-policy"].startswith("camera=(self), microphone=()")
    assert re.fullmatch("[0-9a-f]{32}", headers["x-request-id"])


def test_rejections_before_the_application_have_them_too():
    with answering(api_key="key") as server:
        assert server.get("/v1/models").headers["content-security-policy"] == POLICY


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("abc-1.2_3", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("ü".encode(), False)],
)
def test_a_request_id_of_the_client_is_kept_if_it_is_harmless(server, sent, kept):
    answer = server.get("/nothing", headers={"X-Request-ID": sent})
    assert (answer.headers["x-request-id"] == sent) is kept
    assert answer.json()["instance"] == answer.headers["x-request-id"]


def test_answers_of_the_api_are_not_kept_by_anybody(server):
    for path in ("/v1/info", "/nothing"):
        assert server.get(path).headers["cache-control"] == "no-store"


def test_files_of_the_page_are_asked_after_and_not_sent_twice(server):
    for path in ("/", "/static/icon.svg"):
        first = server.get(path)
        assert first.status_code == 200
        assert first.headers["cache-control"] == "no-cache"
        again = server.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert server.head(path).headers["content-length"] == str(len(first.content))


def test_files_of_the_page_have_their_types(server):
    for file in FOLDER.rglob("*"):
        if file.is_file():
            answer = server.get(f"/static/{file.relative_to(FOLDER).as_posix()}")
            assert answer.content == file.read_bytes()
            assert answer.headers["content-type"] == MEDIA_TYPES[file.suffix]


@pytest.mark.parametrize(
    "path",
    ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "/etc/passwd", "..\\app.py", "%00", "a" * 5000, "js"],
)
def test_no_other_file_is_served(server, path):
    assert slug(server.get(f"/static/{path}")) == "not-found"


def test_the_page_can_be_left_away():
    with answering(static=False) as server:
        for path in ("/", "/static/icon.svg"):
            assert slug(server.get(path)) == "not-found"


def test_models_are_listed_with_their_cards(server):
    found = server.get("/v1/models").json()
    assert found["default"] == "default"
    models = {model["name"]: model for model in found["models"]}
    assert {name: (m["kind"], m["selectable"]) for name, m in models.items()} == {
        "default": ("glyphs", True),
        "characters": ("text", False),
        "detector": ("detector", False),
        "text": ("text", True),
    }
    assert models["default"]["card"]["sha256"] == inkread.models.load_model().card.sha256
    assert "/" not in models["default"]["name"]


def test_a_model_given_at_the_start_can_be_chosen():
    folder = str(inkread.models.load_model().path.parent)
    with serving(models={"mine": folder}) as server:
        found = server.get("/v1/models").json()["models"]
        assert [model["name"] for model in found] == ["default", "characters", "detector", "text", "mine"]
        assert folder not in json.dumps(found)
        answer = server.post("/v1/read?model=mine", content=SEVEN).json()
        assert (answer["model"], answer["text"]) == ("mine", "7")


def test_the_history_of_a_run_is_part_of_its_card(tmp_path):
    folder = shutil.copytree(inkread.models.load_model().path.parent, tmp_path / "run")
    (folder / "history.csv").write_text("epoch,train_loss\n1,0.5\n2,0.25\n")
    with answering(models={"mine": str(folder)}) as server:
        found = {model["name"]: model["card"] for model in server.get("/v1/models").json()["models"]}
    assert found["mine"]["history"] == [{"epoch": 1, "train_loss": 0.5}, {"epoch": 2, "train_loss": 0.25}]
    assert found["default"]["history"] == []


def test_the_report_of_a_run_is_served_and_may_do_nothing(tmp_path):
    folder = shutil.copytree(inkread.models.load_model().path.parent, tmp_path / "run")
    with answering(models={"mine": str(folder)}) as server:
        assert slug(server.get("/v1/models/mine/report")) == "not-found"
        (folder / "report.html").write_text("<!doctype html><p>é", encoding="utf-8")
        answer = server.get("/v1/models/mine/report")
        listed = {model["name"]: model["report"] for model in server.get("/v1/models").json()["models"]}
    assert answer.text == "<!doctype html><p>é"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert listed == dict.fromkeys(("default", "characters", "detector", "text"), False) | {"mine": True}


@pytest.mark.parametrize("name", ["default", "nobody", "..", "%2e%2e", "mine%2f..%2fother"])
def test_no_other_report_is_served(server, name):
    assert slug(server.get(f"/v1/models/{name}/report")) == "not-found"


def test_a_report_that_is_a_link_is_not_followed(tmp_path):
    folder = shutil.copytree(inkread.models.load_model().path.parent, tmp_path / "run")
    (tmp_path / "secret").write_text("not for you")
    (folder / "report.html").symlink_to(tmp_path / "secret")
    with answering(models={"mine": str(folder)}) as server:
        assert slug(server.get("/v1/models/mine/report")) == "not-found"


def test_the_command_of_a_run_reveals_no_local_folder(tmp_path):
    folder = shutil.copytree(inkread.models.load_model().path.parent, tmp_path / "run")
    card = json.loads((folder / "card.json").read_text())
    words = [
        "inkread",
        "train",
        "--data",
        "/home/ada/my digits",
        "--data",
        r"C:\pictures\hers",
        "--out",
        "runs/mine",
    ]
    (folder / "card.json").write_text(json.dumps(card | {"command": shlex.join(words)}))
    with answering(models={"mine": str(folder)}) as server:
        found = {model["name"]: model["card"] for model in server.get("/v1/models").json()["models"]}
    assert found["mine"]["command"] == "inkread train --data 'my digits' --data hers --out runs/mine"
    assert found["default"]["command"] == inkread.models.load_model().card.command


def test_a_model_of_other_classes_than_digits_is_rejected_at_the_start(tmp_path):
    folder = shutil.copytree(inkread.models.load_model().path.parent, tmp_path / "run")
    card = json.loads((folder / "card.json").read_text())
    garments = [
        "Trouser",
        "Coat",
        "Bag",
        "Boot",
        "Dress",
        "Shirt",
        "Sandal",
        "Top",
        "Pullover",
        "Sneaker",
        "",
    ]
    (folder / "card.json").write_text(json.dumps(card | {"labels": garments}))
    with (
        pytest.raises(OptionError, match=r"reads Trouser.* instead of the ten digits"),
        answering(models={"mine": str(folder)}),
    ):
        pass


def test_info_lists_the_limits_and_the_formats():
    with answering(max_bytes=1, max_pixels=2, max_files=3, max_rows=4, max_seconds=5) as server:
        found = server.get("/v1/info").json()
    assert found["version"] == inkread.__version__
    assert found["limits"] == {"bytes": 1, "pixels": 2, "files": 3, "rows": 4, "seconds": 5}
    assert (found["collect"], found["api_key"]) == (False, False)
    assert found["formats"] == supported_formats()


def test_the_server_is_ready_only_after_a_reading():
    doer = Doer()
    with serving(reader=partial(SlowlyStarted, doer)) as server:
        doer.wait_for()
        assert server.get("/livez").status_code == 200
        answer = server.get("/readyz")
        assert (answer.status_code, slug(answer)) == (503, "not-ready")
        assert "are loading" in answer.json()["detail"]
        doer.let_go()
        while server.get("/readyz").status_code != 200:
            pass
        assert server.post("/v1/read", content=SEVEN).json()["text"] == "7"


def test_a_server_that_cannot_read_never_gets_ready(caplog):
    with serving(reader=never_ready) as server:
        while "no model" not in caplog.text:
            pass
        assert server.get("/readyz").status_code == 503


def test_metrics_count_requests_readings_and_digits():
    with serving() as server:
        server.post("/v1/read", content=SEVEN)
        server.post("/v1/read", content=TRUNCATED)
        server.request("FANCY", "/v1/read")
        server.get("/some/strange/path")
        answer = server.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    figures = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if line[0] != "#")
    assert figures['inkread_requests_total{method="POST",route="/v1/read",status="200"}'] == "1.0"
    assert figures['inkread_requests_total{method="POST",route="/v1/read",status="422"}'] == "1.0"
    assert figures['inkread_digits_read_total{model="default"}'] == "1.0"
    assert figures['inkread_reading_seconds_count{model="default"}'] == "2.0"
    assert figures['inkread_request_seconds_count{route="/v1/read"}'] in ("2.0", "3.0")
    assert figures["inkread_readers"] == "1.0"
    assert not [name for name in figures if "strange" in name or "FANCY" in name]


def test_the_log_has_a_line_for_a_request_and_nothing_of_its_content(server, caplog):
    caplog.set_level(logging.INFO, "inkread.server")
    server.post("/v1/read?single=true", files=parts(SEVEN, names=["secret-name.png"]))
    server.get("/v1/readings?search=secret-text")
    while len(records := [record for record in caplog.records if record.name == "inkread.server"]) < 2:
        pass  # a line is written once its response has been sent
    lines = [json.loads(JsonFormatter().format(record)) for record in records]
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [
        ("POST", "/v1/read", 200),
        ("GET", "/v1/readings", 404),
    ]
    assert all(line["milliseconds"] > 0 and line["request"] and line["time"] for line in lines)
    assert "secret" not in json.dumps(lines)


def test_a_log_entry_of_any_content_is_one_line():
    record = logging.LogRecord("x", logging.INFO, "", 0, "a\nb \u2028 %s", ("c",), None)
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == "a\nb \u2028 c"


def test_the_log_configuration_is_one(monkeypatch):
    import logging.config

    logging.config.DictConfigurator(log_config("info"))
    assert log_config("warning")["loggers"]["inkread.server"]["level"] == "WARNING"
