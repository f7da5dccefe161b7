"""A decoder sees only the pixels of a picture, and no file causes unbounded work."""

from __future__ import annotations

import functools
import io
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin, TiffImagePlugin, features

from inkread.errors import PictureDamagedError, PictureError, PictureTooLargeError
from inkread.picture import PictureLimits, load_picture
from inkread.picture.containers import MOST_PARTS, exif_orientation, pixels_only

SECRET = b"SECRET--"
SIX = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><d tiff:Orientation="6"/>' + SECRET + b"</x:xmpmeta>"


def scene(mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 12, 3), np.uint8).repeat(4, 0).repeat(4, 1)
    return Image.fromarray(pixels).convert(mode)


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), name) + body + struct.pack(">I", zlib.crc32(name + body))


def png_with(chunks: bytes) -> bytes:
    data = encode(scene(), "PNG")
    return data[:33] + chunks + data[33:]


def jpeg_with(segments: bytes) -> bytes:
    data = encode(scene(), "JPEG")
    return data[:2] + segments + data[2:]


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def tiff(tags: list[tuple[int, int, int, int]], *, rest: bytes = b"") -> bytes:
    """Makes a little-endian TIFF of 10×10 grey pixels with more or other tags: number, type, count, field."""
    needed = {0x100: (3, 1, 10), 0x101: (3, 1, 10), 0x102: (3, 1, 8), 0x103: (3, 1, 1), 0x106: (3, 1, 1)}
    needed |= {0x111: (4, 1, 8), 0x115: (3, 1, 1), 0x116: (3, 1, 10), 0x117: (4, 1, 100)}
    entries = {
        **{number: (number, *entry) for number, entry in needed.items()},
        **{tag[0]: tag for tag in tags},
    }
    directory = b"".join(struct.pack("<HHII", *entries[number]) for number in sorted(entries))
    directory = struct.pack("<H", len(entries)) + directory
    return b"II*\0" + struct.pack("<I", 108) + bytes(range(100)) + directory + bytes(4) + rest


# Removed parts


def with_metadata(kind: str) -> bytes:
    """Makes a picture with all the metadata its format supports, rotated by Exif."""
    secret = SECRET * 100
    if kind == "PNG":
        text = png_chunk(b"tEXt", b"Comment\0" + secret) + png_chunk(
            b"zTXt", b"Comment\0\0" + zlib.compress(secret)
        )
        profile = png_chunk(b"iCCP", b"icc\0\0" + zlib.compress(secret))
        animation = png_chunk(b"acTL", struct.pack(">II", 2, 0)) + png_chunk(b"fdAT", bytes(4) + secret)
        return png_with(text + profile + animation + png_chunk(b"eXIf", SIX[6:]))
    if kind == "JPEG":
        parts = [
            (0xE1, SIX),
            (0xFE, secret),
            (0xE2, b"ICC_PROFILE\0\1\1" + secret),
            (0xED, b"Photoshop 3.0\0" + secret),
        ]
        return jpeg_with(b"".join(segment(*part) for part in parts))
    if kind == "GIF":
        data = encode(scene(), "GIF", comment=secret, save_all=True, append_images=[scene("L")])
        assert SECRET in data
        return data
    options = {
        "exif": SIX,
        "xmp": XMP,
        "icc_profile": secret,
        "save_all": True,
        "append_images": [scene().rotate(180)],
    }
    return encode(scene(), kind, lossless=True, **options)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_decoder_sees_no_metadata_and_no_further_frames(kind: str) -> None:
    data = with_metadata(kind)
    contents = pixels_only(kind, data)
    assert SECRET in data
    assert SECRET not in contents.data
    assert contents.orientation == (None if kind == "GIF" else 6)
    with Image.open(io.BytesIO(contents.data)) as image:
        assert (
            getattr(image, "n_frames", 1) == 1 or kind == "GIF"
        )  # a GIF's are after the first frame, and are never read
        turned = image.convert("RGB")
    if contents.orientation == 6:
        turned = turned.transpose(Image.Transpose.ROTATE_270)
    assert np.array_equal(load_picture(data).pixels, np.asarray(turned))


