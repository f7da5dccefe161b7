"""Memory and time to load the worst pictures of each format.

``python benchmarks/memory.py [--pixels N] [--memory BYTES] [CASE...]``

Each case is a file as large as its format's limits allow, or of about N pixels, loaded in a separate process.
Its memory beyond that of an idle process is compared with ``PictureLimits.max_memory`` plus
``WORKING_BYTES``, as promised in docs/security.md. The exit code is 1 if a case exceeds it.
"""

from __future__ import annotations

import argparse
import io
import json
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image, features

from inkread.picture import PictureLimits

if TYPE_CHECKING:
    from collections.abc import Callable

WORKING_BYTES: Final = 350_000_000
"""Memory beyond decoding: the file, twice; the blocks; and the picture while it is composited."""

FULL: Final = PictureLimits().max_pixels
CHILD: Final = """
import json, resource, sys, time
from inkread.picture import PictureLimits, load_picture
from inkread.errors import PictureError
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
small, large, memory = sys.argv[1:]
load_picture(small)  # so that all code is loaded
before, start = peak(), time.process_time()
try:
    picture = load_picture(large, limits=PictureLimits(max_memory=int(memory)))
    outcome = f"{picture.width}×{picture.height}"
except PictureError as error:
    outcome = f"rejected: {error.problem}"
print(json.dumps([peak() - before, time.process_time() - start, outcome]))
"""


def main() -> int:
    """Prints a row per case."""
    parser = argparse.ArgumentParser(description="Memory and time to load the worst pictures.")
    parser.add_argument("cases", nargs="*", metavar="CASE", default=list(CASES), help=", ".join(CASES))
    parser.add_argument("--pixels", type=int, default=FULL, help="maximum pixels per picture")
    parser.add_argument(
        "--memory", type=int, default=PictureLimits().max_memory, help="bytes, as in PictureLimits"
    )
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)  # one case, for the child processes
    options = parser.parse_args()
    if options.make:
        make, most = CASES[options.cases[0]]
        options.make.write_bytes(make(min(options.pixels, most)))
        return 0
    promised = options.memory + WORKING_BYTES
    broken = False
    print(f"{'case':28} {'bytes':>12} {'peak MB':>8} {'CPU s':>6}  outcome")
    for name in options.cases:
        size, peak, seconds, outcome = load_alone(name, options.pixels, options.memory)
        broken = broken or peak > promised
        print(f"{name:28} {size:12,} {peak / 1e6:8,.0f} {seconds:6.2f}  {outcome}", flush=True)
    print(f"Promised: {promised / 1e6:,.0f} MB at most. {'Broken.' if broken else 'Kept.'}")
    return int(broken)


