"""The fuzzers: what each feeds with random bytes, and the valid inputs that it starts from.

All seeds are drawn and written by code, so that the repository contains no foreign files.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
import gzip
import hashlib
import io
import json
import logging
import re
import struct
import tempfile
import warnings
import zlib
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import numpy as np
from fuzz_checks import BrokenPromise, Target
from PIL import Image, ImageDraw, features

from inkread.cli.recipes import fine_tune_config_of, recipe_of
from inkread.datasets.array_files import read_idx
from inkread.datasets.pictures import load_labelled_folder
from inkread.errors import DatasetFormatError, InkreadError, OptionError, PictureError
from inkread.evaluation.summary import summarize
from inkread.models import CARD_FILE, DIGIT_CLASSES, MODEL_FILE, Card, Model, load_model
from inkread.models.card import HISTORY_FILE, load_history
from inkread.models.layers import layers_of
from inkread.picture import PictureLimits, is_document, load_picture, page_count
from inkread.picture.working_size import longest_side
from inkread.pipeline.classifier import Classifier
from inkread.reader import Reader
from inkread.server import ServerSettings, create_app
from inkread.server.monitoring import LOGGER
from inkread.server.service import Entry
from inkread.server.work import Readers
from inkread.store import NewDigit, NewReading, StoredPicture
from inkread.training.architecture import load_architecture
from inkread.training.recipe import RECIPES
from inkread.training.run import WEIGHTS_FILE, load_run

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMITS: Final = PictureLimits(max_bytes=1 << 20, max_pixels=1_000_000, max_memory=64_000_000)
SIDE: Final = 500
"""Small limits, at which an input that gets past them is noticed soon."""


@cache
def _folder(name: str) -> Path:
    """Returns a folder of this process, in memory if the system has such a place."""
    shared = Path("/dev/shm")  # noqa: S108 - the files are written there only because that is fast
    place = tempfile.mkdtemp(prefix=f"inkread-fuzz-{name}-", dir=shared if shared.is_dir() else None)
    return Path(place)


# Pictures ---------------------------------------------------------------------------------------------------


def pictures(data: bytes) -> None:
    """Decodes a picture of any format, and a picture that the caller opened with Pillow."""
    data = _with_checksums(data)
    _loaded(data)
    if data[:4] == b"%PDF":
        return
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")  # which the caller's own image gives
        try:
            image = Image.open(io.BytesIO(data))
        except Exception:  # noqa: BLE001 - Pillow's own matter
            return
        _loaded(image)


def pages(data: bytes) -> None:
    """Counts the pages of a document, and renders the first and the last."""
    if is_document(data):
        count = page_count(data, limits=LIMITS)
        for page in {1, min(count, 3), count}:
            _loaded(data, page=page)


def _loaded(source: Any, page: int = 1) -> None:
    try:
        picture = load_picture(source, limits=LIMITS, max_side=SIDE, page=page)
    except PictureError as error:
        if isinstance(source, bytes) and page == 1:
            raise
        _ = error
        return
    shape, dtype = picture.pixels.shape, picture.pixels.dtype
    most = longest_side((picture.width, picture.height), SIDE)
    if len(shape) != 3 or shape[2] != 3 or dtype != np.uint8 or max(shape) > most or min(picture.scale) < 1:
        raise BrokenPromise(f"gave pixels {shape} of {dtype}")


def _with_checksums(data: bytes) -> bytes:
    """Corrects the checksums of a PNG file, so that changes reach the decoder."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    fixed, at = bytearray(data), 8
    while at + 12 <= len(fixed):
        (length,) = struct.unpack_from(">I", fixed, at)
        end = at + 8 + length
        if end + 4 > len(fixed):
            break
        struct.pack_into(">I", fixed, end, zlib.crc32(fixed[at + 4 : end]))
        at = end + 4
    return bytes(fixed)


def _drawn(size: tuple[int, int] = (40, 24)) -> Image.Image:
    image = Image.new("RGB", size, (240, 236, 220))
    draw = ImageDraw.Draw(image)
    draw.line((6, 4, 18, 4, 10, 20), fill=(20, 20, 60), width=2)
    draw.ellipse((22, 4, 34, 20), outline=(20, 20, 60), width=2)
    return image


