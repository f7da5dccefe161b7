"""Assembles the static site: the page, its reader in JavaScript, the networks, and the runtime."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from inkread.errors import OutputError
from inkread.models import CLOSEUP, DEFAULT, DETECTOR, RESCORING, STRIP, load_model
from inkread.pipeline.config import DEFAULT_CONFIG
from inkread.pipeline.fusion import Fusion
from inkread.system.files import write_whole, writing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from inkread.models import Model
    from inkread.site.runtime import Runtime

OWN = "static/site"
"""Folder in the site of everything that the server's page does not have."""

SECURITY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; media-src 'self' blob:; manifest-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)
"""The page may load nothing from any other host. Headers are up to the host, so this is in the page."""

HEAD = f"""  <meta http-equiv="Content-Security-Policy" content="{SECURITY}">
  <link rel="stylesheet" href="{OWN}/site.css">
  <script type="module" src="{OWN}/start.js"></script>
"""
"""Added to the page's head, so that ``start.js`` runs before the page's own modules."""

SCRIPTS = '  <script type="module" '
"""Where the page's own modules begin."""

RENAMED = {"js/api.js": "js/http_api.js"}
"""The page's client of the API, which ours takes the place of."""

WORDING = {
    "this server does not store them": "nothing is stored",
    "this server does not store corrections": "nothing is stored",
    "Ask the server’s operator to put it behind HTTPS.": "Publish this site with HTTPS.",
}
"""What the page says about a server, and what it says instead without one."""

INDEX, SERVICE_WORKER = "index.html", "service-worker.js"

FILES_LISTED = re.compile(r"^const FILES = (\[.*?\]);$", re.DOTALL | re.MULTILINE)
"""The list of files in a service worker."""
SAFE = re.compile(r"static/(?!.*\.\./)[\w./-]+")
"""Names of files that may be removed."""


@dataclass(frozen=True, slots=True)
class Site:
    """A site that was written to a folder, with the bytes of each file by its path in the folder."""

    folder: Path
    sizes: dict[str, int]

    @property
    def size(self) -> int:
        """Bytes of all files: what a visitor downloads at most, once."""
        return sum(self.sizes.values())


def write_site(out: Path, runtime: Runtime) -> Site:
    """Writes the site to an empty or new folder, or replaces an earlier one there.

    The same versions write the same bytes.

    Raises:
        OutputError: the folder contains something else, or cannot be written.
        ModelError: a bundled model is damaged.
    """
    _require_own(out)
    earlier = _files_of(out)
    files = site_files(runtime)
    for name, content in sorted(files.items(), key=lambda item: item[0] == INDEX):  # the page itself last
        target = out / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            problem = f"cannot be created ({error.strerror or error})"
            raise OutputError(str(target.parent), problem, "choose another folder with --out") from error
        write_whole(target, content)
    for name in earlier - files.keys():
        with writing(out / name):
            (out / name).unlink(missing_ok=True)
    return Site(out, {name: len(content) for name, content in sorted(files.items())})


def site_files(runtime: Runtime) -> dict[str, bytes]:
    """Returns all files of the site, by path."""
    files = dict(_page())
    files |= {f"{OWN}/networks/{name}.onnx": model.content for name, model in networks().items()}
    files[f"{OWN}/onnxruntime.js"] = runtime.script
    files[f"{OWN}/onnxruntime.wasm.gz"] = gzip.compress(runtime.binary, 9, mtime=0)
    files[f"{OWN}/settings.json"] = json.dumps(settings_of(files), indent=1).encode() + b"\n"
    files[SERVICE_WORKER] = _service_worker(files)
    return files


def settings_of(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Returns everything that the reader in JavaScript takes from the one in Python.

    The site's ``files`` so far have the sizes of what the reader loads.
    """
    from inkread import __version__

    detector, card = load_model(DETECTOR), load_model(DEFAULT).card
    fusion = Fusion.of_card(str(detector.path), detector.card.fusion)
    loaded = (f"{OWN}/networks/", f"{OWN}/onnxruntime")
    return {
        "version": __version__,
        "bytes": sum(len(content) for name, content in files.items() if name.startswith(loaded)),
        "config": dataclasses.asdict(DEFAULT_CONFIG),
        "fusion": dataclasses.asdict(fusion),
        "temperature": card.temperature,
        "adjustment": card.background_logit_adjustment,
    }


def networks() -> dict[str, Model]:
    """Returns the bundled networks in the version that reads, by their names in ``reader/networks.js``."""
    folder = load_model(DETECTOR).path.parent
    found = {
        "detector": load_model(DETECTOR),
        "closeup": load_model(folder / CLOSEUP),
        "strip": load_model(folder / STRIP),
        "classifier": load_model(DEFAULT),
        "rescoring": load_model(folder / RESCORING),
    }
    return {name: model.quantized or model for name, model in found.items()}


def _page() -> Iterator[tuple[str, bytes]]:
    """Yields the server's page with our client of the API, and our own modules."""
    package = resources.files("inkread")
    for name, content in _contents(package / "server" / "static"):
        if name == INDEX:
            head, script, rest = content.decode().partition(SCRIPTS)
            yield INDEX, f"{head}{HEAD}{script}{rest}".encode()
        elif name.endswith(".js"):
            yield f"static/{RENAMED.get(name, name)}", _reworded(content)
        else:
            yield f"static/{name}", content
    for name, content in _contents(package / "site" / "page"):
        yield {"api.js": "static/js/api.js"}.get(name, f"{OWN}/{name}"), content
    for name, content in _contents(package / "site" / "reader"):
        yield f"{OWN}/reader/{name}", content


def _contents(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    for part in sorted(folder.iterdir(), key=lambda each: each.name):
        if part.is_dir():
            yield from _contents(part, f"{prefix}{part.name}/")
        else:
            yield prefix + part.name, part.read_bytes()


def _reworded(module: bytes) -> bytes:
    text = module.decode()
    for about_server, instead in WORDING.items():
        text = text.replace(about_server, instead)
    return text.encode()


def _service_worker(files: Mapping[str, bytes]) -> bytes:
    """Returns the service worker with the names of all files, and a version that changes with any of them."""
    version = hashlib.sha256()
    for name in sorted(files):
        version.update(f"{name}\0{hashlib.sha256(files[name]).hexdigest()}\n".encode())
    code = (resources.files("inkread") / "site" / SERVICE_WORKER).read_text(encoding="utf-8")
    names = json.dumps(["./", *sorted(name for name in files if name != INDEX)], indent=2)
    return f"const VERSION = {json.dumps(version.hexdigest()[:16])};\nconst FILES = {names};\n{code}".encode()


def _files_of(out: Path) -> set[str]:
    """Returns the names of the files of an earlier site in the folder, from its service worker."""
    worker = out / SERVICE_WORKER
    listed = FILES_LISTED.search(worker.read_text(encoding="utf-8")) if worker.is_file() else None
    return {name for name in json.loads(listed[1]) if SAFE.fullmatch(name)} if listed else set()


def _require_own(out: Path) -> None:
    """Raises an ``OutputError`` if the folder contains anything but a site."""
    if out.is_dir() and any(out.iterdir()) and not (out / SERVICE_WORKER).is_file():
        raise OutputError(str(out), "contains other files", "choose a new or empty folder with --out")
