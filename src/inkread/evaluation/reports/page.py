"""A report as one HTML file, whose content security policy forbids external resources."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

JPEG_QUALITY = 80


def render(template: str, *, title: str, styles: Sequence[str] = ("page.css",), **values: Any) -> str:
    """Renders a template of ``templates``, which escapes every value.

    Args:
        template: its file name.
        title: the page's title.
        styles: the file names of its style sheets.
        values: the template's values.
    """
    templates = Environment(
        loader=PackageLoader("inkread.evaluation.reports"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    templates.filters |= {"grouped": "{:,}".format, "percent": "{:.0%}".format}
    return templates.get_template(template).render(policy=POLICY, title=title, styles=styles, **values)


def data_uri(image: Image) -> str:
    """Encodes the picture as PNG or JPEG, whichever is smaller."""
    encoded = {}
    for kind, options in (("png", {"optimize": True}), ("jpeg", {"quality": JPEG_QUALITY})):
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        encoded[kind] = buffer.getvalue()
    kind, content = min(encoded.items(), key=lambda item: len(item[1]))
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
