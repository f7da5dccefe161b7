"""Whether the packages that inkread depends on are there and whole: what else may go wrong is not our bug."""

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
"""What the core imports, and the package that brings it."""


def problem() -> InstallationError | None:
    """The first package of the core that cannot be imported, or is only a leftover; ``None`` if all are well."""
    for module, package in PACKAGES.items():
        remedy = f"install it again with: pip install --force-reinstall --no-deps {package}"
        try:
            found = import_module(module)
        except Exception as error:  # noqa: BLE001 - a damaged package fails in any way
            reason = one_line(str(error)) or type(error).__name__
            return InstallationError(module, f"cannot be imported ({reason})", remedy)
        if getattr(found, "__file__", None) is None:
            # A folder without code, as is left by uninstalling opencv-python beside opencv-python-headless.
            return InstallationError(module, "is incomplete", remedy)
    return None


@contextmanager
def diagnosed() -> Iterator[None]:
    """Turns what fails for lack of a package into an ``InstallationError`` that names it."""
    try:
        yield
    except (ImportError, AttributeError) as error:
        if cause := problem():
            raise cause from error
        raise
