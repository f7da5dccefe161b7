"""Strips an encoded picture down to its pixels before a decoder sees it.

Everything but the pixels is removed before a decoder opens the file: text, color profiles, previews, extra
frames and pages, Exif. Decoders parse those in Python while holding locks, and a file can declare sizes that
cost any amount of time and memory. Only the orientation is needed, so this module reads it. ``MOST_PARTS``
bounds every loop, and the file's length bounds every size.

References: PNG (ISO/IEC 15948), JPEG (ITU-T T.81, appendix B), TIFF 6.0 and BigTIFF, GIF89a, WebP (RFC 9649),
Exif 2.32.
"""

from __future__ import annotations

import re
import struct
import zlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_PARTS: Final = 1 << 16
"""Maximum number of chunks, segments, blocks, tags, strips, or tiles in one file.

A decoder takes about 5 µs for each; libpng writes 8 kB per chunk.
"""

MOST_PAGES: Final = 5_000
"""Maximum number of pages in one document."""

MOST_SCANS: Final = 40
"""Maximum number of scans in a JPEG, previews included. libjpeg writes 10.

Each scan passes over all blocks, which takes 0.1 s at 120 megapixels.
"""

MOST_METADATA: Final = 1 << 16
"""Maximum number of bytes of Exif or XMP to search for the orientation: the largest JPEG segment."""

ORIENTATION: Final = 0x0112
"""The orientation tag in Exif and TIFF."""

_EXIF: Final = b"Exif\0\0"  # optional prefix of an Exif block
_XMP_ORIENTATION: Final = re.compile(rb'tiff:Orientation(?:="|>)([0-9])')

_PNG_KEPT: Final = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_PNG_TEXTS: Final = (b"tEXt", b"zTXt", b"iTXt")
_PNG_EXIF_TEXT: Final = b"Raw profile type exif\0\0"  # ImageMagick's, from before PNG had an Exif chunk
_PNG_XMP_TEXT: Final = b"XML:com.adobe.xmp\0"

_JPEG_MARKER: Final = re.compile(rb"\xff([^\x00\x01\xd0-\xd8\xff])")  # starts a segment
_JPEG_SCAN: Final = b"\xff\xda"
_JPEG_ENDS: Final = (0xD9, 0xDA)  # end of the picture; end of its header
_JPEG_FRAMES: Final = tuple(marker for marker in range(0xC0, 0xD0) if marker not in (0xC4, 0xC8, 0xCC))
_JPEG_KEPT: Final = (*range(0xC0, 0xE1), 0xEE)  # frames and tables; JFIF and Adobe, for the color space
_JPEG_METADATA: Final = 0xE1
_JPEG_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_JPEG_COEFFICIENT: Final = 2  # bytes

_TIFF_BIG: Final = 43
_TIFF_FIRST: Final = {False: 4, True: 8}  # where the offset of the first directory is, in a BigTIFF or not
_TIFF_SUBFILE, _TIFF_NO_PAGE = 0xFE, 0b101  # the tag's bits: a reduced picture, a mask
_TIFF_MOST_ENTRIES: Final = 1 << 18  # of all directories together; a page has about 20
_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_BITS = 0x100, 0x101, 0x102
_TIFF_COMPRESSION, _TIFF_PHOTOMETRIC = 0x103, 0x106
_TIFF_SAMPLES, _TIFF_ROWS, _TIFF_TILE_WIDTH, _TIFF_TILE_HEIGHT = 0x115, 0x116, 0x142, 0x143
_TIFF_KEPT: Final = {
    *(_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_BITS, _TIFF_COMPRESSION, _TIFF_PHOTOMETRIC),
    *(_TIFF_SAMPLES, _TIFF_ROWS, _TIFF_TILE_WIDTH, _TIFF_TILE_HEIGHT),
    *(0x111, 0x117, 0x144, 0x145),  # offsets and lengths of strips and tiles
    *(0x10A, 0x11C, 0x13D),  # FillOrder, PlanarConfiguration, Predictor
    *(0x124, 0x125),  # options of CCITT
    *(0x140, 0x152, 0x153, 0x15B),  # ColorMap, ExtraSamples, SampleFormat, JPEGTables
    *(0x211, 0x212, 0x213, 0x214),  # YCbCr, reference black and white
}
_TIFF_COMPRESSIONS: Final = {1, 2, 3, 4, 5, 7, 8, 32773, 32946}
"""None, CCITT, LZW, JPEG, Deflate, and PackBits: what scanners and image editors write."""
_TIFF_JPEG, _TIFF_YCBCR = 7, 6  # a compression; a photometric interpretation
_TIFF_TYPES: Final = dict(zip((*range(1, 14), 16, 17, 18), "BcHIdbchidfdIQqQ", strict=True))
"""``struct`` formats of the value types; fractions are not used, so they map to a float of the same size."""
_TIFF_WHOLE_NUMBERS: Final = "BHIQbhiq"

