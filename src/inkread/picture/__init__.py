"""Turns any source into upright RGB pixels, safely. Only this package decodes image files.

===============  ======================================================================
``loading``      ``load_picture`` and its limits
``containers``   reduces an encoded picture to its pixels
``pages``        pages of PDF and TIFF documents; HEIC
``compositing``  the backdrop behind a transparent picture
``folders``      which files in a folder are pictures
===============  ======================================================================
"""

from __future__ import annotations

from inkread.picture.loading import (
    PICTURE_SUFFIXES,
    WORKING_SIDE,
    Picture,
    PictureLimits,
    Source,
    describe_source,
    is_document,
    load_picture,
    page_count,
    supported_formats,
)

__all__ = [
    "PICTURE_SUFFIXES",
    "WORKING_SIDE",
    "Picture",
    "PictureLimits",
    "Source",
    "describe_source",
    "is_document",
    "load_picture",
    "page_count",
    "supported_formats",
]
