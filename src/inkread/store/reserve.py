"""Disk space reserved for removing readings from a full disk.

SQLite needs space even to remove data because it first writes the changed pages to a file next to the
database. On a full disk, nothing could be removed to free space. So a file next to the database reserves some
space, and is deleted when the disk is full.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

RESERVE_BYTES = 4 * 2**20
"""Room for a thousand changed pages; removing a reading changes a few dozen."""


class Reserve:
    """The reserve file next to a database.

    Args:
        database: the database's file.
    """

    def __init__(self, database: Path) -> None:
        self.file = database.with_name(f"{database.name}-reserve")

    def fill(self) -> None:
        """Creates the file if it does not exist and there is space for it; never fails."""
        try:
            if self.file.exists():
                return
            self.file.touch(mode=0o600)
            self.file.write_bytes(bytes(RESERVE_BYTES))
        except OSError:
            self.spend()

    def spend(self) -> bool:
        """Removes the file; returns whether it existed."""
        try:
            self.file.unlink()
        except OSError:
            return False
        return True
