from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageOps, features

from inkread.errors import (
    OptionError,
    PictureArrayError,
    PictureDamagedError,
    PictureError,
    PictureFormatError,
    PictureNotFoundError,
    PictureTooLargeError,
)
from inkread.picture import WORKING_SIDE, Picture, PictureLimits, describe_source, load_picture
from inkread.picture.working_size import longest_side

FORMATS = ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"] + ["AVIF"] * features.check("avif")
ORIENTATION = 0x0112


def scene(width: int = 48, height: int = 32) -> Image.Image:
    """Makes a picture that changes when rotated or mirrored: smooth, light, with a dark corner."""
    across, down = np.meshgrid(np.linspace(120, 250, width), np.linspace(0, 60, height))
    pixels = np.stack([across, across - down, 250 - down], axis=-1).round().astype(np.uint8)
    pixels[: height // 3, : width // 3] = 20
    return Image.fromarray(pixels)


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def with_orientation(kind: str, value: int) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = value
    return encode(scene(), kind, exif=exif)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)


def png_header(width: int, height: int) -> bytes:
    header = width.to_bytes(4) + height.to_bytes(4) + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(b"\0" * 100))


def gray(picture: Picture) -> np.ndarray:
    return picture.pixels.mean(axis=-1)


def check_promises(picture: Picture) -> None:
    assert picture.pixels.dtype == np.uint8
    assert picture.pixels.ndim == 3
    assert picture.pixels.shape[2] == 3
    assert picture.pixels.flags.c_contiguous
    assert picture.pixels.flags.writeable
    assert 1 <= max(picture.pixels.shape[:2]) <= longest_side((picture.width, picture.height), WORKING_SIDE)
    assert picture.pixels[..., 0].size <= WORKING_SIDE**2
    assert min(picture.scale) >= 1


# Sources


@pytest.mark.parametrize("kind", FORMATS)
def test_every_accepted_format_gives_its_pixels(kind: str) -> None:
    picture = load_picture(encode(scene(), kind))
    check_promises(picture)
    assert (picture.width, picture.height) == (48, 32)
    assert np.abs(gray(picture) - np.asarray(scene()).mean(axis=-1)).mean() < 4


def test_every_kind_of_source_gives_the_same_pixels_and_names_itself(tmp_path: Path) -> None:
    data = encode(scene(), "PNG")
    path = tmp_path / "scene.png"
    path.write_bytes(data)
    with path.open("rb") as file:
        sources = {
            str(path): str(path),
            path: str(path),
            data: f"bytes ({len(data)})",
            memoryview(data): f"bytes ({len(data)})",
            io.BytesIO(data): "file object",
            file: str(path),
        }
        pictures = [(load_picture(source), name) for source, name in sources.items()]
    pictures.append((load_picture(bytearray(data)), f"bytes ({len(data)})"))
    pictures.append((load_picture(scene()), "image (RGB 48×32)"))
    pictures.append((load_picture(np.asarray(scene())), "array (32, 48, 3) uint8"))
    for picture, name in pictures:
        assert picture.source == name
        assert np.array_equal(picture.pixels, np.asarray(scene()))


def test_a_file_object_that_cannot_seek_is_read_and_one_that_can_is_rewound() -> None:
    data = encode(scene(), "PNG")
    read_end, write_end = os.pipe()
    os.write(write_end, data)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        assert load_picture(pipe).width == 48
    buffer = io.BytesIO(data)
    buffer.seek(0, io.SEEK_END)
    assert load_picture(buffer).width == 48


def test_the_first_frame_of_an_animation_counts() -> None:
    frames = [Image.new("RGB", (8, 8), tone) for tone in ("white", "black")]
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        data = encode(frames[0], kind, save_all=True, append_images=frames[1:])
        assert load_picture(data).pixels.min() > 250, kind


def test_phone_pictures_with_a_second_picture_behind_the_first_are_read_as_jpeg() -> None:
    data = encode(scene(), "MPO", save_all=True, append_images=[Image.new("RGB", (48, 32))])
    assert Image.open(io.BytesIO(data)).format == "MPO"
    assert gray(load_picture(data)).mean() > 100


