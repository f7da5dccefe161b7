"""Fills a disk and uses a store on it: ``python full_disk.py FOLDER [BYTES]``.

The folder is a small separate file system; BYTES is the picture size of the reading that is removed first.
"""

import contextlib
import sys
from dataclasses import replace
from pathlib import Path

from inkread.errors import StoreFullError
from inkread.store import NewDigit, NewReading, Store, StoredPicture


def reading(number: int) -> NewReading:
    """Makes a reading of eight digits with the largest possible crops."""
    digits = [NewDigit("7", 0.9, (0, 0, 9, 9), (0.1,) * 10, bytes(784), bytes([number]) * 20_000)] * 8
    return NewReading("a.png", 99, 9, "7" * 8, "default", "0" * 64, (tuple(digits),), None)


def fill(store: Store) -> list[str]:
    """Adds readings until the disk is full; returns their ids."""
    ids = []
    try:
        for number in range(1, 999):
            ids.append(store.add_reading(reading(number % 256)))
    except StoreFullError:
        print("full")  # noqa: T201
    return ids


def main(folder: Path, size: int) -> None:
    """Prints what happened."""
    url = str(folder / "store.sqlite")
    with Store.open(url) as store:
        picture = StoredPicture(bytes(size), 2000, 2000) if size else None
        first = store.add_reading(replace(reading(0), picture=picture))
        correction = store.add_correction(reading=first, line=0, position=0, label="1", by=None)
        ids = [first, *(store.add_reading(reading(0)) for _ in range(20))]
        with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(bytes(4096))
        ids += fill(store)
        print(store.withdraw(correction.id))  # noqa: T201
    for _ in range(3):  # as after a restart with the disk still full
        with Store.open(url) as store:
            ids += fill(store)
            print([store.remove_reading(ids.pop(0)) for _ in range(3)])  # noqa: T201
            if not size:
                ids.append(store.add_reading(reading(1)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
