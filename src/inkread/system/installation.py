"""Checks that the packages inkread depends on are installed and intact; anything else is not our bug."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from inkread.errors import InstallationError, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = {
    "numpy": "numpy",
    "PIL": "pillow",
    "cv2": "opencv-python-headless",
    "onnxruntime": "onnxruntime",
    "typer": "typer",
    "rich": "rich",
}
"""Modules that the core imports, and the packages that provide them."""


def problem() -> InstallationError | None:
    """Finds the first core package that cannot be imported or is only a remnant; ``None`` if all are fine."""
    for module, package in PACKAGES.items():
        remedy = f"reinstall it: pip install --force-reinstall --no-deps {package}"
        try:
            found = import_module(module)
        except Exception as error:  # noqa: BLE001 - a damaged package can raise anything
            reason = one_line(str(error)) or type(error).__name__
            return InstallationError(module, f"cannot be imported ({reason})", remedy)
        if getattr(found, "__file__", None) is None:
            # A folder without code: uninstalling opencv-python beside opencv-python-headless leaves one.
            return InstallationError(module, "is incomplete", remedy)
    return None


@contextmanager
def diagnosed() -> Iterator[None]:
    """Turns a failure caused by a missing package into an ``InstallationError`` that names it."""
    try:
        yield
    except (ImportError, AttributeError) as error:
        if cause := problem():
            raise cause from error
        raise