# Orientation


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_exif_orientation_is_followed_for_every_kind_of_source(kind: str, value: int, tmp_path: Path) -> None:
    data = with_orientation(kind, value)
    with Image.open(io.BytesIO(data)) as file:
        wanted = np.asarray(ImageOps.exif_transpose(file).convert("RGB"))
    path = tmp_path / "turned"
    path.write_bytes(data)
    for source in (data, path, io.BytesIO(data), Image.open(io.BytesIO(data))):
        picture = load_picture(source)
        assert (picture.height, picture.width) == wanted.shape[:2]
        assert np.array_equal(picture.pixels, wanted)


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_ignored(value: int) -> None:
    assert load_picture(with_orientation("JPEG", value)).width == 48


def test_corrupt_exif_is_ignored_without_a_warning() -> None:
    for exif in (
        b"Exif\0\0",
        b"Exif\0\0MM\0*",
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12\x01" * 40,
        b"\xff" * 64,
    ):
        assert load_picture(encode(scene(), "JPEG", exif=exif)).width == 48


# Size


def test_a_large_picture_is_reduced_to_the_working_side_and_remembers_its_size() -> None:
    large = scene(48, 32).resize((3 * WORKING_SIDE, 2 * WORKING_SIDE), Image.Resampling.NEAREST)
    small = np.asarray(scene().convert("L").resize((30, 20), Image.Resampling.BOX))
    for source in (encode(large, "JPEG"), encode(large, "PNG", compress_level=1), large, np.asarray(large)):
        picture = load_picture(source)
        check_promises(picture)
        assert (picture.width, picture.height) == large.size
        assert max(picture.pixels.shape) == WORKING_SIDE
        assert picture.scale == pytest.approx((3, 3), rel=1e-3)
        thumbnail = np.asarray(
            Image.fromarray(picture.pixels).convert("L").resize((30, 20), Image.Resampling.BOX)
        )
        assert np.abs(thumbnail.astype(int) - small).mean() < 1


def test_a_large_jpeg_is_decoded_at_reduced_size_and_never_below_the_working_side(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = encode(Image.new("RGB", (4000, 300), "white"), "JPEG")
    decoded: list[tuple[int, int]] = []
    load = Image.Image.load

    def record(image: Image.Image) -> object:
        decoded.append(image.size)
        return load(image)

    monkeypatch.setattr(Image.Image, "load", record)
    for side, width in ((2000, 2000), (2001, 4000), (1000, 1000), (600, 1000), (10, 500)):
        decoded.clear()
        picture = load_picture(data, max_side=side)
        assert decoded[0][0] == width
        assert picture.pixels.shape[1] == side
        assert (picture.width, picture.height) == (4000, 300)


@pytest.mark.parametrize("size", [(1, 1), (2, 5000), (5000, 2), (1, 100_000)])
def test_extreme_shapes_are_pictures_too(size: tuple[int, int]) -> None:
    for source in (encode(Image.new("RGB", size, "red"), "PNG"), np.full(size[::-1], 7, np.uint8)):
        picture = load_picture(source)
        check_promises(picture)
        assert (picture.width, picture.height) == size


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((9_000, 300), (2_000, 67)),  # less than 32 times as long as high
        ((10_000, 60), (10_000, 60)),
        ((9_000, 150), (3_750, 62)),
        ((60, 40_000), (30, 20_000)),  # the longer side is at most ten times the usual
    ],
)
@pytest.mark.parametrize("form", ["array", "PNG", "JPEG"])
def test_a_very_long_picture_keeps_enough_pixels_of_height(
    size: tuple[int, int], expected: tuple[int, int], form: str
) -> None:
    pixels = np.full(size[::-1], 7, np.uint8)
    picture = load_picture(pixels if form == "array" else encode(Image.fromarray(pixels), form))
    check_promises(picture)
    assert picture.pixels.shape[1::-1] == pytest.approx(expected, rel=0.01)
    assert (picture.width, picture.height) == size


def test_thin_strokes_survive_reduction_as_their_average() -> None:
    paper = np.full((1000, 4 * WORKING_SIDE), 255, np.uint8)
    paper[:, ::4] = 55
    assert np.unique(load_picture(paper).pixels).tolist() == [205]


# Modes


