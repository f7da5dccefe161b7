"""Shards hold each input exactly once, whatever it is in."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from inkread.batch.planning import SHARE, SMALLEST, Planner
from inkread.batch.shards import Files, from_dict, to_dict
from inkread.errors import JobError, PictureError

NAMES = [f"{number:03d}.png" for number in range(100)]


def content(name):
    return name.encode() * (1 + int(name[:3]) % 7 * 200)


def write_tar(path, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name in NAMES:
            for each in (name, f"{name[:3]}.json", "._x.png", ".trash/x.png"):
                member = tarfile.TarInfo(f"{'long/' * 30}{each}")  # needs an extended header
                member.size = len(content(name))
                archive.addfile(member, io.BytesIO(content(name)))


def write_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        for name in NAMES:
            archive.writestr(f"{'long/' * 30}{name}", content(name))
            archive.writestr(f"__MACOSX/._{name}", b"x")
            archive.writestr(f".trash/{name}", b"x")


def write_table(path, *, as_struct=False):
    values = [{"bytes": content(name), "path": name} if as_struct else content(name) for name in NAMES]
    parquet.write_table(pa.table({"image": values, "label": NAMES}), path, row_group_size=7)


WRITERS = {
    "a.tar": write_tar,
    "a.tar.gz": lambda path: write_tar(path, "w:gz"),
    "a.tar.xz": lambda path: write_tar(path, "w:xz"),
    "a.zip": write_zip,
    "a.parquet": write_table,
    "b.parquet": lambda path: write_table(path, as_struct=True),
}


def planned(*names, most=10, column="image"):
    """The shards, each through the manifest's line."""
    shards = Planner(most=most, column=column).shards(map(str, names))
    return [from_dict(json.loads(json.dumps(to_dict(shard)))) for shard in shards]


def items(shards, most=10**6):
    return [item for shard in shards for item in shard.items(most)]


@pytest.mark.parametrize("name", WRITERS)
def test_the_pictures_in_an_archive_or_table_are_fetched_once_each_in_order(tmp_path, name):
    WRITERS[name](tmp_path / name)
    shards = planned(tmp_path / name)
    found = items(shards)
    assert [item.data for item in found] == [content(name) for name in NAMES]
    assert len({item.name for item in found}) == len(NAMES)
    assert all(item.name.startswith(f"{tmp_path / name}#") for item in found)
    compressed = ".tar." in name
    assert len(shards) == 1 if compressed else len(shards) > 5
    assert [shard.inputs for shard in shards] == (
        [None] if compressed else [len(items([shard])) for shard in shards]
    )


@pytest.mark.parametrize("name", WRITERS)
def test_no_more_of_a_picture_is_in_memory_than_shows_that_it_is_too_large(tmp_path, name):
    WRITERS[name](tmp_path / name)
    assert max(len(item.data) for item in items(planned(tmp_path / name), most=50)) == 51


@pytest.mark.parametrize("name", WRITERS)
def test_a_container_that_was_cut_off_ends_with_an_error_and_loses_nothing_before(tmp_path, name):
    WRITERS[name](tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    *before, last = items(planned(tmp_path / name))
    assert isinstance(last.data, PictureError)
    assert "cannot be read to its end" in str(last.data)
    assert last.name == str(tmp_path / name)
    good = [item.data for item in before if isinstance(item.data, bytes)]
    assert good == [content(name) for name in NAMES][: len(good)]
    assert (len(good) > 20) == (".tar" in name)  # the others have their table of contents at the end


def test_a_damaged_member_of_a_zip_archive_is_an_error_and_the_next_is_fetched(tmp_path):
    write_zip(tmp_path / "a.zip")
    damaged = (tmp_path / "a.zip").read_bytes().replace(content("050.png"), content("050.png")[:-1] + b"!")
    (tmp_path / "a.zip").write_bytes(damaged)
    found = items(planned(tmp_path / "a.zip"))
    assert [index for index, item in enumerate(found) if not isinstance(item.data, bytes)] == [50]
    assert len(found) == len(NAMES)


def test_an_empty_cell_is_an_error(tmp_path):
    parquet.write_table(pa.table({"image": [b"a", None, b""]}), tmp_path / "a.parquet")
    found = items(planned(tmp_path / "a.parquet"))
    assert [isinstance(item.data, PictureError) for item in found] == [False, True, True]


def test_a_table_without_the_column_stops_the_job_before_it_begins(tmp_path):
    write_table(tmp_path / "a.parquet")
    with pytest.raises(JobError, match="has no column 'scan'; name one with --column: image, label"):
        planned(tmp_path / "a.parquet", column="scan")


@given(count=st.integers(0, 5000), most=st.integers(1, 400))
def test_files_are_divided_into_shards_of_at_most_a_thirtythird_of_what_is_before(count, most):
    names = [f"/{number}.png" for number in range(count)]
    shards = planned(*names, most=most)
    assert [place for shard in shards for place in shard.places] == names
    done = 0
    for shard in shards:
        assert isinstance(shard, Files)
        assert 0 < shard.inputs <= min(most, max(SMALLEST, done // SHARE))
        done += shard.inputs
