"""Turns any source into upright RGB pixels, safely. Only this package decodes image files.

===============  ======================================================================
``loading``      ``load_picture``, all steps in order
``sources``      what a picture can come from, and its bytes
``formats``      the accepted formats
``limits``       how large a picture may be
``decoding``     from bytes to Pillow's image
``values``       from any mode or data type to 8-bit color and alpha
``containers``   reduces an encoded picture to its pixels
``pages``        pages of PDF and TIFF documents; HEIC
``compositing``  the backdrop behind a transparent picture
``folders``      which files in a folder are pictures
===============  ======================================================================
"""

from __future__ import annotations

from inkread.picture.formats import PICTURE_SUFFIXES, is_document, supported_formats
from inkread.picture.limits import PictureLimits
from inkread.picture.loading import Picture, load_picture, page_count
from inkread.picture.sources import Source, describe_source
from inkread.picture.working_size import WORKING_SIDE

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