def _encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def picture_seeds() -> Iterator[bytes]:
    """Yields small pictures of all formats and modes, with metadata."""
    image, two = _drawn(), {"save_all": True, "append_images": [_drawn().rotate(90)]}
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "camera"
    metadata = {"exif": exif.tobytes(), "icc_profile": b"\0" * 40}
    for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", *filter(features.check, ("webp", "avif"))):
        yield _encoded(image, kind.upper())
    deep = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 200)
    for each in (deep, *map(image.convert, ("1", "L", "P", "LA", "RGBA"))):
        yield _encoded(each, "PNG")
    yield _encoded(image.quantize(8), "PNG", transparency=3)
    yield _encoded(image, "PNG", **metadata)
    yield _encoded(image, "JPEG", progressive=True, comment=b"written", **metadata)
    yield _encoded(image.convert("CMYK"), "JPEG")
    yield _encoded(image, "MPO", **two)
    yield _encoded(image, "PNG", **two)
    yield _encoded(image, "GIF", **two, transparency=0, loop=0, comment=b"drawn")
    yield _encoded(image.convert("P"), "BMP")
    for compression in ("raw", "tiff_lzw", "jpeg", "packbits", "tiff_adobe_deflate"):
        yield _encoded(image, "TIFF", compression=compression)
    for each in (deep, *map(image.convert, ("F", "I", "RGBA", "P", "CMYK"))):
        yield _encoded(each, "TIFF")
    for compression in ("group3", "group4"):
        yield _encoded(image.convert("1"), "TIFF", compression=compression)
    if features.check("webp"):
        yield _encoded(image.convert("RGBA"), "WEBP", lossless=True, **metadata)
        yield _encoded(image, "WEBP", **two, quality=50)
    yield from _heic(image)
    yield _run_lengths()


def _heic(image: Image.Image) -> Iterator[bytes]:
    try:
        import pillow_heif
    except ImportError:
        return
    file = io.BytesIO()
    pillow_heif.from_pillow(image).save(file, quality=50)
    yield file.getvalue()


def _run_lengths() -> bytes:
    """Returns a BMP of 8×2 pixels in run-length encoding, which Pillow does not write."""
    runs = bytes([8, 1, 0, 0, 4, 0, 4, 1, 0, 1])
    palette = bytes([255, 255, 255, 0, 20, 20, 20, 0])
    head = struct.pack("<IiiHHIIiiII", 40, 8, 2, 1, 8, 1, len(runs), 0, 0, 2, 2)
    start = 14 + len(head) + len(palette)
    return struct.pack("<2sIHHI", b"BM", start + len(runs), 0, 0, start) + head + palette + runs


def page_seeds() -> Iterator[bytes]:
    """Yields documents of two and three pages, and small PDF files that are written by hand."""
    for kind, options in (
        ("PDF", {"resolution": 72}),
        ("TIFF", {}),
        ("TIFF", {"big_tiff": True}),
    ):
        others = [_drawn((24, 40)), _drawn().convert("L")]
        yield _encoded(_drawn(), kind, save_all=True, append_images=others, **options)
    yield _pdf(b"q 2 w 4 4 m 30 30 l S Q BT /F 12 Tf 8 8 Td (7) Tj ET")
    yield _pdf(b"0.5 g 2 2 20 20 re f* 1 0 0 RG 1 1 m 9 40 30 2 44 9 c s", b"/Rotate 90")


