"""The system's clipboard."""

from __future__ import annotations

import pygame

from inkread.errors import OutputError


def copy_text(text: str) -> None:
    """Copies a text to the clipboard.

    Raises:
        OutputError: there is no clipboard.
    """
    try:
        pygame.scrap.put_text(text)
    except (pygame.error, NotImplementedError) as error:
        problem = f"cannot be used ({error})"
        raise OutputError("clipboard", problem, "press S to save it instead") from error
