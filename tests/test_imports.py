"""The core is light: importing it does not import the tools for training and evaluation."""

from __future__ import annotations

import subprocess
import sys

import pytest

CORE = [
    "inkread",
    "inkread.cli",
    "inkread.errors",
    "inkread.models",
    "inkread.models.onnx_session",
    "inkread.picture",
    "inkread.picture.folders",
    "inkread.pipeline.choice",
    "inkread.pipeline.classifier",
    "inkread.pipeline.explain",
    "inkread.pipeline.glyph",
    "inkread.pipeline.turning",
    "inkread.reader",
    "inkread.results",
    "inkread.results.annotate",
    "inkread.results.outcome",
    "inkread.system.installation",
    "inkread.watching",
]
HEAVY = [
    "torch",
    "onnx",
    "sklearn",
    "matplotlib",
    "fastapi",
    "jinja2",
    "pandas",
    "scipy",
    "uvicorn",
    "sqlalchemy",
    "keras",
    "ai_edge_litert",
    "httpx",
    "optuna",
    "pygame",
]
ROOMS_ABOVE = [
    "inkread.client",
    "inkread.datasets",
    "inkread.desktop",
    "inkread.evaluation",
    "inkread.export",
    "inkread.server",
    "inkread.store",
    "inkread.synthetic",
    "inkread.training",
]
LEFT_FOR_LATER = ["numpy", "PIL", "cv2", "onnxruntime", "typer", "rich"]


def imported_by(statement: str) -> set[str]:
    """Returns the modules of a new interpreter after the statement."""
    code = f"import sys; {statement}; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(result.stdout.split())


def test_the_core_imports_nothing_heavy_and_no_room_above_it() -> None:
    found = imported_by("; ".join(f"import {module}" for module in CORE))
    assert not found & {*HEAVY, *ROOMS_ABOVE}


def test_reading_a_picture_imports_nothing_heavy() -> None:
    found = imported_by("import inkread, numpy; inkread.read(numpy.zeros((30, 30), numpy.uint8))")
    assert not found & {*HEAVY, *ROOMS_ABOVE}


def test_reading_digits_imports_nothing_that_only_text_needs() -> None:
    found = imported_by("import inkread, numpy; inkread.read(numpy.zeros((30, 30), numpy.uint8))")
    assert not found & {"inkread.pipeline.text", "inkread.pipeline.symbols", "inkread.pipeline.beam_search"}


def test_importing_the_package_imports_no_library_at_all() -> None:
    assert not imported_by("import inkread") & {*LEFT_FOR_LATER}


def test_every_public_name_is_there() -> None:
    import inkread

    for name in inkread.__all__:
        assert getattr(inkread, name) is not None
        assert name in dir(inkread)


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    import inkread

    with pytest.raises(AttributeError, match="digitise"):
        _ = inkread.digitise
