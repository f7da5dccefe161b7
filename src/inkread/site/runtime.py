"""Gets onnxruntime-web, which runs the networks in a browser, from a file, a folder, or the npm registry."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkread.datasets.data_dirs import cache_folder, find_file
from inkread.datasets.download import RemoteFile, download
from inkread.errors import DatasetNotFoundError, OptionError

if TYPE_CHECKING:
    from pathlib import Path

    from inkread.datasets.download import Progress

PACKAGE, VERSION = "onnxruntime-web", "1.30.0"
RUNTIME = RemoteFile(
    f"{PACKAGE}-{VERSION}.tgz",
    33_106_585,
    "sha256:d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71",
)
"""The package of the version that the site is tested with."""
MIRRORS = (f"https://registry.npmjs.org/{PACKAGE}/-/",)

SCRIPT, BINARY = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
"""The smallest files in the package that run our networks: the build for the CPU only."""
FOLDERS = ("", "dist", "package/dist")
"""Where they are in an unpacked package, or in a folder that contains one."""

REMEDY = f"run `npm pack {PACKAGE}@{VERSION}` and pass the file with --runtime"


@dataclass(frozen=True, slots=True)
class Runtime:
    """The files of onnxruntime-web that the site contains: an ES module, and its WebAssembly."""

    script: bytes
    binary: bytes


def load_runtime(source: Path | None = None, *, progress: Progress | None = None) -> Runtime:
    """Loads the runtime from the package as a file of ``npm pack`` or as a folder.

    Without a source, the package is found in the folder of data or in the cache, or downloaded there once;
    its SHA-256 is checked.

    Raises:
        OptionError: ``source`` is not the package.
        DatasetNotFoundError: the package cannot be downloaded.
    """
    if source is not None and source.is_dir():
        return _from_folder(source)
    return _from_package(source or _find(progress))


def _find(progress: Progress | None) -> Path:
    found = find_file(PACKAGE, [RUNTIME.name], None)
    if found is not None and RUNTIME.is_at(found):
        return found
    try:
        return download(RUNTIME, cache_folder(PACKAGE), mirrors=MIRRORS, progress=progress)
    except DatasetNotFoundError as error:
        raise DatasetNotFoundError(error.source, error.problem, f"check the network, or {REMEDY}") from error


def _from_folder(folder: Path) -> Runtime:
    for part in FOLDERS:
        script, binary = folder / part / SCRIPT, folder / part / BINARY
        if script.is_file() and binary.is_file():
            return Runtime(script.read_bytes(), binary.read_bytes())
    raise OptionError(f"--runtime {folder}", f"does not contain {SCRIPT} and {BINARY}", REMEDY)


def _from_package(file: Path) -> Runtime:
    try:
        with tarfile.open(file, "r:gz") as archive:
            return Runtime(*(_member(archive, f"package/dist/{name}") for name in (SCRIPT, BINARY)))
    except (OSError, EOFError, KeyError, tarfile.TarError) as error:
        problem = f"is not the package {PACKAGE} ({type(error).__name__})"
        raise OptionError(f"--runtime {file}", problem, REMEDY) from error


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    stream = archive.extractfile(name)
    if stream is None:
        raise KeyError(name)
    return stream.read()