@pytest.mark.parametrize(
    "mode",
    ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV", "LAB", "I", "F"],
)
def test_every_mode_keeps_light_light_and_dark_dark(mode: str) -> None:
    image = Image.new("L", (8, 4), 255)
    image.paste(0, (0, 0, 4, 4))
    if mode in ("PA", "La", "RGBa", "LAB"):
        image = image.convert({"PA": "P", "La": "LA", "RGBa": "RGBA", "LAB": "RGB"}[mode])
    pixels = load_picture(image.convert(mode)).pixels
    assert pixels[:, :4].max() < 20
    assert pixels[:, 4:].min() > 235


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I;16L"])
@pytest.mark.parametrize("peak", [65535, 4095, 255])
def test_sixteen_bits_are_scaled_from_the_bit_depth_that_is_used(mode: str, peak: int) -> None:
    values = np.array([[0, peak // 2, peak]], ">u2" if mode == "I;16B" else "<u2")
    image = Image.frombytes(mode, (3, 1), values.tobytes())
    assert load_picture(image).pixels[0, :, 0].tolist() == [0, 127, 255]


def test_sixteen_bit_files_are_scaled_and_their_transparent_tone_is_seen_through() -> None:
    values = np.full((20, 20), 30000, np.uint16)
    values[8:12, 8:12] = 0
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    data = buffer.getvalue()
    at = data.index(b"IDAT") - 4
    keyed = data[:at] + png_chunk(b"tRNS", (30000).to_bytes(2)) + data[at:]
    assert load_picture(data).pixels[0, 0, 0] in (233, 234)
    pixels = load_picture(keyed).pixels
    assert pixels[0, 0, 0] == 255
    assert pixels[10, 10, 0] == 0


def test_float_tiff_is_stretched_and_one_with_nan_is_rejected() -> None:
    values = np.array([[-5, 0, 5]], np.float32)
    assert load_picture(encode(Image.fromarray(values), "TIFF")).pixels[0, :, 0].tolist() == [0, 128, 255]
    values[0, 1] = np.nan
    with pytest.raises(PictureArrayError, match="NaN"):
        load_picture(encode(Image.fromarray(values), "TIFF"))


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P"])
def test_a_colour_key_makes_that_colour_transparent(mode: str) -> None:
    image = Image.new("L", (40, 40), 0)
    image.paste(255, (15, 5, 25, 35))
    image = image.convert(mode)
    key = image.getpixel((0, 0))
    data = encode(image, "PNG", transparency=key)
    pixels = load_picture(data).pixels
    assert int(pixels[20, 20, 0]) - int(pixels[0, 0, 0]) > 200, (
        "white ink must be seen on what was black and hidden"
    )


def test_a_colour_key_that_does_not_fit_the_mode_hides_nothing() -> None:
    image = scene()
    image.info["transparency"] = b"\0\1\2"
    assert np.array_equal(load_picture(image).pixels, np.asarray(scene()))
    assert image.info["transparency"] == b"\0\1\2"


# Transparency


def ink_on_transparency(*tones: int, hidden: int = 0) -> Image.Image:
    """Draws a soft-edged stroke per tone, on transparent pixels that hide another tone."""
    pixels = np.full((60, 60, 4), hidden, np.uint8)
    pixels[..., 3] = 0
    for number, tone in enumerate(tones):
        left = 10 + 20 * number
        pixels[5:55, left : left + 8, :3] = tone
        pixels[5:55, left : left + 8, 3] = [64, 128, 255, 255, 255, 255, 128, 64]
    return Image.fromarray(pixels)


@pytest.mark.parametrize("hidden", [0, 255])
@pytest.mark.parametrize("tone", [0, 60, 200, 255])
def test_ink_of_any_tone_on_transparency_stays_visible(tone: int, hidden: int) -> None:
    for image in (
        ink_on_transparency(tone, hidden=hidden),
        ink_on_transparency(tone, hidden=hidden).convert("LA"),
    ):
        pixels = gray(load_picture(image))
        assert abs(pixels[30, 13] - pixels[0, 0]) >= 190


def test_black_and_white_ink_on_one_transparency_both_stay_visible() -> None:
    pixels = gray(load_picture(ink_on_transparency(0, 255)))
    assert pixels[30, 13] < pixels[0, 0] - 100
    assert pixels[30, 33] > pixels[0, 0] + 100


def test_soft_edges_stay_soft() -> None:
    row = gray(load_picture(ink_on_transparency(0)))[30, 9:15]
    assert row.tolist() == [255, 191, 127, 0, 0, 0]


def test_a_page_with_a_transparent_margin_continues_in_its_own_colour() -> None:
    pixels = np.zeros((60, 60, 4), np.uint8)
    pixels[8:52, 8:52] = [240, 220, 180, 255]
    pixels[20:40, 29:31, :3] = 10
    page = load_picture(pixels).pixels
    assert page[0, 0].tolist() == [240, 220, 180]
    assert page[30, 30].tolist() == [10, 10, 10]


def test_a_blank_page_with_cut_corners_stays_blank() -> None:
    pixels = np.full((60, 60, 4), 250, np.uint8)
    pixels[:5, :5, 3] = 0
    assert gray(load_picture(pixels)).min() >= 249


def test_a_solid_stroke_that_fills_its_box_is_ink_and_no_page() -> None:
    pixels = np.zeros((60, 60, 4), np.uint8)
    pixels[5:55, 26:34, 3] = 255
    assert gray(load_picture(pixels)).max() == 255


def test_a_fully_transparent_picture_is_blank_white() -> None:
    for hidden in (0, 255):
        pixels = np.full((10, 10, 4), hidden, np.uint8)
        pixels[..., 3] = 0
        assert load_picture(pixels).pixels.min() == 255


def test_hidden_colour_does_not_bleed_into_the_ink_when_a_picture_is_reduced() -> None:
    image = ink_on_transparency(0, hidden=255).resize((6000, 600), Image.Resampling.NEAREST)
    assert gray(load_picture(image))[100, 450] <= 1


# Arrays


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (np.array([[0, 100, 255]], np.uint8), [0, 100, 255]),
        (np.array([[False, True]]), [0, 255]),
        (np.array([[0, 65535]], np.uint16), [0, 255]),
        (np.array([[0, 65535]], ">u2"), [0, 255]),
        (np.array([[0, 1023]], np.uint16), [0, 255]),
        (np.array([[0, 7, 255]], np.int64), [0, 7, 255]),
        (np.array([[-1, 1]], np.int8), [0, 255]),
        (np.array([[0, 2**64 - 1]], np.uint64), [0, 255]),
        (np.array([[0, 0.5, 1]], np.float16), [0, 128, 255]),
        (np.array([[0, 0.2]], np.float64), [0, 51]),
        (np.array([[0, 100.4, 255]], np.float32), [0, 100, 255]),
        (np.array([[0, 500, 1000]], np.float32), [0, 128, 255]),
        (np.array([[-1e308, 1e308]]), [0, 255]),
        (np.array([[-3.0, -3.0]]), [0, 0]),
    ],
)
def test_array_values_are_scaled_as_documented(values: np.ndarray, wanted: list[int]) -> None:
    for shaped in (values, values[..., np.newaxis], np.stack([values] * 3, axis=-1)):
        pixels = load_picture(shaped).pixels
        assert pixels.shape == (1, len(wanted), 3)
        assert pixels[0, :, 0].tolist() == wanted
        assert pixels[0, :, 2].tolist() == wanted


@pytest.mark.parametrize(
    "shape", [(), (5,), (0, 5), (5, 0, 3), (5, 5, 2), (5, 5, 5), (3, 28, 28), (1, 5, 5, 3)]
)
def test_an_array_of_another_shape_is_rejected_with_the_wanted_one(shape: tuple[int, ...]) -> None:
    with pytest.raises(PictureArrayError, match="pass H×W, H×W×1, H×W×3") as caught:
        load_picture(np.zeros(shape, np.uint8))
    assert str(shape) in str(caught.value)


@pytest.mark.parametrize("dtype", [complex, object, "U3", "M8[s]", np.longdouble])
def test_an_array_of_another_dtype_is_rejected(dtype: object) -> None:
    with pytest.raises(PictureArrayError, match="dtype"):
        load_picture(np.zeros((3, 3), dtype))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_an_array_with_nan_or_infinity_is_rejected(bad: float, dtype: type) -> None:
    values = np.ones((3, 3), dtype)
    values[1, 1] = bad
    with pytest.raises(PictureArrayError, match="NaN or infinite"):
        load_picture(values)


def test_the_callers_memory_is_neither_changed_nor_shared() -> None:
    for values in (
        np.asarray(scene()).copy(),
        np.full((9, 9), 8, np.uint8),
        np.full((9, 9, 4), 99, np.uint8),
    ):
        before = values.copy()
        pixels = load_picture(values).pixels
        assert not np.shares_memory(pixels, values)
        pixels[...] = 0
        assert np.array_equal(values, before)
    image = scene().rotate(90)
    before_bytes = image.tobytes()
    load_picture(image).pixels[...] = 0
    assert image.tobytes() == before_bytes


def test_views_of_any_memory_layout_are_read() -> None:
    values = np.asarray(scene())
    for view in (
        values[::-1],
        values[:, ::-2],
        np.asfortranarray(values),
        values.transpose(1, 0, 2),
        values[..., 1],
    ):
        wanted = view if view.ndim == 3 else np.stack([view] * 3, axis=-1)
        assert np.array_equal(load_picture(view).pixels, wanted)
        assert max(load_picture(view, max_side=10).pixels.shape[:2]) == 10


def test_an_opened_image_of_the_caller_is_not_put_into_draft_mode() -> None:
    image = Image.open(io.BytesIO(encode(Image.new("RGB", (400, 400)), "JPEG")))
    load_picture(image, max_side=20)
    assert image.size == (400, 400)


# Bad input


def check_complete(error: PictureError, source: str) -> None:
    """Checks that an error names its source, the problem and a remedy, and shows all three."""
    assert error.source == source
    assert error.problem
    assert error.remedy
    assert str(error) == f"{error.source}: {error.problem}; {error.remedy}"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("missing.png", PictureNotFoundError),
        ("", PictureNotFoundError),
        (".", PictureNotFoundError),
        ("a\0b.png", PictureNotFoundError),
        ("scene.png/inside.png", PictureNotFoundError),
        ("x" * 5000, PictureError),
        ("fifo", PictureFormatError),
        (os.devnull, PictureFormatError),
        ("empty.png", PictureFormatError),
        ("text.png", PictureFormatError),
        ("document.pdf", PictureDamagedError),
    ],
)
def test_a_path_without_a_picture_is_rejected(
    path: str, kind: type[PictureError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("scene.png").write_bytes(encode(scene(), "PNG"))
    Path("empty.png").touch()
    Path("text.png").write_text("not a picture at all, although it has the name of one")
    Path("document.pdf").write_bytes(b"%PDF-1.7 and so on")
    os.mkfifo("fifo")
    with pytest.raises(kind) as caught:
        load_picture(path)
    check_complete(caught.value, path or "(empty path)")


def test_a_format_that_this_pillow_lacks_is_rejected_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "check", lambda _feature: False)
    with pytest.raises(PictureFormatError, match="is a WEBP file, which this Pillow cannot decode"):
        load_picture(b"RIFF\0\0\0\0WEBPVP8 ")


def test_a_file_without_permission_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(b"anything")

    def refuse(*_args: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(PictureError, match="permissions"):
        load_picture(path)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_truncated_picture_is_damaged(kind: str) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8))
    data = encode(noise, kind)
    for size in (len(data) // 4, len(data) // 2, len(data) * 3 // 4):
        with pytest.raises(PictureDamagedError, match="truncated") as caught:
            load_picture(data[:size])
        check_complete(caught.value, f"bytes ({size})")


def test_a_large_jpeg_that_is_truncated_is_damaged_although_it_is_decoded_at_reduced_size() -> None:
    data = encode(scene().resize((4000, 400)), "JPEG")
    with pytest.raises(PictureDamagedError, match="truncated"):
        load_picture(data[: len(data) // 2])


@pytest.mark.parametrize("side", [65535, 11_000, 2**31 - 1])
def test_a_header_of_too_many_pixels_is_rejected_before_decoding(side: int) -> None:
    data = png_header(side, side)
    with pytest.raises(PictureTooLargeError, match="pixels") as caught:
        load_picture(data)
    check_complete(caught.value, f"bytes ({len(data)})")


def test_limits_hold_for_every_kind_of_source(tmp_path: Path) -> None:
    data = encode(scene(), "PNG")
    path = tmp_path / "scene.png"
    path.write_bytes(data)
    few_bytes = PictureLimits(max_bytes=len(data) - 1)
    for source in (path, data, memoryview(data), io.BytesIO(data)):
        with pytest.raises(PictureTooLargeError, match="bytes"):
            load_picture(source, limits=few_bytes)
    few_pixels = PictureLimits(max_pixels=48 * 32 - 1)
    for source in (path, data, io.BytesIO(data), scene(), np.asarray(scene())):
        with pytest.raises(PictureTooLargeError, match="48×32"):
            load_picture(source, limits=few_pixels)
    exact = PictureLimits(max_bytes=len(data), max_pixels=48 * 32)
    assert load_picture(path, limits=exact).width == 48


def test_an_endless_file_object_is_read_no_further_than_the_limit() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: memoryview) -> int:
            self.given += len(buffer)
            return len(buffer)

    source = Endless()
    with pytest.raises(PictureTooLargeError):
        load_picture(source, limits=PictureLimits(max_bytes=3_000_000))
    assert source.given < 5_000_000


def test_a_file_object_that_cannot_give_bytes_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"text")
    closed = io.BytesIO(b"x")
    closed.close()
    with path.open(encoding="utf-8") as text, path.open("ab") as write_only:
        for source in (io.StringIO("text"), text):
            with pytest.raises(PictureFormatError, match="binary mode"):
                load_picture(source)
        for source in (write_only, closed):
            with pytest.raises(PictureError, match="open for reading"):
                load_picture(source)


@pytest.mark.parametrize("source", [None, 7, 2.5, [[0, 1]], object()])
def test_an_unsupported_source_is_rejected_by_its_type(source: object) -> None:
    with pytest.raises(PictureFormatError, match=type(source).__name__):
        load_picture(source)


def test_images_without_pixels_and_closed_images_are_rejected() -> None:
    with pytest.raises(PictureFormatError, match="no pixels"):
        load_picture(Image.new("L", (0, 4)))
    image = Image.open(io.BytesIO(encode(scene(), "PNG")))
    image.close()
    with pytest.raises(PictureError):
        load_picture(image)


def test_options_out_of_range_are_rejected() -> None:
    with pytest.raises(OptionError):
        load_picture(scene(), max_side=0)
    with pytest.raises(OptionError):
        PictureLimits(max_pixels=0)


# Properties


def outcome(source: object) -> None:
    """Loads the source: a valid picture or a complete error; anything else fails the test."""
    try:
        check_promises(load_picture(source, limits=PictureLimits(max_pixels=1_000_000)))
    except PictureError as error:
        check_complete(error, describe_source(source))


SEEDS = [encode(scene(), kind) for kind in FORMATS] + [
    encode(scene().convert("P"), "PNG", transparency=3),
    encode(scene(), "TIFF", compression="tiff_lzw"),
    encode(scene(), "TIFF", compression="jpeg"),
    encode(scene().convert("1"), "TIFF", compression="group4"),
    encode(scene().convert("CMYK"), "JPEG", progressive=True),
    encode(scene().convert("RGBA"), "WEBP", lossless=True),
    encode(scene(), "PNG", save_all=True, append_images=[Image.new("RGB", (48, 32))]),
    with_orientation("JPEG", 6),
    with_orientation("TIFF", 8),
    encode(scene(), "MPO", save_all=True, append_images=[scene()]),
]


@given(data=st.binary(max_size=200))
def test_arbitrary_bytes_are_a_picture_or_an_error(data: bytes) -> None:
    outcome(data)


@settings(max_examples=800)
@given(
    seed=st.sampled_from(SEEDS),
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
    end=st.floats(0, 1) | st.just(1.0),
    header=st.booleans(),
)
def test_damaged_files_are_a_picture_or_an_error_and_never_a_warning(
    seed: bytes, flips: list[tuple[float, int]], end: float, header: bool
) -> None:
    data = bytearray(seed)
    reach = min(len(data), 200) if header else len(data)
    for place, value in flips:
        data[int(place * reach)] = value
    outcome(bytes(data[: round(end * len(data))]))


@given(
    values=hnp.arrays(
        dtype=hnp.scalar_dtypes(),
        shape=hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6),
    )
)
def test_arbitrary_arrays_are_a_picture_or_an_error(values: np.ndarray) -> None:
    outcome(values)