_GIF_EXTENSION, _GIF_PICTURE, _GIF_TRAILER, _GIF_CONTROL = 0x21, 0x2C, 0x3B, 0xF9

_WEBP_KEPT: Final = (b"VP8X", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L")
_WEBP_LAST: Final = (b"ANMF", b"VP8 ", b"VP8L")  # any of these completes the first frame
_WEBP_METADATA_FLAGS: Final = 0x2C  # color profile, Exif, XMP
_WEBP_PIXEL: Final = 16  # bytes: two libwebp canvases, the lossless decoder's buffers, and Pillow's copy

_AVIF_EXIF: Final = re.compile(rb"(infe(?:\x02.{7}|\x03.{9}))Exif", re.DOTALL)
_AVIF_PIXEL: Final = 20  # bytes: 16-bit planes with alpha, the decoder's own, and two RGBA copies

_BMP_RUN_LENGTHS: Final = (1, 2)
_BMP_LEAST_COMPRESSED: Final = 40  # bytes of the shortest header that names a compression
_BMP_MOST_RUNS: Final = 1 << 22  # bytes of run-length data: Pillow decodes it in Python, at 4 MB per second
_BMP_MOST_RUN_PIXELS: Final = 1 << 24
_BMP_RUN_PIXEL: Final = 2  # bytes


class ContainerError(Exception):
    """The file is broken; the message says how."""


class TooLaboriousError(ContainerError):
    """The file takes more work to decode than any picture needs; the message says why."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The part of an encoded picture that gets decoded.

    Attributes:
        data: a file of the same format with the pixels of the first picture in the file, and little else.
        orientation: the Exif orientation, 1..8 if it is valid; ``None`` if there is none.
        size: width and height declared in the header, if the decoder allocates memory before it reports them.
        pixel_bytes: bytes that the decoder allocates per pixel, besides the picture it returns.
        block_bytes: bytes that the decoder allocates for the largest strip or tile, which it decodes in one
            piece.
    """

    data: bytes
    orientation: int | None = None
    size: tuple[int, int] | None = None
    pixel_bytes: int = 0
    block_bytes: int = 0


def pixels_only(kind: str, data: bytes, page: int = 1) -> Contents:
    """Removes everything from a picture file but the pixels of one page.

    Args:
        kind: the format, by its Pillow name.
        data: the whole file, which begins like this format. If the file is truncated, so is the result.
        page: the page of a TIFF, from 1, which must exist; other formats have only one.

    Raises:
        ContainerError: the file is broken, or takes too much work to decode.
    """
    try:
        if kind == "TIFF" and page > 1:
            data = _beginning_at(tiff_pages(data)[page - 1], data)
        return _READERS[kind](data)
    except (IndexError, struct.error) as error:
        message = "the file is truncated"
        raise ContainerError(message) from error


def exif_orientation(exif: bytes) -> int | None:
    """Reads the orientation from an Exif block, with or without its prefix; ``None`` if it is unreadable."""
    try:
        _, tags = _directory(exif[:MOST_METADATA].removeprefix(_EXIF))
        return tags[ORIENTATION].values(1)[0]
    except (LookupError, ContainerError, struct.error):
        return None


def _orientation(exif: bytes | None, xmp: bytes | None) -> int | None:
    """Returns the orientation from Exif, or else from XMP."""
    if exif is not None and (orientation := exif_orientation(exif)):
        return orientation
    found = _XMP_ORIENTATION.search(xmp[:MOST_METADATA]) if xmp is not None else None
    return int(found[1]) if found else None


def _parts() -> Iterator[int]:
    """Counts the parts of a file, and raises after ``MOST_PARTS``."""
    yield from range(MOST_PARTS)
    message = f"it has more than {MOST_PARTS} parts"
    raise TooLaboriousError(message)


# PNG --------------------------------------------------------------------------------------------------------


def _png(data: bytes) -> Contents:
    view, at = memoryview(data), 8
    kept, exif, text, xmp = [view[:at]], None, None, None
    for _ in _parts():
        if at + 8 > len(data):
            break
        length, name = struct.unpack_from(">I4s", data, at)
        start, stop = at + 8, at + 12 + length
        if name in _PNG_KEPT:
            kept.append(view[at:stop])
        elif name == b"eXIf":
            exif = exif or data[start : stop - 4]
        elif name in _PNG_TEXTS and data.startswith(_PNG_EXIF_TEXT, start):
            text = text or data[start + len(_PNG_EXIF_TEXT) : stop - 4]
        elif name in _PNG_TEXTS and data.startswith(_PNG_XMP_TEXT, start):
            xmp = xmp or data[start : stop - 4]
        if name == b"IEND":
            break
        at = stop
    return Contents(b"".join(kept), _orientation(exif or _png_profile(text), xmp))


def _png_profile(text: bytes | None) -> bytes | None:
    """Returns Exif from a compressed text chunk: three header lines, then hexadecimal digits."""
    try:
        plain = zlib.decompressobj().decompress(text or b"", 3 * MOST_METADATA)
        return bytes.fromhex(b"".join(plain.split(b"\n")[3:]).decode("ascii"))
    except (zlib.error, ValueError):
        return None


# JPEG -------------------------------------------------------------------------------------------------------


def _jpeg(data: bytes) -> Contents:
    view, at, components = memoryview(data), 2, 0
    kept, exif, xmp = [view[:at]], None, None
    for _ in _parts():
        found = _JPEG_MARKER.search(data, at)
        if found is None:
            break
        at, marker = found.start(), data[found.start() + 1]
        if marker in _JPEG_ENDS:
            kept.append(view[at:])
            break
        stop = at + 2 + max(2, int.from_bytes(data[at + 2 : at + 4]))
        if marker in _JPEG_FRAMES:
            components = max(components, data[at + 9])
        if marker in _JPEG_KEPT:
            kept.append(view[at:stop])
        elif marker == _JPEG_METADATA and data.startswith(_EXIF, at + 4):
            exif = exif or data[at + 4 : stop]
        elif marker == _JPEG_METADATA and data.startswith(_JPEG_XMP, at + 4):
            xmp = xmp or data[at + 4 : stop]
        at = stop
    scans = data.count(_JPEG_SCAN, at)
    if scans > MOST_SCANS:
        message = f"it has {scans} scans"
        raise TooLaboriousError(message)
    return Contents(
        b"".join(kept), _orientation(exif, xmp), pixel_bytes=components * _JPEG_COEFFICIENT * (scans > 1)
    )


# TIFF and Exif ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a TIFF file encodes its directories: byte order, first offset, and whether it is a BigTIFF."""

    order: str
    offset: int
    big: bool

    @property
    def count(self) -> struct.Struct:
        return struct.Struct(self.order + ("Q" if self.big else "H"))

    @property
    def entry(self) -> struct.Struct:
        return struct.Struct(self.order + ("HHQ8s" if self.big else "HHI4s"))

    @property
    def pointer(self) -> struct.Struct:
        return struct.Struct(self.order + ("Q" if self.big else "I"))


@dataclass(frozen=True, slots=True)
class _Tag:
    """A directory entry: its type, its number of values, and a field with the values or their file offset."""

    kind: int
    count: int
    field: bytes
    layout: _Layout
    file: bytes

    @property
    def place(self) -> int | None:
        """The file offset of the values; ``None`` if they are in the field itself."""
        inside = self.count * self._size <= len(self.field)
        return None if inside else int(self.layout.pointer.unpack(self.field)[0])

    @property
    def is_whole(self) -> bool:
        """Whether the values have a known type and are inside the file."""
        return self._size > 0 and (self.place or 0) + self.count * self._size <= len(self.file)

    def values(self, most: int = 16) -> tuple[int, ...]:
        """Returns the first integers; empty for any other type."""
        letter = _TIFF_TYPES.get(self.kind, "")
        if letter not in _TIFF_WHOLE_NUMBERS or not self.is_whole:
            return ()
        form = struct.Struct(f"{self.layout.order}{min(self.count, most)}{letter}")
        return form.unpack_from(self.field if self.place is None else self.file, self.place or 0)

    @property
    def _size(self) -> int:
        return struct.calcsize("=" + _TIFF_TYPES.get(self.kind, ""))


def _layout(data: bytes) -> _Layout:
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None:
        message = "it has no byte order mark"
        raise ContainerError(message)
    (version,) = struct.unpack_from(order + "H", data, 2)
    big = version == _TIFF_BIG
    (offset,) = struct.unpack_from(order + ("Q" if big else "I"), data, _TIFF_FIRST[big])
    return _Layout(order, offset, big)


def _directory(data: bytes) -> tuple[_Layout, dict[int, _Tag]]:
    """Reads the first directory of a TIFF file or Exif block; the last of duplicate tags wins."""
    layout = _layout(data)
    if layout.offset > len(data):
        message = "its directory is past the end of the file"
        raise ContainerError(message)
    (count,) = layout.count.unpack_from(data, layout.offset)
    tags: dict[int, _Tag] = {}
    at, parts = layout.offset + layout.count.size, _parts()
    for _ in range(count):
        next(parts)
        number, kind, size, field = layout.entry.unpack_from(data, at)
        tags[number] = _Tag(kind, size, field, layout, data)
        at += layout.entry.size
    return layout, tags


def tiff_pages(data: bytes) -> list[int]:
    """Returns the offset of each page's directory in a TIFF file, at most ``MOST_PAGES`` + 1 of them.

    Previews and masks are not pages, but the first picture always is. A broken or circular list ends early.
    """
    offsets: list[int] = []
    with suppress(ContainerError, IndexError, struct.error):
        layout = _layout(data)
        seen, entries, at = {0}, 0, layout.offset
        while at not in seen and len(offsets) <= MOST_PAGES and entries <= _TIFF_MOST_ENTRIES:
            seen.add(at)
            (count,) = layout.count.unpack_from(data, at)
            start, stop = at + layout.count.size, at + layout.count.size + count * layout.entry.size
            if stop > len(data):
                break
            tags = layout.entry.iter_unpack(data[start:stop])
            kind = next(
                (layout.pointer.unpack(field)[0] for tag, *_, field in tags if tag == _TIFF_SUBFILE), 0
            )
            if not offsets or not kind & _TIFF_NO_PAGE:
                offsets.append(at)
            entries += count
            (at,) = layout.pointer.unpack_from(data, stop)
    return offsets


def _beginning_at(offset: int, data: bytes) -> bytes:
    """Returns a TIFF file whose first directory is another one."""
    pointer, at = _layout(data).pointer, _TIFF_FIRST[_layout(data).big]
    return b"".join([data[:at], pointer.pack(offset), memoryview(data)[at + pointer.size :]])


def _tiff(data: bytes) -> Contents:
    layout, tags = _directory(data)
    kept = {number: tags[number] for number in sorted(tags.keys() & _TIFF_KEPT) if tags[number].is_whole}
    if any(tag.count > MOST_PARTS for tag in kept.values()):
        message = f"it has more than {MOST_PARTS} strips or tiles"
        raise TooLaboriousError(message)

    def number(tag: int, default: int) -> int:
        return max(kept[tag].values(), default=default) if tag in kept else default

    compression = number(_TIFF_COMPRESSION, 1)
    if compression not in _TIFF_COMPRESSIONS:
        message = f"its compression, number {compression}, is not accepted"
        raise ContainerError(message)
    width, height = number(_TIFF_WIDTH, 0), number(_TIFF_HEIGHT, 0)
    block = max(
        width * min(number(_TIFF_ROWS, height), height),
        number(_TIFF_TILE_WIDTH, 0) * number(_TIFF_TILE_HEIGHT, 0),
    )
    pixel = -(-number(_TIFF_SAMPLES, 1) * number(_TIFF_BITS, 1) // 8)
    if number(_TIFF_PHOTOMETRIC, 0) == _TIFF_YCBCR:
        pixel += 4  # libtiff returns it as RGBA
    if compression == _TIFF_JPEG:
        pixel += number(_TIFF_SAMPLES, 1) * _JPEG_COEFFICIENT
    directory = b"".join(layout.entry.pack(own, tag.kind, tag.count, tag.field) for own, tag in kept.items())
    directory = layout.count.pack(len(kept)) + directory + layout.pointer.pack(0)  # and no next page
    view = memoryview(data)
    cut = b"".join([view[: layout.offset], directory, view[layout.offset + len(directory) :]])
    orientation = next(iter(tags[ORIENTATION].values()), None) if ORIENTATION in tags else None
    return Contents(cut, orientation, block_bytes=block * pixel if compression != 1 else 0)


# GIF, WebP, AVIF, BMP ---------------------------------------------------------------------------------------


def _gif(data: bytes) -> Contents:
    flags = data[10]
    screen = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    at, control, blocks = screen, b"", _parts()
    for _ in _parts():
        if data[at] in (_GIF_PICTURE, _GIF_TRAILER):
            break
        if data[at] != _GIF_EXTENSION:
            at += 1
            continue
        start, is_control, at = at, data[at + 1] == _GIF_CONTROL, at + 2
        for _ in blocks:
            if not data[at]:
                break
            at += 1 + data[at]
        at += 1
        if is_control:
            control = data[start:at]
    return Contents(b"".join([data[:screen], control, memoryview(data)[at:]]))


def _webp(data: bytes) -> Contents:
    at, length, size, complete, exif, xmp = 12, 4, None, False, None, None
    kept: list[bytes | memoryview] = []
    for _ in _parts():
        if at + 8 > len(data):
            break
        name, body = struct.unpack_from("<4sI", data, at)
        stop = at + 8 + body + body % 2
        if name == b"EXIF":
            exif = exif or data[at + 8 : stop]
        elif name == b"XMP ":
            xmp = xmp or data[at + 8 : stop]
        elif name in _WEBP_KEPT and not complete:
            kept.append(memoryview(data)[at:stop])
            if name == b"VP8X":
                flags = data[at + 8] & ~_WEBP_METADATA_FLAGS
                kept[-1] = b"".join([data[at : at + 8], bytes([flags]), memoryview(data)[at + 9 : stop]])
            size = size or _webp_size(name, data[at + 8 : at + 18])
            length += stop - at
            complete = name in _WEBP_LAST
        at = stop
    head = struct.pack("<4sI4s", b"RIFF", length & 0xFFFFFFFF, b"WEBP")
    return Contents(b"".join([head, *kept]), _orientation(exif, xmp), size, _WEBP_PIXEL)


def _webp_size(name: bytes, head: bytes) -> tuple[int, int] | None:
    """Reads the width and height of the canvas from the first chunk."""
    if name == b"VP8X":
        return int.from_bytes(head[4:7], "little") + 1, int.from_bytes(head[7:10], "little") + 1
    if name == b"VP8L":
        bits = int.from_bytes(head[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if name == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 6)
        return width & 0x3FFF, height & 0x3FFF
    return None


def _avif(data: bytes) -> Contents:
    # AVIF stores rotation in its own properties (MIAF, section 7.3.6.8), so its Exif is not needed.
    return Contents(_AVIF_EXIF.sub(rb"\1skip", data), pixel_bytes=_AVIF_PIXEL)


def _bmp(data: bytes) -> Contents:
    if struct.unpack_from("<I", data, 14)[0] < _BMP_LEAST_COMPRESSED:
        return Contents(data)
    width, height, _, compression = struct.unpack_from("<iiII", data, 18)
    if compression not in _BMP_RUN_LENGTHS:
        return Contents(data)
    if len(data) > _BMP_MOST_RUNS or abs(width * height) > _BMP_MOST_RUN_PIXELS:
        message = "its run-length data takes too long to decode"
        raise TooLaboriousError(message)
    return Contents(data, pixel_bytes=_BMP_RUN_PIXEL)


_READERS: Final[dict[str, Callable[[bytes], Contents]]] = {
    "PNG": _png,
    "JPEG": _jpeg,
    "GIF": _gif,
    "BMP": _bmp,
    "TIFF": _tiff,
    "WEBP": _webp,
    "AVIF": _avif,
}
