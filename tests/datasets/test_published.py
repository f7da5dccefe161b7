"""Named collections, from miniature files in their formats on local mirrors."""

from __future__ import annotations

import bz2
import dataclasses
import gzip
import hashlib
import io
import sys
import zipfile

import numpy as np
import pytest
from idx_files import packed_idx

from inkread.datasets import low_resolution, published, registry
from inkread.datasets.data_dirs import cache_folder
from inkread.datasets.download import RemoteFile
from inkread.datasets.published import PUBLISHED
from inkread.datasets.registry import NAMES, load_named
from inkread.errors import DatasetFormatError, DatasetNotFoundError, MissingExtraError, OptionError
from inkread.models.card import DIGIT_CLASSES

IMAGES = np.random.default_rng(1).integers(0, 256, (4, 28, 28), np.uint8)
LABELS = np.array([3, 0, 9, 1], np.uint8)
STROKE = np.full((16, 16), -1.0)
STROKE[:, 7:9] = 1.0


def archive(members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return stream.getvalue()


def usps(*rows):
    """Makes LIBSVM text from (label, 16×16) pairs."""
    lines = (
        f"{label} " + " ".join(f"{i}:{value:g}" for i, value in enumerate(image.ravel(), 1)) + " \n"
        for label, image in rows
    )
    return bz2.compress("".join(lines).encode())


@pytest.fixture(autouse=True)
def lonely(monkeypatch, tmp_path):
    """There is no copy of the collection, and the cache is empty."""
    monkeypatch.delenv("INKREAD_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))


@pytest.fixture
def publish(monkeypatch, mirrors):
    """Replaces a collection's files of both splits on a mirror, with hashes of the same kind."""

    def put(name, *contents, mirror="good"):
        collection = PUBLISHED[name]
        files = []
        for file, content in zip(collection.files["train"], contents, strict=True):
            mirrors.files[file.name] = content
            algorithm = file.digest.partition(":")[0]
            digest = f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"
            files.append(RemoteFile(file.name, file.size and len(content), digest))
        changes = {"files": dict.fromkeys(("train", "test"), tuple(files)), "mirrors": tuple(mirrors(mirror))}
        monkeypatch.setitem(PUBLISHED, name, dataclasses.replace(collection, **changes))

    return put


@pytest.mark.parametrize("name", ["fashion-mnist", "kmnist"])
def test_files_named_like_mnist_are_read_like_mnist_with_their_own_classes(publish, name):
    publish(name, packed_idx(IMAGES), packed_idx(LABELS))
    glyphs = load_named(name, "train")
    np.testing.assert_array_equal(glyphs.images, IMAGES)
    np.testing.assert_array_equal(glyphs.labels, LABELS)
    assert len(glyphs.classes) == 10
    assert glyphs.classes != DIGIT_CLASSES
    assert glyphs.sha256 == hashlib.sha256(IMAGES.tobytes() + LABELS.tobytes()).hexdigest()


def test_of_qmnists_columns_the_first_is_the_class(publish):
    columns = np.column_stack([LABELS, LABELS + 40, np.full(4, 2599)]).astype(np.int32)
    publish("qmnist", packed_idx(IMAGES), packed_idx(columns))
    glyphs = load_named("qmnist", "test")
    np.testing.assert_array_equal(glyphs.labels, LABELS)
    assert glyphs.classes == DIGIT_CLASSES


@pytest.mark.parametrize(
    ("name", "stored", "label"),
    [("emnist-digits", 9, "9"), ("emnist-letters", 1, "A"), ("emnist-letters", 26, "Z"),
     ("emnist-balanced", 9, "9"), ("emnist-balanced", 10, "A"), ("emnist-balanced", 36, "a"),
     ("emnist-balanced", 38, "d"), ("emnist-balanced", 46, "t"),
     ("emnist-byclass", 9, "9"), ("emnist-byclass", 10, "A"), ("emnist-byclass", 61, "z")],
)  # fmt: skip
def test_emnists_archive_gives_upright_glyphs_of_its_parts(publish, name, stored, label):
    members = {
        f"gzip/{name}-test-images-idx3-ubyte.gz": packed_idx(IMAGES.swapaxes(1, 2).copy()),
        f"gzip/{name}-test-labels-idx1-ubyte.gz": packed_idx(np.full(4, stored, np.uint8)),
    }
    publish(name, archive(members))
    glyphs = load_named(name, "test")
    np.testing.assert_array_equal(glyphs.images, IMAGES)
    assert {glyphs.classes[i] for i in glyphs.labels} == {label}
    assert (cache_folder("emnist") / "gzip.zip").is_file(), "one archive for all parts"


def test_emnists_classes_are_as_many_as_its_paper_says():
    counts = {part: len(PUBLISHED[f"emnist-{part}"].classes) for part in ("letters", "balanced", "byclass")}
    assert counts == {"letters": 26, "balanced": 47, "byclass": 62}
    assert len(set(PUBLISHED["emnist-balanced"].classes)) == 47


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        (None, "not a zip file"),
        ({}, "There is no item named"),
        ({"gzip/emnist-digits-train-images-idx3-ubyte.gz": b"x" * 200}, "more than 100 bytes"),
        ({"gzip/emnist-digits-train-images-idx3-ubyte.gz": b"x" * 50}, "is not an IDX file"),
    ],
)
def test_an_archive_that_is_not_emnists_is_rejected(publish, monkeypatch, members, problem):
    monkeypatch.setattr(published, "LARGEST_MEMBER", 100)
    publish("emnist-digits", b"no archive" if members is None else archive(members))
    with pytest.raises(DatasetFormatError, match=problem):
        load_named("emnist-digits", "train")


