"""Which files the inputs of a job name."""

from __future__ import annotations

import fsspec
import pytest

from inkread.batch.planning import files_of
from inkread.batch.storage import Location, fetch
from inkread.errors import JobError, OptionError, PictureNotFoundError


@pytest.fixture
def scans(tmp_path):
    for name in ("b.png", "a.JPG", "deep/er/c.pdf", "deep/d.tar", "e.txt", ".hidden.png", ".cache/f.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


@pytest.fixture
def remote():
    """A store in memory, behind the same interface as S3."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    yield system
    system.store.clear()


def names(folder, *inputs):
    return [name.removeprefix(f"{folder}/") for name in files_of(map(str, inputs))]


def test_a_folder_gives_its_pictures_and_archives_with_subfolders_in_order(scans):
    assert names(scans, scans) == ["a.JPG", "b.png", "deep/d.tar", "deep/er/c.pdf"]


def test_links_to_folders_are_not_followed_because_they_may_lead_back(scans):
    (scans / "deep" / "back").symlink_to(scans)
    assert names(scans, scans) == ["a.JPG", "b.png", "deep/d.tar", "deep/er/c.pdf"]


def test_a_pattern_gives_its_matches_and_a_file_itself_whatever_its_name(scans):
    assert names(scans, scans / "*.[pJ]*", scans / ".hidden.png") == ["a.JPG", "b.png", ".hidden.png"]
    assert names(scans, scans / "dee*") == ["deep/d.tar", "deep/er/c.pdf"]


def test_a_list_gives_its_lines_relative_to_itself(scans):
    (scans / "deep" / "list.txt").write_text(f"er/c.pdf\n\n{scans}/b.png\ns3://bucket/x.png\n")
    assert names(scans, scans / "deep/list.txt") == ["deep/er/c.pdf", "b.png", "s3://bucket/x.png"]


def test_names_are_absolute(scans, monkeypatch):
    monkeypatch.chdir(scans)
    assert list(files_of(["b.png"])) == [f"{scans}/b.png"]


def test_a_url_gives_urls(remote):
    remote.pipe({"/scans/a/1.png": b"one", "/scans/2.png": b"two", "/scans/a/3.csv": b""})
    assert list(files_of(["memory://scans"])) == ["memory:///scans/2.png", "memory:///scans/a/1.png"]
    assert list(files_of(["memory://scans/**/1.*"])) == ["memory:///scans/a/1.png"]
    assert fetch("memory:///scans/a/1.png", 100) == b"one"


@pytest.mark.parametrize(
    ("given", "problem"),
    [("missing.png", "does not exist"), ("*.webp", "nothing to read"), ("empty", "nothing")],
)
def test_an_input_without_anything_to_read_is_an_error(scans, given, problem):
    (scans / "empty").mkdir()
    with pytest.raises(JobError, match=problem):
        list(files_of([str(scans / given)]))


def test_a_protocol_that_no_package_knows_is_an_error():
    with pytest.raises(OptionError, match="cannot be opened"):
        Location("nosuch://bucket")


def test_a_missing_file_is_the_pictures_error_and_a_failing_store_is_not(scans, remote, monkeypatch):
    for url in (str(scans / "missing.png"), "memory://missing.png"):
        with pytest.raises(PictureNotFoundError, match="does not exist"):
            fetch(url, 100)

    def unplugged(*_args, **_options):
        raise TimeoutError("no answer")

    remote.pipe({"/a.png": b"a"})
    monkeypatch.setattr(type(remote), "cat_file", unplugged)
    with pytest.raises(JobError, match=r"cannot be reached \(no answer\).*it resumes"):
        fetch("memory://a.png", 100)


def test_no_more_is_fetched_than_shows_that_a_file_is_too_large(scans):
    (scans / "b.png").write_bytes(bytes(100))
    assert len(fetch(str(scans / "b.png"), 10)) == 11
