import dataclasses
import hashlib
import resource
import signal
import subprocess
import sys

import pytest

from inkread.datasets.download import ROUNDS, RemoteFile, download
from inkread.errors import DatasetNotFoundError, OutputError

CONTENT = bytes(range(256)) * 1000
FILE = RemoteFile("digits.gz", len(CONTENT), f"sha256:{hashlib.sha256(CONTENT).hexdigest()}")
UNSIZED = dataclasses.replace(FILE, size=None, digest=f"md5:{hashlib.md5(CONTENT).hexdigest()}")


@pytest.fixture(autouse=True)
def published(mirrors):
    mirrors.files[FILE.name] = CONTENT


def fetch(folder, addresses, file=FILE, **options):
    path = download(file, folder, mirrors=addresses, timeout=300, **options)
    assert path == folder / FILE.name
    assert path.read_bytes() == CONTENT
    assert [entry.name for entry in folder.iterdir()] == [FILE.name], "no part stays"


def test_a_file_arrives_complete_and_its_progress_is_reported(tmp_path, mirrors):
    told = []
    fetch(tmp_path / "new" / "folder", mirrors("good"), progress=lambda *state: told.append(state))
    assert told[-1] == (FILE.name, FILE.size, FILE.size)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_a_cut_connection_continues_where_it_broke_off(tmp_path, mirrors):
    fetch(tmp_path, mirrors("cut"))
    assert mirrors.requests == [("cut", None), ("cut", f"bytes={len(CONTENT) // 2}-")]


def test_another_mirror_continues_what_one_began(tmp_path, mirrors):
    fetch(tmp_path, mirrors("cut", "good"))
    assert mirrors.requests == [("cut", None), ("good", f"bytes={len(CONTENT) // 2}-")]


@pytest.mark.parametrize("mirror", ["rangeless", "unsatisfiable", "shifted", "good"])
def test_a_partial_download_is_completed_even_if_the_server_ignores_ranges(tmp_path, mirrors, mirror):
    (tmp_path / "digits.gz.part").write_bytes(CONTENT[:1000])
    fetch(tmp_path, mirrors(mirror, "good"))
    assert mirrors.requests[0] == (mirror, "bytes=1000-")


@pytest.mark.parametrize("stale", [b"wrong" * 10, b"wrong" * len(CONTENT)])
def test_a_part_that_belongs_to_another_file_is_thrown_away(tmp_path, mirrors, stale):
    (tmp_path / "digits.gz.part").write_bytes(stale)
    fetch(tmp_path, mirrors("good"))


@pytest.mark.parametrize("bad", ["corrupt", "endless", "absent"])
def test_a_bad_mirror_is_passed_over_for_a_good_one(tmp_path, mirrors, bad):
    fetch(tmp_path, mirrors(bad, "good"))
    assert mirrors.requests == [(bad, None), ("good", None)]


@pytest.mark.parametrize("mirror", ["good", "cut", "rangeless", "unsatisfiable"])
def test_a_file_of_unknown_size_arrives_whole_and_by_another_hash(tmp_path, mirrors, mirror):
    told = []
    fetch(tmp_path, mirrors(mirror, "good"), UNSIZED, progress=lambda *state: told.append(state))
    assert told[-1] == (FILE.name, len(CONTENT), len(CONTENT))


@pytest.mark.parametrize(
    ("mirror", "reason"),
    [("endless", "offers 1000000000000 bytes"), ("unannounced", "delivered a different file")],
)
def test_of_a_file_of_unknown_size_no_more_is_taken_than_the_limit(
    tmp_path, mirrors, monkeypatch, mirror, reason
):
    monkeypatch.setattr("inkread.datasets.download.LARGEST", len(CONTENT))
    with pytest.raises(DatasetNotFoundError, match=reason):
        download(UNSIZED, tmp_path, mirrors=mirrors(mirror), timeout=300)
    assert not list(tmp_path.iterdir())


def test_nothing_is_kept_of_a_wrong_file(tmp_path, mirrors):
    with pytest.raises(DatasetNotFoundError, match=r"digits\.gz: .*corrupt/ delivered a different file"):
        download(FILE, tmp_path, mirrors=mirrors("corrupt"), timeout=300)
    assert not list(tmp_path.iterdir())
    assert len(mirrors.requests) == ROUNDS


def test_each_mirror_is_named_with_its_reason_when_none_has_the_file(tmp_path, mirrors):
    closed = mirrors("absent")[0]
    with pytest.raises(DatasetNotFoundError) as caught:
        download(FILE, tmp_path, mirrors=[closed, "http://127.0.0.1:1/"], timeout=300)
    assert f"{closed} answered 404" in str(caught.value)
    assert "http://127.0.0.1:1/ cannot be reached" in str(caught.value)


def test_a_folder_that_cannot_be_made_is_an_output_error(tmp_path, mirrors):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        download(FILE, tmp_path / "file", mirrors=mirrors("good"), timeout=300)


@pytest.mark.parametrize("room", [0, 1, len(CONTENT) // 2, len(CONTENT) - 1])
def test_a_download_on_a_full_disk_is_an_error_and_continues_when_there_is_room(tmp_path, mirrors, room):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with pytest.raises(OutputError, match="File too large"):
            download(FILE, tmp_path, mirrors=mirrors("good"), timeout=300)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path.name for path in tmp_path.iterdir()] == [f"{FILE.name}.part"]
    fetch(tmp_path, mirrors("good"))
    assert mirrors.requests[1] == ("good", f"bytes={room}-" if room else None)


KILLED = """
import os, signal, sys
from pathlib import Path
from inkread.datasets.download import RemoteFile, download
name, size, digest, folder, mirror, number = sys.argv[1:]
calls = []
def progress(*_):
    calls.append(1)
    if len(calls) == int(number):
        os.kill(os.getpid(), signal.SIGKILL)
download(RemoteFile(name, int(size), digest), Path(folder), mirrors=[mirror], timeout=300, progress=progress)
"""


@pytest.mark.parametrize("number", [1, 3])
def test_a_download_killed_at_any_piece_continues_from_what_is_on_disk(tmp_path, mirrors, number):
    (mirror,) = mirrors("good")
    words = [FILE.name, str(FILE.size), FILE.digest, str(tmp_path), mirror, str(number)]
    ended = subprocess.run([sys.executable, "-c", KILLED, *words], check=False).returncode
    assert ended == -signal.SIGKILL
    assert not (tmp_path / FILE.name).exists()
    have = (tmp_path / f"{FILE.name}.part").stat().st_size
    fetch(tmp_path, [mirror])
    assert mirrors.requests[1] == ("good", f"bytes={have}-" if have else None)