@given(
    values=hnp.arrays(
        dtype=st.sampled_from([np.uint8, np.uint16, np.int32, np.float16, np.float32, np.float64, np.bool_]),
        shape=st.tuples(st.integers(1, 8), st.integers(1, 8), st.sampled_from([1, 3, 4])),
    )
)
def test_arrays_of_a_pictures_shape_are_read_unless_they_are_not_finite(values: np.ndarray) -> None:
    if np.isfinite(values).all():
        check_promises(load_picture(values))
    else:
        with pytest.raises(PictureArrayError):
            load_picture(values)


# Warnings and threads


def test_pillows_remarks_on_metadata_never_reach_the_user_from_any_thread() -> None:
    remarkable = bytearray(with_orientation("TIFF", 6))
    with Image.open(io.BytesIO(remarkable)) as image:
        directory = image.tag_v2._offset
    last = directory + 2 + 12 * (remarkable[directory] - 1)
    remarkable[last + 4 : last + 8] = (
        b"\xff\xff\xff\x7f"  # an optional tag that claims more data than the file has
    )
    still = encode(scene(), "PNG")
    at = still.index(b"IEND") - 4
    late = still[:at] + png_chunk(b"acTL", bytes(8)) + still[at:]

    def work() -> None:
        for _ in range(20):
            load_picture(bytes(remarkable))
            load_picture(late)

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        filters = list(warnings.filters)
        for source in (bytes(remarkable), late):
            with Image.open(io.BytesIO(source)) as image:
                image.load()
        assert len(seen) >= 2, "the samples must be ones that Pillow remarks on"
        seen.clear()
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not seen
        assert warnings.filters == filters


