"""MNIST: 60,000 and 10,000 handwritten digits, from a folder, the user's cache, or a mirror."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from inkread.datasets.array_files import DOWNLOAD_AGAIN, GZIP_MAGIC, read_bytes, read_idx
from inkread.datasets.data_dirs import ENVIRONMENT_VARIABLE, cache_folder, find_file, search_folders
from inkread.datasets.download import Progress, RemoteFile, download
from inkread.datasets.glyphs import LabelledGlyphs
from inkread.errors import DatasetFormatError, DatasetNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from inkread.system.files import AnyPath

Split = Literal["train", "test"]

COLLECTION = "mnist"
HELD_OUT_COUNT = 5_000
LEARNED, HELD_OUT = slice(None, -HELD_OUT_COUNT), slice(-HELD_OUT_COUNT, None)
"""The parts of the training images: every recipe holds out the last ones by default."""
LICENCE = "CC-BY-SA-3.0"
ATTRIBUTION = "Yann LeCun, Corinna Cortes, Christopher J. C. Burges: The MNIST database of handwritten digits"
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://github.com/fgnt/mnist/raw/master/",
)


@dataclass(frozen=True, slots=True)
class MnistFile:
    """One of the four files: a gzip file on the mirrors, and the size in bytes and SHA-256 of its content.

    A local copy may be compressed differently, or not at all.
    """

    remote: RemoteFile
    size: int
    sha256: str

    @property
    def names(self) -> tuple[str, str]:
        """The possible names of a local copy."""
        return self.remote.name, self.remote.name.removesuffix(".gz")


def _file(name: str, gzip_size: int, gzip_sha256: str, size: int, sha256: str) -> MnistFile:
    return MnistFile(RemoteFile(f"{name}-ubyte.gz", gzip_size, f"sha256:{gzip_sha256}"), size, sha256)


FILES: dict[Split, tuple[MnistFile, MnistFile]] = {
    "train": (
        _file(
            "train-images-idx3",
            9912422,
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            47040016,
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        _file(
            "train-labels-idx1",
            28881,
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            60008,
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
    ),
    "test": (
        _file(
            "t10k-images-idx3",
            1648877,
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            7840016,
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        _file(
            "t10k-labels-idx1",
            4542,
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            10008,
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
}


def load_mnist(
    split: Split,
    *,
    data_dir: AnyPath | None = None,
    download: bool = True,
    progress: Progress | None = None,
    mirrors: Sequence[str] = MIRRORS,
) -> LabelledGlyphs:
    """Loads a split of MNIST; its content is verified by SHA-256 wherever it comes from.

    Searches ``data_dir``, the folder in ``INKREAD_DATA``, each by itself and with ``mnist/`` added, and the
    user's cache, for files with and without ``.gz``. If ``download``, missing files are downloaded to the
    cache from mirrors, which are base URLs ending in ``/``. The glyphs are in the order of the files. Their
    ``sha256`` covers the uncompressed images file followed by the uncompressed labels file.

    Raises:
        DatasetNotFoundError: the files are not on disk, and cannot be downloaded.
        DatasetFormatError: a local copy is not MNIST.
        OutputError: the cache cannot be written to.
    """
    images, labels = (
        _content(_locate(file, data_dir, mirrors if download else (), progress), file)
        for file in FILES[split]
    )
    return LabelledGlyphs(
        name="MNIST",
        images=read_idx(images, source=FILES[split][0].remote.name),
        labels=read_idx(labels, source=FILES[split][1].remote.name),
        sha256=hashlib.sha256(images + labels).hexdigest(),
        licence=LICENCE,
        attribution=ATTRIBUTION,
    )


def _locate(
    file: MnistFile, data_dir: AnyPath | None, mirrors: Sequence[str], progress: Progress | None
) -> Path:
    path = find_file(COLLECTION, file.names, data_dir)
    if path is not None:
        return path
    problem = "is not on this machine"
    if mirrors:
        try:
            return download(file.remote, cache_folder(COLLECTION), mirrors=mirrors, progress=progress)
        except DatasetNotFoundError as error:
            problem += f", and {error.problem}"
    places = ", ".join(str(folder) for folder in search_folders(COLLECTION, data_dir))
    names = ", ".join(each.remote.name for files in FILES.values() for each in files)
    raise DatasetNotFoundError(
        file.remote.name,
        f"{problem}; searched {places}",
        f"put the four files {names} into {cache_folder(COLLECTION)}, or pass the folder that has them with "
        f"--data-dir or {ENVIRONMENT_VARIABLE}",
    )


def _content(path: Path, file: MnistFile) -> bytes:
    """Returns the verified, uncompressed content of a local copy; decompresses at most one byte too many."""
    content = read_bytes(path)
    if content.startswith(GZIP_MAGIC):
        try:
            content = gzip.GzipFile(fileobj=io.BytesIO(content)).read(file.size + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise DatasetFormatError(str(path), f"is not intact gzip ({error})", DOWNLOAD_AGAIN) from error
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise DatasetFormatError(
            str(path),
            f"is not MNIST's {file.names[1]}: the SHA-256 of its content begins with {found[:12]}, "
            f"not {file.sha256[:12]}",
            "delete it, so that it is downloaded again, or replace it with an intact copy",
        )
    return content
