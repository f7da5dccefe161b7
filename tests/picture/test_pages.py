"""PDF and TIFF documents are read page by page, and HEIC like any picture."""

from __future__ import annotations

import io
import struct
import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw

from inkread.errors import PictureDamagedError, PictureError, PictureFormatError, PictureTooLargeError
from inkread.picture import PictureLimits, is_document, load_picture, page_count, supported_formats
from inkread.picture.containers import MOST_PAGES, tiff_pages

A4 = (1654, 2339)
"""An A4 page at 200 dpi, pixels."""


def sheet(tone: int, size: tuple[int, int] = (60, 80)) -> Image.Image:
    """A page that can be told from others by its gray."""
    return Image.new("L", size, tone)


def document(kind: str, *pages: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    pages[0].save(buffer, kind, save_all=True, append_images=list(pages[1:]), **options)
    return buffer.getvalue()


def tone(source: bytes, page: int = 1) -> int:
    pixels = load_picture(source, page=page).pixels
    assert np.ptp(pixels) <= 2
    return int(pixels.mean().round())


@pytest.fixture(params=["PDF", "TIFF"])
def three(request):
    """A document of three pages of different grays."""
    if request.param == "PDF":
        pytest.importorskip("pypdfium2", reason="PDFium is not installed (extra: pdf)")
    options = {"resolution": 200} if request.param == "PDF" else {}
    return document(request.param, sheet(40), sheet(120, (80, 60)), sheet(200), **options)


def test_every_page_of_a_document_is_read_by_its_number(three):
    assert page_count(three) == 3
    assert [tone(three, page) for page in (1, 2, 3)] == pytest.approx([40, 120, 200], abs=1)
    second = load_picture(three, page=2)
    assert (second.width, second.height) == (80, 60)


@pytest.mark.parametrize("page", [0, 4, -1])
def test_a_page_that_is_not_there_is_an_error_that_says_how_many_there_are(three, page):
    with pytest.raises(PictureFormatError, match="has 3 pages"):
        load_picture(three, page=page)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_any_other_picture_has_one_page(kind):
    data = document(kind, sheet(90))
    assert page_count(data) == 1
    with pytest.raises(PictureFormatError, match="only one page"):
        load_picture(data, page=2)
    with pytest.raises(PictureFormatError, match="only one page"):
        load_picture(np.zeros((8, 8), np.uint8), page=2)


def test_documents_are_recognized_by_their_first_bytes(three, tmp_path):
    (tmp_path / "scan").write_bytes(three)
    (tmp_path / "scan.pdf").write_bytes(document("PNG", sheet(1)))
    assert is_document(tmp_path / "scan")
    assert not is_document(tmp_path / "scan.pdf")
    assert not is_document(tmp_path / "none")
    assert not is_document("a\0b")


def test_a_large_pdf_page_is_rendered_at_working_size_and_measured_at_200_dpi():
    pytest.importorskip("pypdfium2", reason="PDFium is not installed (extra: pdf)")
    page = sheet(255, A4)
    ImageDraw.Draw(page).rectangle((0, 0, A4[0] // 2, A4[1] // 2), fill=0)
    picture = load_picture(document("PDF", page, resolution=200))
    assert (picture.width, picture.height) == A4
    assert max(picture.pixels.shape) == 2000
    assert picture.pixels[100, 100].max() < 10
    assert picture.pixels[-100, -100].min() > 245


@pytest.mark.parametrize("size", [(40, 24), (37, 91), (1, 1), (333, 10)], ids=str)
@pytest.mark.parametrize("resolution", [72, 101.3, 200])
@pytest.mark.parametrize("most", [20, 2000])
def test_a_page_is_never_rendered_larger_than_it_is_measured(size, resolution, most):
    pytest.importorskip("pypdfium2", reason="PDFium is not installed (extra: pdf)")
    picture = load_picture(document("PDF", sheet(90, size), resolution=resolution), max_side=most)
    assert min(picture.scale) >= 1
    wanted = [side * 200 / resolution for side in size]
    assert (picture.width, picture.height) == pytest.approx(wanted, abs=1)


def test_a_protected_pdf_says_so():
    pytest.importorskip("pypdfium2", reason="PDFium is not installed (extra: pdf)")
    # The least that PDFium takes for an encrypted file: a security handler with a password.
    body = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
        b"3 0 obj<</Filter/Standard/V 1/R 2/Length 40/P -4/O<"
        + b"41" * 32
        + b">/U<"
        + b"42" * 32
        + b">>>endobj\n"
    )
    offsets = [body.index(b"%d 0 obj" % number) for number in (1, 2, 3)]
    table = b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % at for at in offsets)
    end = b"trailer<</Size 4/Root 1 0 R/Encrypt 3 0 R/ID[<00><00>]>>\nstartxref\n%d\n%%%%EOF" % len(body)
    with pytest.raises(PictureFormatError, match="protected by a password"):
        load_picture(body + table + end)


@pytest.mark.parametrize("data", [b"%PDF-1.7", b"%PDF-1.7\n" + bytes(1000)], ids=["cut", "zeros"])
def test_a_damaged_pdf_is_a_picture_error(data):
    pytest.importorskip("pypdfium2", reason="PDFium is not installed (extra: pdf)")
    with pytest.raises(PictureDamagedError, match="not a readable PDF"):
        page_count(data)


@pytest.mark.parametrize(
    ("package", "data", "extra"),
    [("pypdfium2", b"%PDF-1.7\n", "pdf"), ("pillow_heif", b"\0\0\0\x18ftypheic\0\0\0\0", "heic")],
)
def test_a_package_that_is_not_installed_is_named_with_its_extra(monkeypatch, package, data, extra):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(PictureError, match=rf"{package} is not installed; .*\[{extra}\].*; or export it"):
        load_picture(data)


def test_heic_is_read_upright():
    decoder = pytest.importorskip("pillow_heif", reason="pillow-heif is not installed (extra: heic)")
    picture = Image.new("RGB", (64, 48), "white")
    ImageDraw.Draw(picture).rectangle((0, 0, 31, 23), fill="black")
    buffer = io.BytesIO()
    decoder.from_pillow(picture).save(buffer, quality=95)
    loaded = load_picture(buffer.getvalue())
    assert (loaded.width, loaded.height) == (64, 48)
    assert loaded.pixels[8, 8].max() < 30
    assert loaded.pixels[40, 56].min() > 225
    with pytest.raises(PictureTooLargeError):
        load_picture(buffer.getvalue(), limits=PictureLimits(max_pixels=1000))
    with pytest.raises(PictureDamagedError):
        load_picture(buffer.getvalue()[:-200])


def test_a_heic_picture_whose_crop_reaches_beyond_it_has_the_size_of_its_pixels():
    decoder = pytest.importorskip("pillow_heif", reason="pillow-heif is not installed (extra: heic)")
    buffer = io.BytesIO()
    decoder.from_pillow(Image.new("RGB", (40, 24), "white")).save(buffer)
    data = bytearray(buffer.getvalue())
    height = data.index(b"clap") + 4 + 8
    assert struct.unpack_from(">I", data, height) == (24,)
    struct.pack_into(">I", data, height, 255)
    loaded = load_picture(bytes(data))
    assert (loaded.height, loaded.width) == loaded.pixels.shape[:2]
    with pytest.raises(PictureTooLargeError):
        load_picture(bytes(data), limits=PictureLimits(max_pixels=2_000))


def directories(following: list[int], kinds: list[int] | None = None) -> bytes:
    """A TIFF of directories of one entry each, 18 bytes apart from byte 8 on; each says which is next."""
    kinds = kinds or [0] * len(following)
    data = struct.pack("<2sHI", b"II", 42, 8)
    for kind, after in zip(kinds, following, strict=True):
        data += struct.pack("<HHHIII", 1, 0xFE, 4, 1, kind, 8 + 18 * after if after >= 0 else 0)
    return data


def test_previews_and_masks_in_a_tiff_are_not_pages():
    assert tiff_pages(directories([1, 2, 3, -1], [0, 1, 0, 4])) == [8, 44]
    assert tiff_pages(directories([1, -1], [1, 0])) == [
        8,
        26,
    ]  # the first picture is a page, whatever it says


def test_a_circular_list_of_pages_ends():
    assert tiff_pages(directories([1, 0])) == [8, 26]
    assert tiff_pages(directories([0])) == [8]


def test_a_broken_list_of_pages_ends():
    assert tiff_pages(directories([1, 100_000])) == [8, 26]
    assert tiff_pages(b"II*\0") == []


def test_a_document_of_too_many_pages_is_rejected():
    count = MOST_PAGES + 5
    with pytest.raises(PictureTooLargeError, match="more than 5,000 pages"):
        page_count(directories([*range(1, count), -1]))


def test_a_big_tiff_has_pages_too():
    buffer = io.BytesIO()
    sheet(50).save(buffer, "TIFF", big_tiff=True, save_all=True, append_images=[sheet(150)])
    assert page_count(buffer.getvalue()) == 2
    assert [tone(buffer.getvalue(), page) for page in (1, 2)] == [50, 150]


def test_the_supported_formats_are_those_whose_decoders_are_installed(monkeypatch):
    everything = supported_formats()
    assert {"PNG", "JPEG", "TIFF", "GIF", "BMP"} <= set(everything)
    monkeypatch.setattr("inkread.picture.formats.find_spec", lambda _package: None)
    monkeypatch.setattr("inkread.picture.formats.features.check", lambda _feature: False)
    assert set(everything) - set(supported_formats()) <= {"PDF", "HEIC", "WEBP", "AVIF"}
    assert "PDF" not in supported_formats()
    assert "WEBP" not in supported_formats()
