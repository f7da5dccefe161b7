"""Runs the notebook's script, and stores the notebook with its outputs: ``make notebook-outputs``.

Needs the extra ``notebook``, nbclient, and jupytext. The outputs are small, because they are part of the
repository: plots have few colors, and a widget becomes its picture and its settings. Nothing of the machine
is stored: no path, no time.
"""

from __future__ import annotations

import base64
import hashlib
import io
import tempfile
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient
from PIL import Image

FOLDER = Path(__file__).parent
NAME = "handwriting_recognition"

PATIENCE = 1800
"""Most seconds of a cell; the training takes minutes on a busy machine."""

WIDEST, COLORS = 900, 64
"""Pixels and colors of a stored plot."""

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
PNG, JPEG = "image/png", "image/jpeg"


def main() -> None:
    """Runs the script's cells in an empty folder, and writes the notebook."""
    notebook = jupytext.read(FOLDER / f"{NAME}.py")
    for number, cell in enumerate(notebook.cells):
        cell["id"] = hashlib.sha256(f"{number} {cell.source}".encode()).hexdigest()[:8]
        cell["metadata"] = {}
    with tempfile.TemporaryDirectory() as empty:
        client = NotebookClient(
            notebook, timeout=PATIENCE, resources={"metadata": {"path": empty}}, record_timing=False
        )
        client.execute()
    widgets = notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            _require_no_complaint(output)
            if "data" in output:
                _reduce(output, widgets)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    formats = {"formats": "ipynb,py:percent"}
    notebook.metadata = nbformat.from_dict(
        {"jupytext": formats, "kernelspec": kernel, "language_info": {"name": "python"}}
    )
    nbformat.write(notebook, FOLDER / f"{NAME}.ipynb")


def _require_no_complaint(output: Any) -> None:
    if output.get("name") == "stderr" or output.output_type == "error":
        raise SystemExit(f"a cell complains: {output}")


def _reduce(output: Any, widgets: dict[str, Any]) -> None:
    """Replaces a widget by its picture and settings, and a picture by a smaller one."""
    data = output.data
    view = data.pop(VIEW, None)
    if view:
        lines = list(_described(view["model_id"], widgets))
        data["text/plain"] = "\n".join(line for line in lines if isinstance(line, str))
        pictures = [line for line in lines if isinstance(line, bytes)]
        if pictures:
            data[PNG] = base64.b64encode(pictures[0]).decode("ascii")
    if JPEG in data:
        del data[PNG]  # a photo, which has too many colors
    if PNG in data:
        data[PNG] = base64.b64encode(_small(base64.b64decode(data[PNG]))).decode("ascii")


def _described(model: str, widgets: dict[str, Any]) -> Any:
    """Yields a widget's settings as lines of text, and its pictures as bytes, with those of its children."""
    found = widgets[model]
    state = found["state"]
    if state["_model_name"] == "ImageModel":
        (buffer,) = found["buffers"]
        yield base64.b64decode(buffer["data"])
    elif "children" in state:
        for child in state["children"]:
            yield from _described(child.removeprefix("IPY_MODEL_"), widgets)
    elif "index" in state:
        yield f"{state['description']}: {state['_options_labels'][state['index']]}"
    elif "value" in state:
        yield ": ".join(filter(None, [state.get("description", ""), str(state["value"])]))


def _small(png: bytes) -> bytes:
    """Returns a PNG with fewer pixels and colors."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    if picture.width > WIDEST:
        size = WIDEST, round(picture.height * WIDEST / picture.width)
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    reduced = picture.quantize(COLORS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    reduced.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