def test_usps_is_enlarged_into_the_geometry_of_mnist(publish):
    publish("usps", usps((10, STROKE), (1, STROKE.T)))
    glyphs = load_named("usps", "train")
    assert glyphs.labels.tolist() == [9, 0]
    upright, level = glyphs.images
    rows, columns = np.nonzero(upright > 127)
    assert (np.ptp(rows) + 1, 2 <= np.ptp(columns) + 1 <= 4) == (20, True)
    assert (upright[4:24].max(), upright[:3].max(), upright[:, :10].max()) == (255, 0, 0)
    assert np.abs(level.T.astype(int) - upright).max() <= 40, "the same stroke, turned"


@pytest.mark.parametrize(
    "content",
    [b"", b"no bzip2", bz2.compress(b""), bz2.compress(b"1 1:0 2:x\n"), bz2.compress(b"1 1:0 2:1\n"),
     usps((1, STROKE * 2)), usps((1, STROKE), (1, STROKE[:15])), usps((1, STROKE))[:-20]],
    ids=["empty", "other", "nothing", "words", "short", "large", "ragged", "cut"],
)  # fmt: skip
def test_a_file_that_is_not_usps_is_rejected(publish, content):
    publish("usps", content)
    with pytest.raises(DatasetFormatError, match=r"usps\.bz2: is not a bzip2 file of USPS"):
        load_named("usps", "train")


def test_usps_that_unpacks_to_too_much_is_rejected(publish, monkeypatch):
    monkeypatch.setattr(low_resolution, "LARGEST_TEXT", 100)
    publish("usps", usps((1, STROKE)))
    with pytest.raises(DatasetFormatError, match="more than 100 bytes"):
        load_named("usps", "train")


@pytest.mark.parametrize(("name", "label"), [("usps", 11), ("usps", 0)])
def test_a_label_without_a_class_is_rejected(publish, name, label):
    publish(name, usps((label, STROKE)))
    with pytest.raises(DatasetFormatError, match="labels outside its classes"):
        load_named(name, "train")


def test_a_download_that_broke_off_is_continued_and_then_used_from_the_cache(publish, mirrors):
    images, labels = packed_idx(IMAGES), packed_idx(LABELS)
    publish("kmnist", images, labels, mirror="cut")
    told = []
    load_named("kmnist", "train", progress=lambda *state: told.append(state))
    asked = len(mirrors.requests)
    assert any(span for _, span in mirrors.requests)
    assert told[-1] == ("train-labels-idx1-ubyte.gz", len(labels), len(labels))
    load_named("kmnist", "train")
    assert len(mirrors.requests) == asked


def test_a_mirror_with_another_file_is_rejected_and_the_message_says_what_to_do(publish):
    publish("kmnist", packed_idx(IMAGES), packed_idx(LABELS), mirror="corrupt")
    with pytest.raises(DatasetNotFoundError, match="delivered a different file") as caught:
        load_named("kmnist", "train")
    for part in ("KMNIST, train-images-idx3-ubyte.gz", str(cache_folder("kmnist")), "--data-dir"):
        assert part in str(caught.value)
    assert not list(cache_folder("kmnist").iterdir())


def test_files_of_the_same_name_in_one_folder_are_distinguished_by_their_hash(publish, mirrors, tmp_path):
    folder = tmp_path / "data"
    (folder / "kmnist").mkdir(parents=True)
    images, labels = packed_idx(IMAGES), packed_idx(LABELS)
    publish("kmnist", images, labels)
    for name, content in mirrors.files.items():
        (folder / name).write_bytes(gzip.compress(b"those of another collection"))
        (folder / "kmnist" / name).write_bytes(content)
    load_named("kmnist", "train", data_dir=folder)
    assert not mirrors.requests
    publish("kmnist", images, labels, mirror="absent")
    (folder / "kmnist" / "train-images-idx3-ubyte.gz").unlink()
    with pytest.raises(DatasetNotFoundError, match="gz is a different file"):
        load_named("kmnist", "train", data_dir=folder)


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_file_is_pinned_and_every_class_has_a_name(name):
    collection = PUBLISHED[name]
    for files in collection.files.values():
        for file in files:
            algorithm, _, value = file.digest.partition(":")
            assert len(value) == 2 * hashlib.new(algorithm).digest_size
            assert set(value) <= set("0123456789abcdef")
    assert all(mirror.endswith("/") for mirror in collection.mirrors)
    assert len(set(collection.classes)) == len(collection.classes)


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(OptionError, match="did you mean 'fashion-mnist'"):
        load_named("fashion_mnist", "train")


@pytest.mark.parametrize(("name", "loader"), [("mnist", "load_mnist"), ("corrections", "load_corrections")])
def test_mnist_and_corrections_have_names_too(monkeypatch, name, loader):
    monkeypatch.setattr(registry, loader, lambda *_, **__: "loaded")
    assert load_named(name, "train") == "loaded"
    assert name in NAMES


@pytest.mark.slow
def test_the_digits_of_scikit_learn_need_no_file():
    pytest.importorskip("sklearn", reason="scikit-learn is not installed (extra: plot)")
    learned, tested = load_named("digits", "train"), load_named("digits", "test")
    assert (len(learned), len(tested)) == (1_500, 297)
    assert np.bincount(learned.labels).min() > 100
    ink = np.concatenate([learned.images, tested.images]) > 127
    assert ink.any(axis=2).sum(axis=1).max() == 20, "as high as MNIST's"


def test_without_scikit_learn_its_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtraError, match=r"scikit-learn: is not installed; .*'\.\[plot\]'"):
        load_named("digits", "train")
