"""A job from and to an object store: a real S3 server on this machine."""

from __future__ import annotations

import io
import tarfile

import pytest
from batch_jobs import job_of, png
from pyarrow import parquet

from inkread.batch import LocalEngine, run
from inkread.batch.storage import Location
from inkread.errors import JobError

moto = pytest.importorskip("moto.server", reason="moto is not installed")
s3fs = pytest.importorskip("s3fs", reason="s3fs is not installed")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture
def bucket(monkeypatch):
    """The server's file system, with an empty bucket ``scans``."""
    server = moto.ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    for name, value in {
        "AWS_ENDPOINT_URL": "http://{}:{}".format(*server.get_host_and_port()),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    system = s3fs.S3FileSystem(skip_instance_cache=True, use_listings_cache=False)
    system.mkdir("scans")
    yield system
    system.rm("scans", recursive=True)
    server.stop()
    s3fs.S3FileSystem.clear_instance_cache()


def test_a_job_reads_from_s3_and_writes_to_it_and_continues_there(bucket):
    bucket.pipe({f"scans/a/{width}.png": png(width) for width in range(20, 40)})
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for width in range(40, 60):
            member = tarfile.TarInfo(f"{width}.png")
            member.size = len(png(width))
            archive.addfile(member, io.BytesIO(png(width)))
    bucket.pipe({"scans/b.tar": content.getvalue()})
    job = job_of("s3://scans/", out="s3://scans/out", style="parquet", part_size=8)
    steps = run(job, LocalEngine(1))
    for _ in range(2):
        next(steps)
    steps.close()
    *_, last = run(job, LocalEngine(2))
    assert last.before >= 1
    names = [name for name in bucket.ls("scans/out") if "/part-" in name]
    rows = [row for name in names for row in parquet.read_table(bucket.open(name)).to_pylist()]
    assert sorted(row["text"] for row in rows) == [str(width) for width in range(20, 60)]
    assert {row["source"].partition("#")[0] for row in rows} == {
        *(f"s3://scans/a/{width}.png" for width in range(20, 40)),
        "s3://scans/b.tar",
    }
    (finished,) = run(job, LocalEngine(1))
    assert finished.before == finished.shards


def test_a_bucket_that_does_not_answer_stops_the_job_instead_of_failing_its_pictures(bucket, tmp_path):
    bucket.pipe({"scans/20.png": png(20)})
    (tmp_path / "list.txt").write_text("s3://scans/20.png\ns3://scans/missing.png\ns3://nosuchbucket/1.png\n")
    location = Location("s3://scans/20.png")
    assert location.open().read() == png(20)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(s3fs.S3FileSystem, "_call_s3", _refuse)
        with pytest.raises(JobError, match="cannot be reached"):
            list(run(job_of(tmp_path / "list.txt", out=tmp_path / "out"), LocalEngine(1)))
    assert not list((tmp_path / "out").glob("part-*"))
    *_, last = run(job_of(tmp_path / "list.txt", out=tmp_path / "out"), LocalEngine(1))
    assert (last.done.rows, last.done.errors) == (3, 2)


async def _refuse(*_args, **_options):
    raise PermissionError("Forbidden")
