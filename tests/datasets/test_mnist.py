import gzip
import hashlib
import io
import os
from pathlib import Path

import numpy as np
import pytest
from idx_files import idx, packed_idx
from rich.console import Console

from inkread.datasets import mnist
from inkread.datasets.data_dirs import cache_folder
from inkread.datasets.download import RemoteFile, download_bar
from inkread.datasets.mnist import MnistFile, load_mnist
from inkread.errors import DatasetFormatError, DatasetNotFoundError

IMAGES = np.random.default_rng(1).integers(0, 256, (3, 28, 28), np.uint8)
LABELS = np.array([7, 0, 9], np.uint8)


@pytest.fixture(autouse=True)
def lonely(monkeypatch, tmp_path):
    """There is no copy of MNIST, and the cache is empty."""
    real = os.environ.get("INKREAD_DATA")
    monkeypatch.delenv("INKREAD_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))
    return real


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """A published "MNIST" of three digits; returns the folder with its plain files."""
    folder = tmp_path / "published"
    folder.mkdir()
    files = []
    for name, array in (("images.gz", IMAGES), ("labels.gz", LABELS)):
        plain, packed = folder / name.removesuffix(".gz"), folder / name
        content = packed_idx(array)
        plain.write_bytes(idx(array))
        packed.write_bytes(content)
        files.append(
            MnistFile(
                RemoteFile(name, len(content), f"sha256:{hashlib.sha256(content).hexdigest()}"),
                plain.stat().st_size,
                hashlib.sha256(plain.read_bytes()).hexdigest(),
            )
        )
        packed.unlink()
    monkeypatch.setattr(mnist, "FILES", {"train": tuple(files)})
    return folder


def recompress(folder):
    for plain in list(folder.iterdir()):
        plain.with_name(plain.name + ".gz").write_bytes(gzip.compress(plain.read_bytes(), compresslevel=1))
        plain.unlink()


def test_local_copies_are_accepted_plain_and_compressed_in_any_way(tiny):
    plain = load_mnist("train", data_dir=tiny, download=False)
    recompress(tiny)
    packed = load_mnist("train", data_dir=tiny, download=False)
    for glyphs in (plain, packed):
        np.testing.assert_array_equal(glyphs.images, IMAGES)
        np.testing.assert_array_equal(glyphs.labels, LABELS)
    assert plain.describe("train") == packed.describe("train")


@pytest.mark.parametrize("below", ["", "mnist"])
def test_the_folder_of_inkread_data_is_searched_itself_and_below_mnist(tiny, monkeypatch, tmp_path, below):
    monkeypatch.setenv("INKREAD_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    tiny.rename(tmp_path / "data" / below) if below else tiny.rename(tmp_path / "data")
    assert len(load_mnist("train", download=False)) == 3


def test_the_hash_is_of_both_uncompressed_files_in_turn(tiny):
    content = (tiny / "images").read_bytes() + (tiny / "labels").read_bytes()
    assert load_mnist("train", data_dir=tiny, download=False).sha256 == hashlib.sha256(content).hexdigest()


def test_a_download_lands_in_the_cache_and_is_used_from_there(tiny):
    for plain in list(tiny.iterdir()):
        (tiny / f"{plain.name}.gz").write_bytes(packed_idx(IMAGES if plain.name == "images" else LABELS))
    mirror = tiny.as_uri() + "/"
    told = []
    load_mnist("train", mirrors=[mirror], progress=lambda *state: told.append(state))
    assert {name for name, _, _ in told} == {"images.gz", "labels.gz"}
    assert sorted(path.name for path in cache_folder("mnist").iterdir()) == ["images.gz", "labels.gz"]
    assert len(load_mnist("train", download=False)) == 3


@pytest.mark.parametrize("name", ["images", "images.gz"])
def test_a_local_copy_with_other_content_is_rejected_by_its_path(tiny, name):
    (tiny / "images").unlink()
    (tiny / name).write_bytes((packed_idx if name.endswith(".gz") else idx)(255 - IMAGES))
    with pytest.raises(DatasetFormatError, match="SHA-256") as caught:
        load_mnist("train", data_dir=tiny, download=False)
    assert caught.value.source == str(tiny / name)


def test_a_local_copy_that_is_truncated_gzip_is_rejected_by_its_path(tiny):
    recompress(tiny)
    path = tiny / "images.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DatasetFormatError, match="gzip") as caught:
        load_mnist("train", data_dir=tiny, download=False)
    assert caught.value.source == str(path)


@pytest.mark.parametrize("options", [{"download": False}, {"mirrors": ["http://127.0.0.1:1/"]}])
def test_offline_without_a_copy_the_message_names_the_four_files_and_where_to_put_them(monkeypatch, options):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(DatasetNotFoundError) as caught:
        load_mnist("test", **options)
    message = str(caught.value)
    for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        assert f"{part}-ubyte.gz" in message
    for part in (str(cache_folder("mnist")), "--data-dir", "INKREAD_DATA"):
        assert part in message


def test_a_data_dir_that_does_not_exist_is_named_rather_than_passed_over(tmp_path):
    with pytest.raises(DatasetNotFoundError, match="typo: is not a folder"):
        load_mnist("test", data_dir=tmp_path / "typo")


def test_a_relative_cache_variable_is_ignored_as_its_specification_says(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("LOCALAPPDATA", "relative")
    assert cache_folder("mnist").is_relative_to(Path.home())


def test_the_progress_bar_writes_only_to_its_console(capsys):
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    with download_bar(console) as progress:
        progress("images.gz", 5, 10)
        progress("images.gz", 10, 10)
    assert "images.gz" in console.file.getvalue()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("split", "count", "first"), [("train", 60000, [5, 0, 4, 1]), ("test", 10000, [7, 2, 1, 0])]
)
def test_the_real_files_have_the_pinned_content(lonely, split, count, first):
    data = Path(lonely or Path(__file__).parents[3] / "shared" / "data")
    if not (data / "mnist").is_dir():
        pytest.skip(f"MNIST is not in {data / 'mnist'}; INKREAD_DATA names the folder that has it")
    glyphs = load_mnist(split, data_dir=data, download=False)
    assert glyphs.images.shape == (count, 28, 28)
    assert glyphs.labels[:4].tolist() == first
