"""Published collections of 28×28 glyphs: where their files are, how to verify them, and how to decode them.

Each file is pinned by a hash from its publisher, or from a library that has read it for years;
``docs/data.md`` lists which of them have been compared with real files.
"""

from __future__ import annotations

import hashlib
import string
import zipfile
import zlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.datasets.array_files import read_idx
from inkread.datasets.data_dirs import ENVIRONMENT_VARIABLE, cache_folder, search_folders
from inkread.datasets.download import RemoteFile, download
from inkread.datasets.glyphs import LabelledGlyphs
from inkread.datasets.low_resolution import read_usps
from inkread.errors import DatasetFormatError, DatasetNotFoundError
from inkread.models.card import DIGIT_CLASSES, NOT_A_DIGIT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.datasets.download import Progress
    from inkread.datasets.mnist import Split
    from inkread.system.files import AnyPath

    Decoder = Callable[[Sequence[Path], Split], tuple[NDArray[Any], NDArray[Any]]]

BROKEN_ARCHIVE = (OSError, EOFError, KeyError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What the standard library raises for damaged, encrypted, or unknown archives; and for a missing file."""

LARGEST_MEMBER = 256 * 2**20
"""Maximum compressed size in bytes of one file in an archive."""

DOWNLOAD_AGAIN = "delete it, so that it is downloaded again"


@dataclass(frozen=True, slots=True)
class Collection:
    """A published collection: its proper name, its folder in the cache and elsewhere, and its files.

    Mirrors are base URLs ending in ``/``. ``decode`` converts the paths of a split's files to images and
    labels. For the others, see ``LabelledGlyphs``.
    """

    title: str
    folder: str
    files: dict[Split, tuple[RemoteFile, ...]]
    mirrors: tuple[str, ...]
    decode: Decoder
    licence: str
    attribution: str
    classes: tuple[str, ...] = DIGIT_CLASSES


def load_published(
    collection: Collection, split: Split, *, data_dir: AnyPath | None = None, progress: Progress | None = None
) -> LabelledGlyphs:
    """Loads a split of a published collection; its files are verified by hash wherever they come from.

    Searches the folders that ``inkread.datasets.data_dirs`` lists for files as they are published; missing
    files are downloaded to the cache. The glyphs are in the order of the files; their ``sha256`` covers the
    images followed by the labels.

    Raises:
        DatasetNotFoundError: a file is not on disk, and cannot be downloaded.
        DatasetFormatError: a file has unexpected content.
        OutputError: the cache cannot be written to.
    """
    paths = [_locate(file, collection, data_dir, progress) for file in collection.files[split]]
    images, labels = collection.decode(paths, split)
    known = sum(name != NOT_A_DIGIT for name in collection.classes)  # no publisher includes "not a digit"
    if labels.min(initial=0) < 0 or labels.max(initial=0) >= known:
        raise DatasetFormatError(str(paths[-1]), "has labels outside its classes", DOWNLOAD_AGAIN)
    labels = labels.astype(np.uint8)
    return LabelledGlyphs(
        name=collection.title,
        images=images,
        labels=labels,
        sha256=hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest(),
        licence=collection.licence,
        attribution=collection.attribution,
        classes=collection.classes,
    )


def _locate(
    file: RemoteFile, collection: Collection, data_dir: AnyPath | None, progress: Progress | None
) -> Path:
    """Finds the first copy with the right hash, or downloads the file.

    Several collections use the same file names, and may share a folder.
    """
    folders = search_folders(collection.folder, data_dir)
    copies = [path for path in (folder / file.name for folder in folders) if path.is_file()]
    for path in copies:
        if _is_at(path, file):
            return path
    cache = cache_folder(collection.folder)
    try:
        return download(file, cache, mirrors=collection.mirrors, progress=progress)
    except DatasetNotFoundError as error:
        others = f" ({copies[0]} is a different file)" if copies else ""
        raise DatasetNotFoundError(
            f"{collection.title}, {file.name}",
            f"is not on this machine{others}, and {error.problem}; searched {', '.join(map(str, folders))}",
            f"put it into {cache}, or pass the folder that has it with --data-dir or {ENVIRONMENT_VARIABLE}",
        ) from error


def _is_at(path: Path, file: RemoteFile) -> bool:
    try:
        return file.is_at(path)
    except OSError as error:
        raise DatasetNotFoundError(
            str(path), f"cannot be read ({error.strerror or error})", "make it readable, or delete it"
        ) from error


def _idx(paths: Sequence[Path], _split: Split) -> tuple[NDArray[Any], NDArray[Any]]:
    images, labels = paths
    return read_idx(images), read_idx(labels)


def _qmnist(paths: Sequence[Path], split: Split) -> tuple[NDArray[Any], NDArray[Any]]:
    """Decodes QMNIST: the class is the first of eight columns.

    The others identify the writer, and the original in NIST's database.
    """
    images, columns = _idx(paths, split)
    return images, columns[:, 0]


def _emnist(part: str, first: int, paths: Sequence[Path], split: Split) -> tuple[NDArray[Any], NDArray[Any]]:
    """Decodes two members of EMNIST's archive: column-major images, and classes counted from ``first``."""
    names = (f"gzip/emnist-{part}-{split}-{kind}-ubyte.gz" for kind in ("images-idx3", "labels-idx1"))
    images, labels = (read_idx(_member(paths[0], name), source=f"{paths[0]}, {name}") for name in names)
    return np.ascontiguousarray(images.swapaxes(1, 2)), labels.astype(np.int64) - first


def _member(archive: Path, name: str) -> bytes:
    """Reads a file of an archive, at most ``LARGEST_MEMBER`` bytes."""
    try:
        with zipfile.ZipFile(archive) as opened, opened.open(name) as stream:
            content = stream.read(LARGEST_MEMBER + 1)
        if len(content) > LARGEST_MEMBER:
            raise ValueError(f"{name} has more than {LARGEST_MEMBER} bytes")
    except BROKEN_ARCHIVE as error:
        raise DatasetFormatError(
            str(archive), f"is not an EMNIST archive ({error})", DOWNLOAD_AGAIN
        ) from error
    return content


def _named_as_mnist(*train_and_test: tuple[int, str]) -> dict[Split, tuple[RemoteFile, ...]]:
    """Lists files with MNIST's names, from sizes and SHA-256: training images and labels, then test ones."""
    names = [
        f"{split}-{kind}-ubyte.gz" for split in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")
    ]
    files = tuple(
        RemoteFile(name, size, f"sha256:{sha256}")
        for name, (size, sha256) in zip(names, train_and_test, strict=True)
    )
    return {"train": files[:2], "test": files[2:]}


_EMNIST_FILES = (
    RemoteFile(
        "gzip.zip", 561753746, "sha256:fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e"
    ),
)


def _part_of_emnist(part: str, *, first: int = 0, classes: tuple[str, ...] = DIGIT_CLASSES) -> Collection:
    return Collection(
        title=f"EMNIST {part}",
        folder="emnist",
        files={"train": _EMNIST_FILES, "test": _EMNIST_FILES},
        mirrors=(
            "https://biometrics.nist.gov/cs_links/EMNIST/",
            "https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/",
        ),
        decode=partial(_emnist, part, first),
        licence="none stated",
        attribution="G. Cohen, S. Afshar, J. Tapson, A. van Schaik: EMNIST, from NIST Special Database 19",
        classes=classes,
    )


PUBLISHED = {
    "fashion-mnist": Collection(
        title="Fashion-MNIST",
        folder="fashion-mnist",
        files=_named_as_mnist(
            (26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
            (29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
            (4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
            (5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
        ),
        mirrors=(
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ),
        decode=_idx,
        licence="MIT",
        attribution="H. Xiao, K. Rasul, R. Vollgraf, Zalando SE: Fashion-MNIST",
        classes=(
            *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
            *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        ),
    ),
    "kmnist": Collection(
        title="KMNIST",
        folder="kmnist",
        files=_named_as_mnist(
            (18165135, "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"),
            (29497, "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"),
            (3041136, "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"),
            (5120, "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"),
        ),
        mirrors=(
            "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
            "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        ),
        decode=_idx,
        licence="CC-BY-SA-4.0",
        attribution='"KMNIST Dataset" (created by CODH), '
        'adapted from "Kuzushiji Dataset" (created by NIJL and others), '
        "doi:10.20676/00000341",
        classes=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    ),
    "qmnist": Collection(
        title="QMNIST",
        folder="qmnist",
        files={
            "train": (
                RemoteFile(
                    "qmnist-train-images-idx3-ubyte.gz",
                    9704059,
                    "sha256:9e26a7bf1683614e065d7b76460ccd52807165b3f22561fb782bd9f38c52b51d",
                ),
                RemoteFile(
                    "qmnist-train-labels-idx2-int.gz",
                    463024,
                    "sha256:2c05dc77f6b916b38e455e97ab129a42a444f3dbef09b278a366f82904e0dd9f",
                ),
            ),
            "test": (
                RemoteFile(
                    "qmnist-test-images-idx3-ubyte.gz",
                    9742279,
                    "sha256:43fc22bf7498b8fc98de98369d72f752d0deabc280a43a7bcc364ab19e57b375",
                ),
                RemoteFile(
                    "qmnist-test-labels-idx2-int.gz",
                    526800,
                    "sha256:9fbcbe594c3766fdf4f0b15c5165dc0d1e57ac604e01422608bb72c906030d06",
                ),
            ),
        },
        mirrors=(
            "https://raw.githubusercontent.com/facebookresearch/qmnist/master/",
            "https://github.com/facebookresearch/qmnist/raw/master/",
        ),
        decode=_qmnist,
        licence="BSD-3-Clause",
        attribution="C. Yadav, L. Bottou: QMNIST (Cold Case: The Lost MNIST Digits), "
        "from NIST Special Database 19",
    ),
    "emnist-digits": _part_of_emnist("digits"),
    "emnist-letters": _part_of_emnist("letters", first=1, classes=tuple(string.ascii_uppercase)),
    "emnist-balanced": _part_of_emnist(
        "balanced", classes=(*string.digits, *string.ascii_uppercase, *"abdefghnqrt")
    ),
    "emnist-byclass": _part_of_emnist(
        "byclass", classes=(*string.digits, *string.ascii_uppercase, *string.ascii_lowercase)
    ),
    "usps": Collection(
        title="USPS",
        folder="usps",
        files={
            "train": (RemoteFile("usps.bz2", None, "md5:ec16c51db3855ca6c91edd34d0e9b197"),),
            "test": (RemoteFile("usps.t.bz2", None, "md5:8ea070ee2aca1ac39742fdd1ef5ed118"),),
        },
        mirrors=("https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/",),
        decode=lambda paths, _split: read_usps(paths[0]),
        licence="none stated",
        attribution="J. J. Hull: A database for handwritten text recognition research (1994); "
        "as kept by LIBSVM",
    ),
}
"""The collections by their usual names."""
