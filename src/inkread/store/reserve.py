"""Space on the disk that is kept for the day when there is no other.

SQLite needs space to remove something: it writes the changed pages beside the database first. On a full disk nothing could be
removed, and so nothing be freed. A file of this size lies beside the database, and gives way then (an emergency ballast).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

RESERVE_BYTES = 4 * 2**20
"""Room for a thousand changed pages; removing a reading changes a few dozen."""


class Reserve:
    """The file beside a database.

    Args:
        database: the database's file.
    """

    def __init__(self, database: Path) -> None:
        self.file = database.with_name(f"{database.name}-reserve")

    def fill(self) -> None:
        """Makes the file if it is not there, and there is space for it; never fails."""
        try:
            if self.file.exists():
                return
            self.file.touch(mode=0o600)
            self.file.write_bytes(bytes(RESERVE_BYTES))
        except OSError:
            self.spend()

    def spend(self) -> bool:
        """Removes the file; whether there was one."""
        try:
            self.file.unlink()
        except OSError:
            return False
        return True
