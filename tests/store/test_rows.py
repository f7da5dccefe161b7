"""A row's text is aligned with its digits by the fewest edits, at plausible positions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.store.rows import Item, NoRoomError, changes, overlap, row_of

ROOMY = {"width": 10_000, "height": 100}


def row(labels, *, left=5000, probabilities=None, gaps=None):
    """Digits of 20×30 pixels, 30 apart, with extra space before some."""
    items = []
    for place, label in enumerate(labels):
        left += (gaps or {}).get(place, 0)
        sure = (probabilities or {}).get(place, 0.9)
        items.append(Item(label, (left, 10, left + 20, 40), sure, position=place))
        left += 30
    return items


def applied(items, edits):
    """Applies the edits to the row."""
    labels = {item.position: (item.label, item.box) for item in items}
    for edit in edits:
        labels[edit.item.position if edit.item else edit.box] = (edit.label, edit.box)
    return "".join(label for label, _ in sorted(labels.values(), key=lambda each: each[1]))


def distance(one, other):
    """Levenshtein distance, textbook version."""
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        now = [i]
        for j, b in enumerate(other, 1):
            now.append(min(last[j] + 1, now[-1] + 1, last[j - 1] + (a != b)))
        last = now
    return last[-1]


TEXTS = st.text("0123456789", max_size=12)


@given(TEXTS.filter(bool), TEXTS)
def test_any_row_becomes_any_text_by_as_few_edits_as_there_can_be(read, text):
    items = row(read)
    edits = changes(items, text, **ROOMY)
    assert applied(items, edits) == text
    assert len(edits) == distance(read, text)
    assert all(0 <= edit.box[0] < edit.box[2] <= 10_000 for edit in edits)


def test_a_digit_corrected_to_none_costs_nothing_and_can_come_back():
    items = [Item("", (100, 10, 120, 40), position=0), *row("1", left=130)]
    assert changes(items, "1", **ROOMY) == []
    (edit,) = changes(items, "71", **ROOMY)
    assert (edit.item, edit.label) == (items[0], "7")


def test_of_equal_digits_the_least_probable_is_deleted():
    for place in range(3):
        (edit,) = changes(row("777", probabilities={place: 0.3}), "77", **ROOMY)
        assert (edit.item.position, edit.label) == (place, "")


@pytest.mark.parametrize(("gaps", "left"), [({1: 30}, 5030), ({2: 30}, 5060), ({3: 30}, 5090)])
def test_a_missed_digit_is_placed_in_a_gap(gaps, left):
    (edit,) = changes(row("7777", gaps=gaps), "77777", **ROOMY)
    assert edit.box == (left, 10, left + 20, 40)


def test_digits_missed_in_one_gap_are_spread_over_it():
    edits = changes(row("12", gaps={1: 60}), "1892", **ROOMY)
    assert [(edit.label, edit.box[0]) for edit in edits] == [("8", 5030), ("9", 5060)]


def test_a_missed_digit_is_clipped_to_the_picture_and_rejected_outside_it():
    (edit,) = changes(row("12", left=22), "912", width=200, height=100)
    assert edit.box == (0, 10, 12, 40)
    with pytest.raises(NoRoomError):
        changes(row("12", left=5), "912", width=200, height=100)
    (edit,) = changes(row("77", left=5), "777", width=200, height=100)
    assert edit.box == (65, 10, 85, 40)  # after it: there is no room before it


def test_a_box_belongs_to_the_row_beside_it_and_to_none_above_or_below():
    rows = [[item.box for item in row("123", left=100)], [(100, 110, 120, 140)]]
    assert row_of((190, 12, 210, 42), rows) == 0
    assert row_of((140, 105, 160, 135), rows) == 1
    assert row_of((130, 60, 150, 90), rows) is None
    assert row_of((130, 60, 150, 90), []) is None


def test_the_overlap_of_boxes_is_intersection_over_union():
    assert overlap((0, 0, 10, 10), (0, 0, 10, 10)) == 1
    assert overlap((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 10, 10), (10, 0, 20, 10)) == 0
    assert overlap((0, 0, 10, 10), (3, 20, 8, 30)) == 0
