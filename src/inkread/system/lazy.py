"""Loads the names of a package on first use, so that importing the package stays cheap."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping


def lazy(
    package: str, names: Mapping[str, Collection[str]], *, needs: Mapping[str, str] | None = None
) -> Callable[[str], Any]:
    """Makes the ``__getattr__`` of a package, from the names that each of its modules provides.

    ``needs`` has the extra that installs each library they need; a missing one is a ``MissingExtraError``.
    """
    homes = {name: f"{package}.{module}" for module, provided in names.items() for name in provided}

    def load(name: str) -> Any:
        if name not in homes:
            message = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(message)
        from inkread.errors import MissingExtraError
        from inkread.system.installation import diagnosed

        try:
            with diagnosed():
                return getattr(import_module(homes[name]), name)
        except ModuleNotFoundError as error:
            if error.name and needs and error.name in needs:
                raise MissingExtraError(error.name, needs[error.name]) from error
            raise

    return load
