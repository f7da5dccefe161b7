"""From any source to upright RGB pixels, safely: the only room that decodes files.

===============  ======================================================================
``loading``      ``load_picture`` and its limits
``containers``   an encoded picture, reduced to its pixels
``compositing``  the backdrop of a transparent picture
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
    load_picture,
)

__all__ = [
    "PICTURE_SUFFIXES",
    "WORKING_SIDE",
    "Picture",
    "PictureLimits",
    "Source",
    "describe_source",
    "load_picture",
]