def test_of_a_tiff_a_decoder_sees_the_tags_of_its_pixels_and_one_page() -> None:
    more = TiffImagePlugin.ImageFileDirectory_v2()
    more[0x10E] = "a description"
    more[0x8769] = {0x9286: b"a comment"}
    more[0x112] = 6
    data = encode(scene(), "TIFF", tiffinfo=more, save_all=True, append_images=[scene()])
    contents = pixels_only("TIFF", data)
    with Image.open(io.BytesIO(contents.data)) as image:
        assert not {0x10E, 0x112, 0x8769} & set(image.tag_v2)
        assert image.n_frames == 1
    assert contents.orientation == 6
    assert load_picture(data).width == scene().height


def test_the_orientation_is_found_wherever_programs_write_it() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Software", "any")
    text.add_text("Raw profile type exif", f"\nexif\n      {len(SIX)}\n{SIX.hex()}\n", zip=True)
    xmp = PngImagePlugin.PngInfo()
    xmp.add_itxt("XML:com.adobe.xmp", XMP.decode())
    files = {
        "PNG of ImageMagick": encode(scene(), "PNG", pnginfo=text),
        "PNG, XMP": encode(scene(), "PNG", pnginfo=xmp),
        "JPEG, XMP": jpeg_with(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP)),
        "WebP, XMP": encode(scene(), "WEBP", xmp=XMP),
    }
    if features.check("avif"):
        files["AVIF"] = encode(scene(), "AVIF", exif=SIX)
    for name, data in files.items():
        assert load_picture(data).width == scene().height, name


@pytest.mark.parametrize(
    "exif",
    [b"", b"II", b"II*\0", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff",
     SIX[:-14], SIX.replace(b"\x03\0\x01", b"\x05\0\x01")],
)  # fmt: skip
def test_exif_that_cannot_be_read_has_no_orientation(exif: bytes) -> None:
    assert exif_orientation(exif) is None


# Rejected files


@functools.cache
def laborious() -> dict[str, bytes]:
    many = MOST_PARTS + 1
    jpeg = encode(scene(), "JPEG", progressive=True)
    scan = jpeg.rindex(b"\xff\xda")
    gif = encode(scene(), "GIF")
    screen = 13 + (3 << (gif[10] & 7) + 1 if gif[10] & 0x80 else 0)
    runs = struct.pack("<IiiHHIIiiII", 40, 9000, 9000, 1, 8, 1, 0, 0, 0, 256, 0) + bytes(1024) + b"\1\1\0\0"
    return {
        "TIFF of a million strips": tiff([(0x111, 4, 1_000_000, 300)], rest=bytes(4_001_000)),
        "PNG of as many texts": png_with(png_chunk(b"tEXt", b"") * many),
        "PNG of as many empty chunks of pixels": png_with(png_chunk(b"IDAT", b"") * many),
        "JPEG of as many tables": jpeg_with(segment(0xDB, b"\0" + bytes(range(1, 65))) * many),
        "JPEG of a thousand scans": jpeg[:scan] + jpeg[scan:-2] * 1000 + jpeg[-2:],
        "GIF of as many comments": gif[:screen] + b"\x21\xfe\x01x\x00" * many + gif[screen:],
        "GIF of a comment in as many blocks": gif[:screen]
        + b"\x21\xfe"
        + b"\x01x" * many
        + b"\0"
        + gif[screen:],
        "WebP of as many chunks": encode(scene(), "WEBP") + b"JUNK\0\0\0\0" * many,
        "BMP of slow run lengths": b"BM" + struct.pack("<IHHI", 0, 0, 0, 1078) + runs,
    }


@pytest.mark.parametrize("name", laborious())
def test_a_file_of_more_parts_than_any_picture_needs_is_rejected(name: str) -> None:
    with pytest.raises(PictureTooLargeError, match="takes too long to decode"):
        load_picture(laborious()[name])


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("one tile of 60,000×60,000",
         tiff([(0x103, 3, 1, 8), (0x142, 4, 1, 60_000), (0x143, 4, 1, 60_000), (0x144, 4, 1, 8)])),
        ("one strip of all rows",
         tiff([(0x100, 4, 1, 10_000), (0x101, 4, 1, 10_000), (0x102, 3, 1, 64), (0x103, 3, 1, 5),
               (0x116, 4, 1, 2**32 - 1)])),
    ],
)  # fmt: skip
def test_a_tiff_whose_blocks_need_much_memory_is_rejected(name: str, data: bytes) -> None:
    with pytest.raises(PictureError) as caught:
        load_picture(data)
    assert "bytes of memory" in str(caught.value) or isinstance(caught.value, PictureDamagedError), name