def test_the_room_of_pictures_imports_nothing_heavy() -> None:
    code = (
        "import sys, inkread.picture;"
        "heavy = {'torch', 'onnx', 'onnxruntime', 'matplotlib', 'fastapi', 'sklearn', 'inkread.cli'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_real_pictures_all_load(data_dir: Path) -> None:
    files = sorted((data_dir / "field").glob("*/*"))
    assert files, "the folder field has no pictures"
    for path in files[::8]:
        check_promises(load_picture(path))


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.uint16, np.bool_])
@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 1)])
def test_a_mask_of_zeros_and_ones_is_black_and_white(dtype: type, shape: tuple[int, ...]) -> None:
    mask = np.zeros(shape, dtype)
    mask[5:10, 5:10] = 1
    pixels = load_picture(mask).pixels
    assert set(np.unique(pixels)) == {0, 255}
    assert (pixels[5:10, 5:10] == 255).all()


@pytest.mark.parametrize("encoding", ["PNG", "BMP", "TIFF"])
def test_a_mask_saved_without_loss_is_black_and_white(encoding: str) -> None:
    mask = np.zeros((20, 30), np.uint8)
    mask[5:10, 5:10] = 1
    for source in (Image.fromarray(mask), encode(Image.fromarray(mask), encoding)):
        assert set(np.unique(load_picture(source).pixels)) == {0, 255}


@pytest.mark.parametrize("pixels", [np.ones((20, 30), np.uint8), np.zeros((20, 30), np.uint8)])
def test_a_constant_picture_is_not_a_mask(pixels: np.ndarray) -> None:
    assert load_picture(pixels).pixels.max() <= 1


def test_a_frame_that_is_dark_except_for_noise_is_not_a_mask() -> None:
    noise = np.random.default_rng(1).integers(0, 2, (40, 40, 3)).astype(np.uint8)
    assert load_picture(noise).pixels.max() <= 1


@pytest.mark.parametrize("address", ["https://example.org/a.png?b=*", "HTTP://example.org/a.png"])
def test_a_web_address_is_refused_with_what_to_do(address: str) -> None:
    with pytest.raises(PictureNotFoundError, match="downloads no pictures; download it first") as error:
        load_picture(address)
    assert error.value.source == address


def test_a_data_url_as_a_path_is_refused_without_repeating_all_of_it() -> None:
    with pytest.raises(PictureNotFoundError, match="is not the path of a file; decode") as error:
        load_picture("data:image/png;base64," + "A" * 100_000)
    assert len(str(error.value)) < 200
