"""Waits for a line, opens a store, and prints the id of each correction as soon as it is acknowledged.

Usage: write_corrections.py URL [COUNT]; without COUNT, it runs until killed.
"""

import sys
from itertools import count

from inkread.store import NewDigit, NewReading, Store, database

database.PATIENCE = 120  # others may hold the lock for long if the machine is busy

DIGITS = 50
DIGIT = NewDigit("7", 0.5, (0, 0, 9, 9), (0.1,) * 10, bytes(784), b"a picture" * 100)
READING = NewReading("page", 9, 9, "7" * DIGITS, "default", "ab" * 32, ((DIGIT,) * DIGITS,), None)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


url, wanted = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None
say("ready")
sys.stdin.readline()
with Store.open(url) as store:
    for done in count() if wanted is None else range(wanted):
        position = done % DIGITS
        if position == 0:
            reading = store.add_reading(READING)
        correction = store.add_correction(reading=reading, line=0, position=position, label="1", by=None)
        say(correction.id)