def test_a_directory_of_tags_that_all_claim_the_whole_file_is_read_as_if_they_were_not_there() -> None:
    rest = bytes(1_000_000)
    claims = [(0x8000 + number, 7, 1_000_000, 300) for number in range(20_000)]
    assert load_picture(tiff(claims, rest=rest)).width == 10


def test_tags_that_share_their_values_give_no_warning() -> None:
    entries = (0x100, 3, 191, 2), (0x101, 4, 1, 24), (0x102, 3, 3, 134), (0x111, 4, 1, 140)
    directory = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    data = (struct.pack("<2sHIH", b"II", 42, 8, len(entries)) + directory).ljust(384, b"\0")
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with suppress(PictureError):
            load_picture(data)
    assert [str(each.message) for each in seen] == []


def test_a_compression_that_scanners_do_not_write_is_rejected_by_its_number() -> None:
    with pytest.raises(PictureDamagedError, match="compression, number 34925, is not accepted"):
        load_picture(tiff([(0x103, 3, 1, 34925)]))


def test_junk_between_the_segments_of_a_jpeg_is_skipped() -> None:
    clean = encode(scene(), "JPEG")
    data = clean[:20] + b"\0junk\xff\xff\xff\0" * 1000 + clean[20:]
    assert np.array_equal(load_picture(data).pixels, load_picture(encode(scene(), "JPEG")).pixels)


# Memory


def webp_header(width: int, height: int) -> bytes:
    body = b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + bytes(9)
    return b"RIFF" + struct.pack("<I", 12 + len(body)) + b"WEBPVP8L" + struct.pack("<I", len(body)) + body


def test_the_pixels_of_a_webp_are_judged_before_its_decoder_takes_memory_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Image, "open", lambda *_args, **_options: pytest.fail("the decoder was asked"))
    for size in ((16_384, 16_384), (10_900, 10_900)):
        with pytest.raises(PictureTooLargeError, match="pixels"):
            load_picture(webp_header(*size))


def test_the_memory_of_decoding_is_bounded_by_the_format(monkeypatch: pytest.MonkeyPatch) -> None:
    few = PictureLimits(max_memory=48 * 32 * 4 + 4096)
    load_picture(encode(scene("RGBA"), "PNG"), limits=few)
    for kind in ("WEBP", "AVIF"):
        if features.check(kind.lower()):
            with pytest.raises(PictureTooLargeError, match="bytes of memory"):
                load_picture(encode(scene("RGBA"), kind), limits=few)


BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "memory.py"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="processes are measured by resource")
def test_decoding_keeps_its_promise_of_memory() -> None:
    cases = ["PNG RGBA", "PNG grey 16, transparent", "WebP lossless"]  # of full size
    command = [sys.executable, str(BENCHMARK), *cases]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "refused" not in done.stdout


# Locks


@pytest.mark.parametrize("kind", ["TIFF", "PNG", "GIF", "WEBP"])
def test_a_picture_is_decoded_while_another_one_is(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    started, go_on = threading.Event(), threading.Event()
    load = Image.Image.load

    def slow(image: Image.Image) -> Any:
        if image.format == kind:
            started.set()
            assert go_on.wait(30)
        return load(image)

    monkeypatch.setattr(Image.Image, "load", slow)
    first = encode(scene(), kind, save_all=True, append_images=[scene("L")])
    thread = threading.Thread(target=load_picture, args=(first,))
    other = threading.Thread(target=load_picture, args=(encode(scene(), "JPEG"),))
    try:
        thread.start()
        assert started.wait(30)
        other.start()
        other.join(30)
        assert not other.is_alive(), "a JPEG waits until another picture is decoded"
    finally:
        go_on.set()
        thread.join()