def load_alone(name: str, pixels: int, memory: int) -> tuple[int, int, float, str]:
    """Returns the file size; memory in bytes and CPU seconds to load it; and the outcome.

    Another process makes the file, because memory used by this process would count for its child processes.
    """
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small.png", Path(folder) / "large"
        small.write_bytes(png(160_000, 0, 8))
        make = [sys.executable, __file__, name, "--pixels", str(pixels), "--make", str(large)]
        subprocess.run(make, check=True)
        command = [sys.executable, "-c", CHILD, str(small), str(large), str(memory)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        size = large.stat().st_size
    peak, seconds, outcome = json.loads(done.stdout)
    return size, peak, seconds, outcome


def side(pixels: int) -> int:
    """Returns the side of a square of about that many pixels, a multiple of 16."""
    return max(16, int(pixels**0.5) // 16 * 16)


def png(pixels: int, colour: int, depth: int, *extra: tuple[bytes, bytes], width: int = 0) -> bytes:
    """Makes a grey PNG of a color type and bit depth, with extra chunks before its pixels."""
    width = width or side(pixels)
    height = pixels // width
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = b"\0" + bytes([100, 101]) * ((width * channels * depth // 8 + 1) // 2)
    row = row[: 1 + (width * channels * depth + 7) // 8]
    squeeze = zlib.compressobj(1)
    rows = max(1, (1 << 20) // len(row))
    body = b"".join(squeeze.compress(row * min(rows, height - start)) for start in range(0, height, rows))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), *extra, (b"IDAT", body + squeeze.flush()), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


def png_chunk(name: bytes, body: bytes) -> bytes:
    """Makes a chunk with its length and checksum."""
    return struct.pack(">I4s", len(body), name) + body + struct.pack(">I", zlib.crc32(name + body))


def webp(pixels: int) -> bytes:
    """Makes a lossless WebP of one color, 46 bytes at any size (RFC 9649, sections 3 and 6)."""
    edge = side(pixels)
    bits = f"{0:03b}" + "1000" * 5  # no transform, cache or groups; five codes of one symbol each
    bits += "0" * (-len(bits) % 8)
    packed = bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8))
    body = b"\x2f" + struct.pack("<I", (edge - 1) | (edge - 1) << 14 | 1 << 28) + packed + bytes(9)
    chunk = b"VP8L" + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def saved(mode: str, kind: str, *, width: int = 0, **options: Any) -> Callable[[int], bytes]:
    """Returns a function that makes a single-tone file with Pillow."""

    def make(pixels: int) -> bytes:
        across = width or side(pixels)
        buffer = io.BytesIO()
        Image.new(mode, (across, pixels // across), 99 if len(mode) == 1 else "gray").save(
            buffer, kind, **options
        )
        return buffer.getvalue()

    return make


def bmp_runs(pixels: int) -> bytes:
    """Makes a run-length BMP with runs of 255 pixels."""
    edge = side(pixels)
    row = b"".join(bytes([min(255, edge - at), 9]) for at in range(0, edge, 255)) + b"\0\0"
    palette = bytes(value for tone in range(256) for value in (tone, tone, 255 - tone, 0))
    start = 54 + len(palette)
    header = struct.pack("<IiiHHIIiiII", 40, edge, edge, 1, 8, 1, 0, 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", start, 0, 0, start) + header + palette + row * edge


TRANSPARENT = (b"tRNS", b"\0\x64")
PALETTE = (b"PLTE", bytes(range(256)) * 3), (b"tRNS", bytes(range(256)))

CASES: Final[dict[str, tuple[Callable[[int], bytes], int]]] = {
    "PNG grey": (lambda n: png(n, 0, 8), FULL),
    "PNG grey, transparent tone": (lambda n: png(n, 0, 8, TRANSPARENT), FULL),
    "PNG grey 16, transparent": (lambda n: png(n, 0, 16, (b"tRNS", b"\x64\x65")), FULL),
    "PNG grey 1": (lambda n: png(n, 0, 1), FULL),
    "PNG grey and alpha": (lambda n: png(n, 4, 8), FULL),
    "PNG RGB": (lambda n: png(n, 2, 8), FULL),
    "PNG RGB 16": (lambda n: png(n, 2, 16), FULL),
    "PNG RGBA": (lambda n: png(n, 6, 8), FULL),
    "PNG RGBA, 2 wide": (lambda n: png(n, 6, 8, width=2), 80_000_000),
    "PNG RGBA, 2 high": (lambda n: png(n, 6, 8, width=n // 2), 80_000_000),
    "PNG palette and alpha": (lambda n: png(n, 3, 8, *PALETTE), FULL),
    "JPEG grey": (saved("L", "JPEG"), FULL),
    "JPEG": (saved("RGB", "JPEG"), FULL),
    "JPEG progressive": (saved("RGB", "JPEG", progressive=True, subsampling=0), FULL),
    "JPEG CMYK": (saved("CMYK", "JPEG"), FULL),
    "JPEG CMYK progressive": (saved("CMYK", "JPEG", progressive=True), FULL),
    "GIF": (saved("P", "GIF"), FULL),
    "GIF, transparent": (saved("P", "GIF", transparency=7), FULL),
    "WebP lossless": (webp, 49_900_000),
    "WebP": (saved("RGBA", "WEBP", method=0, lossless=False), 49_900_000),
    "TIFF Deflate RGBA": (saved("RGBA", "TIFF", compression="tiff_adobe_deflate"), FULL),
    "TIFF Deflate float": (saved("F", "TIFF", compression="tiff_adobe_deflate"), FULL),
    "TIFF Deflate 16, 1 strip": (
        saved("I;16", "TIFF", compression="tiff_adobe_deflate", strip_size=1 << 30), FULL
    ),
    "TIFF LZW RGB, 1 strip": (saved("RGB", "TIFF", compression="tiff_lzw", strip_size=1 << 30), FULL),
    "TIFF JPEG": (saved("RGB", "TIFF", compression="jpeg"), FULL),
    "TIFF fax": (saved("1", "TIFF", compression="group4"), FULL),
    "BMP 1": (saved("1", "BMP"), FULL),
    "BMP RGB": (saved("RGB", "BMP"), 22_000_000),
    "BMP run lengths": (bmp_runs, 1 << 24),
}  # fmt: skip
if features.check("avif"):
    CASES["AVIF"] = saved("RGBA", "AVIF", speed=10, subsampling="4:4:4"), 41_000_000

if __name__ == "__main__":
    sys.exit(main())