def _pdf(content: bytes, more: bytes = b"") -> bytes:
    """Writes a PDF of one page of 48×32 points."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 48 32]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>"
        + more
        + b">>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    file, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj%s endobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(file))
    return file + head + table + end


# Data and models --------------------------------------------------------------------------------------------


def idx(data: bytes) -> None:
    """Reads an IDX file."""
    read_idx(data)


def idx_seeds() -> Iterator[bytes]:
    """Yields arrays of each type, plain and compressed."""
    for code, letter in ((8, "u1"), (9, "i1"), (11, ">i2"), (12, ">i4"), (13, ">f4"), (14, ">f8")):
        values = np.arange(12).astype(letter).tobytes()
        content = struct.pack(">HBB2I", 0, code, 2, 3, 4) + values
        yield content
        yield gzip.compress(content, mtime=0)


def onnx(data: bytes) -> None:
    """Opens an ONNX file as a classifier, as a list of layers to export, and as a summary."""
    model = Model("fuzzed", Path("fuzzed") / MODEL_FILE, _card(data), data)
    failed: list[InkreadError] = []
    for use in (layers_of, Classifier, summarize):
        try:
            use(model)
        except InkreadError as error:
            failed.append(error)
    if failed:
        raise failed[0]


def _card(content: bytes) -> Card:
    return Card("fuzzed", "2026-01-01", hashlib.sha256(content).hexdigest(), DIGIT_CLASSES, 1.0, 0)


@cache
def _network() -> bytes:
    """Returns a model of two convolutions, a pool, and a dense layer for digits."""
    from inkread.models.graph import Graph

    rng, graph = np.random.default_rng(0), Graph()
    weights = [rng.normal(size=size).astype(np.float32) for size in ((2, 1, 3, 3), (2,), (11, 98), (11,))]
    value = graph.add("Unsqueeze", "glyphs", np.array([1]))
    value = graph.add("Conv", value, *weights[:2], kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2])
    value = graph.add("LeakyRelu", value, alpha=0.02)
    value = graph.add("MaxPool", value, kernel_shape=[2, 2], strides=[2, 2])
    value = graph.add("Flatten", value)
    value = graph.add("Gemm", value, *weights[2:], transB=1)
    return graph.content(value, takes=("glyphs", [None, 28, 28]), gives="logits")


def onnx_seeds() -> Iterator[bytes]:
    """Yields a small network."""
    yield _network()


def card(data: bytes) -> None:
    """Loads a model with a card of any content, and uses everything on the card."""
    folder = _folder("card")
    (folder / MODEL_FILE).write_bytes(_network())
    (folder / CARD_FILE).write_bytes(data)
    model = load_model(folder)
    _ = model.card.to_json(), repr(model), f"{model.card.parameters:,}"
    Classifier(model).probabilities(np.zeros((1, 28, 28), np.uint8))
    json.dumps(Entry("fuzzed", model, "glyphs").to_dict())
    _ = "box" in model.card.geometry, sorted(model.card.scores), dict(model.card.recipe)


def card_seeds() -> Iterator[bytes]:
    """Yields the cards of all bundled models, as if they belonged to the small network, and a short one."""
    short = _card(_network()).to_dict()
    yield json.dumps(short).encode()
    for name in ("default", "detector", "characters", "text"):
        full = load_model(name).card.to_dict() | {name: short[name] for name in ("sha256", "labels")}
        full |= {name: [] for name in ("confusion", "reliability")}
        yield json.dumps(full).encode()


def weights(data: bytes) -> None:
    """Loads a run whose ``model.safetensors`` has any content."""
    folder = _folder("weights")
    (folder / MODEL_FILE).write_bytes(_network())
    recipe = RECIPES["linear"].to_dict()
    (folder / CARD_FILE).write_text(
        json.dumps(_card(_network()).to_dict() | {"recipe": recipe}), encoding="utf-8"
    )
    (folder / WEIGHTS_FILE).write_bytes(data)
    load_run(folder)


def weight_seeds() -> Iterator[bytes]:
    """Yields the weights of a network of one layer."""
    from safetensors.torch import save

    from inkread.training.recipe import Recipe
    from inkread.training.to_torch import build

    network = build(Recipe(network="linear"), len(DIGIT_CLASSES))
    yield save({name: tensor.contiguous() for name, tensor in network.state_dict().items()})
    yield save({name: tensor.half() for name, tensor in network.state_dict().items()})


def history(data: bytes) -> None:
    """Loads the training history of a run."""
    folder = _folder("history")
    (folder / HISTORY_FILE).write_bytes(data)
    load_history(folder)


def history_seeds() -> Iterator[bytes]:
    """Yields a history of two epochs."""
    yield b"epoch,loss,validation_loss\n1,0.5,0.4\n2,0.25,nan\n"


def recipe(data: bytes) -> None:
    """Reads recipes, fine-tuning settings, and layers from TOML and JSON files."""
    failed: list[InkreadError] = []
    for suffix in ("toml", "json"):
        file = _folder("recipe") / f"settings.{suffix}"
        file.write_bytes(data)
        uses = (
            lambda file=file: recipe_of(None, str(file), {}),
            lambda file=file: recipe_of("lenet5", str(file), {"rotation": 3.0, "epochs": 2}),
            lambda file=file: fine_tune_config_of(str(file), {}),
            lambda file=file: load_architecture(file),
        )
        for use in uses:
            try:
                use()
            except OptionError as error:
                failed.append(error)
    if len(failed) == 8:  # no reader takes it
        raise failed[0]


def recipe_seeds() -> Iterator[bytes]:
    """Yields recipes of each kind, and a list of layers."""
    for made in RECIPES.values():
        yield json.dumps(made.to_dict()).encode()
    yield b'network = "cnn"\nepochs = 3\noptimizer = "sgd"\nlr = 0.1\n[augmentation]\nrotation = 5.0\n'
    yield b'network = "detector"\nsteps = 10\nweights = "random"\n'
    yield b'network = "tuned"\nfolds = 2\nown_share = 0.5\n'
    yield (
        b'name = "mine"\n[[layers]]\ntype = "conv"\nfilters = 8\nsize = 3\nstride = 2\npadding = -1\n'
        b'batch_norm = true\nactivation = "none"\n[[layers]]\ntype = "pool"\nkind = "max"\n[[layers]]\n'
        b'type = "flatten"\n[[layers]]\ntype = "dense"\nunits = 16\n[[layers]]\ntype = "dropout"\n'
    )


def labels(data: bytes) -> None:
    """Reads the table of a labeled folder, as digits and as any text."""
    folder = _folder("labels")
    for name in ("a.png", "b.png", "ü 1.png"):
        (folder / name).touch()
    (folder / "labels.csv").write_bytes(data)
    load_labelled_folder(folder, text=True)
    with contextlib.suppress(DatasetFormatError):
        load_labelled_folder(folder)


def label_seeds() -> Iterator[bytes]:
    """Yields tables as spreadsheets write them."""
    yield b"file,label\na.png,123/45\nb.png,\n"
    yield 'Datei;file;LABEL;writer\n1;a.png;7;ann\n2;ü 1.png;08;"b; c"\n'.encode()
    yield "\ufefffile\tlabel\na.png\t7\nb.png\t8\n".encode("utf-16-le")
    yield b'\xef\xbb\xbffile,label\r\n"a.png","1"\r\n"b.png","2"\r\n'


# The API ----------------------------------------------------------------------------------------------------

READING: Final = "0b8e6f0e-6c9b-4f0e-9a3e-3f1b7c2d4e5f"
HEAD: Final = re.compile(rb"(GET|POST|DELETE) (/[!-~]{0,200})\n([ -~]{0,200})\n(.*)", re.DOTALL)
"""An input: method and address, content type, and body."""


class _Inline:
    """Reads in this process, in place of the pool of workers."""

    workers, queue, admitted, waiting, running = 1, 1, 0, 0, 0
    is_full, is_stuck, has_started = False, False, True

    def __init__(self, readers: Readers) -> None:
        self.readers = readers

    async def run(self, task: Any, **_: Any) -> Any:
        return self.readers(task)


class _Failures(logging.Handler):
    """Keeps the exception behind a failed request, which no response reveals."""

    last: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.last = record.exc_info[1]


@cache
def _server() -> SimpleNamespace:
    """Returns a collecting server without processes, and what it logs."""
    store = f"sqlite:///{_folder('api') / 'store.sqlite'}"
    limits: dict[str, Any] = {"max_bytes": 1 << 20, "max_pixels": 200_000, "max_rows": 20, "max_files": 3}
    app = create_app(ServerSettings(api_key=None, workers=1, collect=True, store=store, **limits))
    service = app.state.service
    readers = Readers(Reader, service.registry.folders, service.settings.picture_limits)
    app.state.service = dataclasses.replace(service, pool=_Inline(readers))
    failures, log = _Failures(), logging.getLogger(LOGGER)
    log.addHandler(failures)
    log.propagate = False
    return SimpleNamespace(app=app, store=service.store, failures=failures, loop=asyncio.new_event_loop())


def api(data: bytes) -> None:
    """Sends a request to the API of a server that stores readings."""
    found = HEAD.fullmatch(data)
    if found is None:
        return
    method, target, kind, body = found.groups()
    server = _server()
    if server.store.reading(READING) is None:
        server.store.add_reading(_reading(), id=READING)
    path, _, query = target.partition(b"?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method.decode(),
        "scheme": "http",
        "path": unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", kind)],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
    }
    server.failures.last = None
    status, answer = server.loop.run_until_complete(_answered(server.app, scope, body))
    if server.failures.last is not None:
        raise server.failures.last
    if status >= 500 or (status >= 400 and b'"remedy"' not in answer):
        raise BrokenPromise(f"answered {status}: {answer[:200]!r}")


async def _answered(app: Any, scope: dict[str, Any], body: bytes) -> tuple[int, bytes]:
    """Returns the status and the content of the response; the body arrives in two parts."""
    middle = len(body) // 2
    parts = [(body[:middle], True), (body[middle:], False)]
    status, answer = 0, bytearray()

    async def receive() -> dict[str, Any]:
        if not parts:
            return {"type": "http.disconnect"}
        content, more = parts.pop(0)
        return {"type": "http.request", "body": content, "more_body": more}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)
        answer.extend(message.get("body", b""))

    await app(scope, receive, send)
    return status, bytes(answer)


def _reading() -> NewReading:
    """Returns a reading of two digits to store."""
    digits = tuple(_digit(label, left) for label, left in (("7", 6), ("0", 22)))
    picture = StoredPicture(_encoded(_drawn(), "JPEG"), 40, 24)
    return NewReading(
        "drawn.png", 40, 24, "70", "default", "0" * 64, lines=(digits,), client=None, picture=picture
    )


def _digit(label: str, left: int) -> NewDigit:
    shares, glyph = (0.1,) * 10, bytes(784)
    return NewDigit(label, 0.9, (left, 4, left + 12, 20), probabilities=shares, glyph=glyph, crop=b"")


def api_seeds() -> Iterator[bytes]:
    """Yields requests of each kind."""
    seven = _encoded(_drawn(), "PNG")
    form = b'--x\r\nContent-Disposition: form-data; name="picture"; filename="7.png"\r\n\r\n%s\r\n--x--\r\n'
    glyph = np.zeros((1, 28, 28), np.uint8)
    glyph[0, 6:22, 13:15] = 255
    npy = io.BytesIO()
    np.save(npy, glyph)
    text = json.dumps({"picture": base64.b64encode(seven).decode(), "name": "7.png"}).encode()
    where = {"reading": READING, "by": "ann"}
    json_kind, form_kind = b"application/json", b"multipart/form-data; boundary=x"
    yield b"POST /v1/read?single=true&detail=true&keep=false\nimage/png\n" + seven
    yield b"POST /v1/read?alphabet=digits&min_probability=0.5&page=1\n%s\n" % form_kind + form % seven
    yield b"POST /v1/read?draw=true&model=default\n%s\n" % json_kind + text
    yield b"POST /v1/read-batch?keep=false\n%s\n" % form_kind + form % b"not a picture"
    yield b"POST /v1/glyphs\napplication/octet-stream\n" + npy.getvalue()
    yield (
        b"POST /v1/glyphs?normalize=true\n%s\n" % json_kind + json.dumps({"glyphs": glyph.tolist()}).encode()
    )
    for change in (
        {"line": 0, "position": 0, "label": "1"},
        {"line": 0, "text": "71"},
        {"box": [1, 2, 9, 9], "label": "3"},
    ):
        yield b"POST /v1/corrections\n%s\n" % json_kind + json.dumps(where | change).encode()
    for line in (
        b"GET /v1/readings?limit=2&search=7",
        b"GET /v1/corrections?limit=5&before=00000000000000001_" + READING.encode(),
        b"GET /v1/readings/" + READING.encode(),
        b"GET /v1/readings/%s/picture?side=20" % READING.encode(),
        b"DELETE /v1/readings/" + READING.encode(),
        b"DELETE /v1/readings?all=true",
        b"GET /v1/models",
        b"GET /v1/info",
        b"GET /static/js/api.js",
        b"GET /metrics",
    ):
        yield line + b"\n\n"


TOML_WORDS: Final = (
    b"[[layers]]\n",
    b"type = ",
    b"[augmentation]\n",
    b"{}",
    b"[]",
    b"nan",
    b"1e999",
    b"'''",
    b"true",
)
JSON_WORDS: Final = (b"null", b"true", b"{}", b"[]", b'""', b"NaN", b"Infinity", b"1e999", b'":', b"-1")
PDF_WORDS: Final = (
    b"/Kids",
    b"/Count",
    b"/MediaBox",
    b"/Rotate",
    b"/Contents",
    b"/XObject",
    b"stream",
    b"endobj",
)

TARGETS: Final = {
    target.name: target
    for target in (
        Target("pictures", pictures, picture_seeds),
        Target("pages", pages, page_seeds, PDF_WORDS, longest=8192),
        Target("idx", idx, idx_seeds, longest=512, megabytes=50),
        Target("onnx", onnx, onnx_seeds, longest=8192),
        Target("card", card, card_seeds, JSON_WORDS, is_json=True, longest=8192),
        Target("weights", weights, weight_seeds, JSON_WORDS, longest=40_000),
        Target("history", history, history_seeds, longest=512),
        Target("recipe", recipe, recipe_seeds, (*TOML_WORDS, *JSON_WORDS), is_json=True, longest=2048),
        Target("labels", labels, label_seeds, (b"file", b"label", b"\t", b"../"), longest=512),
        Target(
            "api",
            api,
            api_seeds,
            (*JSON_WORDS, b"--x\r\n", b"name=", b"GET /", b"%"),
            is_json=True,
            longest=4096,
        ),
    )
}
