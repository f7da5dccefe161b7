"""The project's own pictures are read as pinned: texts, digits, boxes, and probabilities."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from golden import PINNED, differences, pictures, reading_of

from inkread import Reader

PICTURES = pictures()
GOLDEN = json.loads(PINNED.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def reader():
    return Reader(threads=1)


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_of_the_project_is_read_as_pinned(reader, name):
    now = reading_of(reader, PICTURES[name], single="digit" in name)
    changed = "\n  ".join(differences(GOLDEN[name], now))
    assert not changed, (
        f"{name} is read differently:\n  {changed}\nIf this is meant: python tests/golden.py --renew"
    )


def test_the_pinned_pictures_are_those_of_the_project():
    assert set(GOLDEN) == set(PICTURES), "python tests/golden.py --renew"


def test_a_change_of_a_reading_is_named():
    pinned = GOLDEN["postcode.jpg"]
    now = copy.deepcopy(pinned)
    now["text"] = "other"
    now["digits"][0][1] -= 0.1
    now["digits"][1][2][0] += 9
    found = differences(pinned, now)
    assert [line.split(":")[0].split(" (")[0] for line in found] == ["text", "digit 1", "digit 2"]
    assert not differences(pinned, pinned)
    assert Path(PINNED).stat().st_size < 50_000
