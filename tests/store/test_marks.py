"""Pictures are stored with their readings and the marks in them, in both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from inkread.errors import OptionError, StoreNotFoundError
from inkread.store import Mark, Store, StoredPicture
from inkread.store.tables import Marks, Pictures

UNKNOWN = "00000000-0000-4000-8000-000000000000"
BOX = (300, 100, 320, 130)


def mark(store, reading, box=BOX, label="5", by=None):
    return store.add_mark(reading=reading, box=box, label=label, by=by)


def correct(store, reading, position=0, label="1", line=0):
    return store.add_correction(reading=reading, line=line, position=position, label=label, by=None)


def write(store, reading, text, line=0):
    return store.correct_line(reading=reading, line=line, text=text, by="me")


def digits_of(store):
    """Returns the digits of the only corrected page, from left to right."""
    (page,) = store.corrected_pages()
    return sorted(page.digits, key=lambda digit: digit[1])


def text_of(store):
    return "".join(label for label, _ in digits_of(store))


def test_a_picture_comes_back_as_it_was_given(store, make_page, make_reading):
    new = make_page("12")
    assert store.picture(store.add_reading(new)) == new.picture
    assert store.picture(store.add_reading(make_reading("12"))) is None
    assert store.picture(UNKNOWN) is None
    assert store.picture("'") is None


def test_no_list_and_no_reading_loads_a_picture(tmp_path, make_page):
    with Store.open(f"sqlite:///{tmp_path / 'store.sqlite'}") as store:
        reading = store.add_reading(make_page("12"))
        mark(store, reading)
        statements = []

        @event.listens_for(store._engine, "before_cursor_execute")
        def listen(_connection, _cursor, statement, *_more):
            statements.append(statement)

        store.readings()
        store.reading(reading)
        store.corrections()
    assert not [statement for statement in statements if "jpeg" in statement]


@pytest.mark.parametrize("sizes", [(b"", 1, 1), (b"x", 0, 1), (b"x", 1, 0)])
def test_a_picture_without_pixels_fails_when_it_is_created(sizes):
    with pytest.raises(ValueError, match="must have pixels"):
        StoredPicture(*sizes)


def test_a_mark_is_kept_with_who_and_when_listed_and_withdrawn_once(store, make_page):
    reading = store.add_reading(make_page("12"))
    before = datetime.now(UTC)
    found = mark(store, reading, label="5", by="Zoë\0")
    assert isinstance(found, Mark)
    assert (found.reading, found.box, found.label, found.by) == (reading, BOX, "5", "Zoë\ufffd")
    assert (found.model, found.model_sha256) == ("default", "ab" * 32)
    assert before <= found.created <= datetime.now(UTC)
    assert store.corrections().items == (found,)
    assert store.corrections_of(reading) == (found,)
    assert store.reading(reading).corrections == store.readings().items[0].corrections == 1
    assert store.withdraw(found.id)
    assert not store.withdraw(found.id)
    assert store.corrections().items == store.corrections_of(reading) == ()
    assert store.reading(reading).corrections == 0


def test_marks_and_corrections_are_listed_together_the_newest_first(store, make_page):
    reading = store.add_reading(make_page("1234"))
    found = []
    for place in range(4):
        found.append(correct(store, reading, place, "9"))
        found.append(mark(store, reading, (300 + 40 * place, 100, 320 + 40 * place, 130)))
    for limit in range(1, 10):
        items, before = [], None
        while True:
            page = store.corrections(limit=limit, before=before)
            assert len(page.items) <= limit
            items += page.items
            before = page.next
            if before is None:
                break
        assert items == found[::-1]


def test_a_newer_mark_at_the_same_place_replaces_the_older(store, rows_of, make_page):
    reading = store.add_reading(make_page("12"))
    older = mark(store, reading, label="5")
    beside = mark(store, reading, (322, 100, 342, 130))
    newer = mark(store, reading, (302, 101, 321, 131), label="6")
    assert store.corrections_of(reading) == (beside, newer)
    assert not store.withdraw(older.id)
    assert rows_of(Marks) == 3


def test_a_removed_reading_takes_its_picture_and_marks_along(store, rows_of, make_page):
    gone, stays = (store.add_reading(make_page("12")) for _ in range(2))
    mark(store, gone)
    kept = mark(store, stays)
    assert store.remove_reading(gone)
    assert store.picture(gone) is None
    assert store.corrections().items == (kept,)
    assert [rows_of(table) for table in (Pictures, Marks)] == [1, 1]
    with pytest.raises(StoreNotFoundError, match="is not in the store; it may have been removed"):
        mark(store, gone)


@pytest.mark.parametrize(
    "box",
    [
        (-1, 0, 9, 9),
        (0, -1, 9, 9),
        (0, 0, 641, 9),
        (0, 0, 9, 481),
        (9, 0, 9, 9),
        (0, 9, 9, 9),
        (9, 0, 3, 9),
        (0, 0, 2**40, 9),
    ],
)
def test_a_box_outside_the_picture_or_an_empty_one_is_rejected(store, make_page, box):
    reading = store.add_reading(make_page("12"))
    with pytest.raises(OptionError, match="is empty or outside the picture of 640×480 pixels"):
        mark(store, reading, box)
    assert mark(store, reading, (0, 0, 640, 480)).box == (0, 0, 640, 480)


@pytest.mark.parametrize("label", ["10", "x", "?", " ", "٣"])
def test_only_a_digit_or_none_is_the_label_of_a_mark(store, make_page, label):
    with pytest.raises(OptionError, match="use 0 to 9"):
        mark(store, store.add_reading(make_page("12")), label=label)


@pytest.mark.parametrize("reading", [UNKNOWN, "", "\0", "é" * 36])
def test_an_unknown_reading_accepts_no_mark_and_no_text(store, reading):
    with pytest.raises(StoreNotFoundError):
        mark(store, reading)
    with pytest.raises(StoreNotFoundError):
        write(store, reading, "1")
    assert store.corrections_of(reading) == ()


# Training pages


def test_a_corrected_page_has_every_digit_with_what_it_is_known_to_be(store, make_page):
    new = make_page("12?", "45")
    reading = store.add_reading(new)
    correct(store, reading, 0, "7")
    correct(store, reading, 1, "")
    added = mark(store, reading)
    mark(store, reading, (400, 300, 420, 330), label="")
    (page,) = store.corrected_pages()
    assert (page.reading, page.width, page.height, page.picture) == (reading, 640, 480, new.picture)
    first, second = new.lines
    assert set(page.digits) == {
        ("7", first[0].box),
        ("9", first[2].box),  # uncertain: the most probable of the ten
        ("4", second[0].box),
        ("5", second[1].box),
        ("5", added.box),
    }


def test_a_mark_replaces_a_digit_that_it_overlaps_also_if_nothing_is_there(store, make_page):
    reading = store.add_reading(make_page("123"))
    mark(store, reading, (101, 99, 121, 131), label="7")
    mark(store, reading, (131, 100, 149, 130), label="")
    mark(store, reading, (172, 100, 220, 130), label="8")  # hardly overlaps the 3
    assert digits_of(store) == [
        ("7", (101, 99, 121, 131)),
        ("3", (160, 100, 180, 130)),
        ("8", (172, 100, 220, 130)),
    ]


def test_only_readings_with_a_picture_and_an_active_correction_are_learned(store, make_page, make_reading):
    corrected, marked, withdrawn, untouched = (store.add_reading(make_page("12")) for _ in range(4))
    without_picture = store.add_reading(make_reading("12"))
    assert untouched
    for reading in (marked, withdrawn, without_picture):
        found = mark(store, reading)
        if reading == withdrawn:
            store.withdraw(found.id)
    correct(store, corrected)
    assert [page.reading for page in store.corrected_pages()] == [corrected, marked]


def test_a_reading_removed_while_pages_are_read_is_left_out(store, make_page):
    readings = [store.add_reading(make_page("12")) for _ in range(3)]
    for reading in readings:
        mark(store, reading)
    pages = store.corrected_pages()
    assert next(pages).reading == readings[0]
    store.remove_reading(readings[1])
    assert [page.reading for page in pages] == [readings[2]]


# Rows


@pytest.mark.parametrize(
    ("text", "corrected", "boxes"),
    [
        ("123", [], []),
        ("193", [(1, "9")], []),
        ("13", [(1, "")], []),
        ("", [(0, ""), (1, ""), (2, "")], []),
        ("1243", [], [("4", (145, 100, 165, 130))]),
        ("0123", [], [("0", (70, 100, 90, 130))]),
        ("12345", [], [("4", (190, 100, 210, 130)), ("5", (220, 100, 240, 130))]),
        ("723", [(0, "7")], []),
        ("7263", [(0, "7")], [("6", (145, 100, 165, 130))]),
    ],
)
def test_a_row_reads_as_its_text_by_the_fewest_changes(store, make_page, text, corrected, boxes):
    reading = store.add_reading(make_page("123", "55"))
    stored = write(store, reading, text)
    assert [(one.position, one.label) for one in stored if not isinstance(one, Mark)] == corrected
    assert [(one.label, one.box) for one in stored if isinstance(one, Mark)] == boxes
    assert all(one.by == "me" for one in stored)
    assert set(store.corrections().items) == set(stored)
    if stored:
        assert "".join(label for label, box in digits_of(store) if box[1] == 100) == text


def test_a_text_is_compared_with_what_the_row_reads_as_now(store, make_page):
    reading = store.add_reading(make_page("11"))
    correct(store, reading, 0, "")
    (stored,) = write(store, reading, "12")
    assert stored.box == (160, 100, 180, 130)  # after the remaining 1; the other stays none
    assert text_of(store) == "12"
    assert write(store, reading, "12") == ()
    assert text_of(store) == "12"


def test_a_text_replaces_what_an_earlier_one_said(store, make_page):
    reading = store.add_reading(make_page("123"))
    for text in ("1243", "12435", "1343", "99999", "23"):
        write(store, reading, text)
        assert text_of(store) == text


def test_a_digit_that_reads_as_it_was_read_is_no_longer_corrected(store, make_page):
    reading = store.add_reading(make_page("12"))
    correct(store, reading, 0, "7")
    correct(store, reading, 1, "")
    assert write(store, reading, "12") == ()
    assert store.corrections().items == ()


def test_a_digit_deleted_from_a_text_stays_away_also_if_a_mark_had_replaced_it(store, make_page):
    reading = store.add_reading(make_page("123"))
    mark(store, reading, (131, 100, 151, 130), label="7")
    (stored,) = write(store, reading, "13")
    assert (stored.box, stored.label) == ((131, 100, 151, 130), "")
    assert text_of(store) == "13"
    (stored,) = write(store, reading, "123")
    assert stored.label == "2"
    assert text_of(store) == "123"


def test_the_text_of_a_row_leaves_other_rows_and_marks_elsewhere_alone(store, make_page):
    reading = store.add_reading(make_page("123", "456"))
    below = correct(store, reading, 1, "0", line=1)
    beside = mark(store, reading, (190, 160, 210, 190), label="7")  # in the second row
    far = mark(store, reading, (300, 400, 320, 430), label="8")
    (stored,) = write(store, reading, "1239")
    assert store.corrections().items == (stored, far, beside, below)
    assert write(store, reading, "4067", line=1) == ()


def test_a_digit_that_would_be_outside_the_picture_is_rejected_and_nothing_is_stored(store, make_page):
    reading = store.add_reading(make_page("123", left=0))
    with pytest.raises(OptionError, match="would be outside the picture; correct the others"):
        write(store, reading, "99123")
    assert store.corrections().items == ()


@pytest.mark.parametrize("text", ["1?", "1 2", "1.5", "٣", "a", "1\n", "1" * 201])
def test_only_digits_are_a_text(store, make_page, text):
    reading = store.add_reading(make_page("123"))
    with pytest.raises(OptionError, match="must have at most 200 characters"):
        write(store, reading, text)


@pytest.mark.parametrize("line", [-1, 1, 2**40])
def test_a_row_that_is_not_there_is_not_found(store, make_page, line):
    reading = store.add_reading(make_page("123"))
    with pytest.raises(StoreNotFoundError, match=rf"line {line}: is not in the store; count lines from 0"):
        write(store, reading, "1", line=line)


def test_an_unread_digit_is_labelled_by_the_text(store, make_page):
    reading = store.add_reading(make_page("1?"))
    (stored,) = write(store, reading, "12")
    assert (stored.read_as, stored.label) == ("?", "2")


def test_a_row_of_a_page_on_its_side_is_written_along_its_own_direction(store, make_page):
    page = make_page("123")
    upwards = tuple(
        replace(digit, box=(100, 300 - 30 * place, 130, 320 - 30 * place))
        for place, digit in enumerate(page.lines[0])
    )
    reading = store.add_reading(replace(page, lines=(upwards,)))
    stored = write(store, reading, "12435")
    assert [(one.label, one.box) for one in stored] == [
        ("4", (100, 255, 130, 275)),
        ("5", (100, 210, 130, 230)),
    ]
    assert write(store, reading, "12435") == ()
