"""The folder of the site: complete, the same each time, and never mixed with other files."""

from __future__ import annotations

import gzip
import json
import re
import tarfile
from pathlib import PurePosixPath

import pytest

from inkread.cli import main
from inkread.errors import DatasetNotFoundError, OptionError, OutputError
from inkread.site import Runtime, load_runtime, runtime, write_site
from inkread.site.build import networks, site_files
from inkread.site.runtime import BINARY, SCRIPT

EMPTY = Runtime(b"export const env = {};\n", b"\0asm\1\0\0\0")


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return site_files(EMPTY)


def test_every_file_that_a_file_of_the_site_names_is_in_the_site(files):
    named = {"index.html": re.findall(r'(?:href|src)="(?!#)([^":]+)"', files["index.html"].decode())}
    for name, content in files.items():
        if name.endswith(".js"):
            imports = re.findall(r'(?:from|import) "(\.[^"]+)"', content.decode())
            named[name] = imports
    for name, links in named.items():
        for link in links:
            parts = [*PurePosixPath(name).parent.parts]
            for part in PurePosixPath(link).parts:
                parts = parts[:-1] if part == ".." else [*parts, part]
            assert "/".join(parts) in files or link == "openapi.json", f"{name} names {link}"


def test_no_file_names_another_host(files):
    allowed = ("http://localhost", "http://www.w3.org/")
    for name, content in files.items():
        if name.endswith((".js", ".css", ".html", ".json")):
            hosts = [url for url in re.findall(r"https?://[\w.-]+/?", content.decode()) if url not in allowed]
            assert hosts == [], name


def test_the_same_version_makes_the_same_files(files):
    assert site_files(EMPTY) == files


def test_the_site_has_the_verified_networks_and_the_settings_of_the_reader(files):
    for name, model in networks().items():
        assert files[f"static/site/networks/{name}.onnx"] == model.content
    settings = json.loads(files["static/site/settings.json"])
    assert {"config", "fusion", "temperature", "version"} <= settings.keys()
    assert gzip.decompress(files["static/site/onnxruntime.wasm.gz"]) == EMPTY.binary


def test_a_changed_file_changes_the_version_that_is_kept_offline(files):
    def version(made: dict[str, bytes]) -> str:
        return re.findall(r'VERSION = "(\w+)"', made["service-worker.js"].decode())[0]

    other = site_files(Runtime(EMPTY.script + b"//", EMPTY.binary))
    assert version(other) != version(files)


def test_the_service_worker_keeps_every_file_but_itself(files):
    listed = re.search(r"FILES = (\[.*?\]);", files["service-worker.js"].decode(), re.DOTALL)
    assert listed
    assert {*json.loads(listed[1])} == {*files} - {"service-worker.js", "index.html"} | {"./"}


def test_a_site_can_be_written_again_but_not_over_other_files(tmp_path):
    written = write_site(tmp_path / "site", EMPTY)
    again = write_site(tmp_path / "site", EMPTY)
    assert written == again
    found = {
        path.relative_to(tmp_path / "site").as_posix(): path.stat().st_size
        for path in (tmp_path / "site").rglob("*")
        if path.is_file()
    }
    assert found == written.sizes
    worker = tmp_path / "site" / "service-worker.js"
    worker.write_text(
        worker.read_text().replace('"./",', '"./",\n  "static/gone.js",\n  "static/../../mine.txt",')
    )
    (tmp_path / "site" / "static" / "gone.js").touch()
    (tmp_path / "site" / "static" / "own.txt").touch()
    (tmp_path / "mine.txt").touch()
    write_site(tmp_path / "site", EMPTY)
    assert not (tmp_path / "site" / "static" / "gone.js").exists(), "files of an earlier site are removed"
    assert (tmp_path / "site" / "static" / "own.txt").exists()
    assert (tmp_path / "mine.txt").exists()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="contains other files"):
        write_site(tmp_path / "other", EMPTY)
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("where", ["", "dist", "package/dist"])
def test_the_runtime_can_be_a_folder(tmp_path, where):
    folder = tmp_path / where
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SCRIPT).write_bytes(EMPTY.script)
    (folder / BINARY).write_bytes(EMPTY.binary)
    assert load_runtime(tmp_path) == EMPTY


def test_the_runtime_can_be_a_file_of_npm_pack(tmp_path):
    for name, content in ((SCRIPT, EMPTY.script), (BINARY, EMPTY.binary)):
        (tmp_path / name).write_bytes(content)
    with tarfile.open(tmp_path / "runtime.tgz", "w:gz") as archive:
        for name in (SCRIPT, BINARY):
            archive.add(tmp_path / name, f"package/dist/{name}")
    assert load_runtime(tmp_path / "runtime.tgz") == EMPTY


@pytest.mark.parametrize("kind", ["missing", "empty", "folder", "archive"])
def test_anything_else_is_rejected_with_the_command_that_gets_the_runtime(tmp_path, kind):
    source = tmp_path / "given"
    if kind == "empty":
        source.touch()
    elif kind == "folder":
        source.mkdir()
    elif kind == "archive":
        with tarfile.open(source, "w:gz"):
            pass
    with pytest.raises(OptionError, match="npm pack onnxruntime-web"):
        load_runtime(source)


def test_without_a_network_the_error_names_the_command_that_gets_the_runtime(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("INKREAD_DATA", raising=False)
    monkeypatch.setattr(runtime, "MIRRORS", ("http://127.0.0.1:1/",))
    with pytest.raises(DatasetNotFoundError, match=r"npm pack onnxruntime-web.*--runtime"):
        load_runtime()


def test_the_command_says_how_much_it_wrote(tmp_path, capsys):
    folder = tmp_path / "runtime"
    folder.mkdir()
    (folder / SCRIPT).write_bytes(EMPTY.script)
    (folder / BINARY).write_bytes(EMPTY.binary)
    assert main(["site", "--out", str(tmp_path / "site"), "--runtime", str(folder)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"site: \d+ files, \d+\.\d MB", out)
    assert (tmp_path / "site" / "index.html").is_file()
