"""Storing, finding, correcting and removing, in both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

import inkread.store.store as store_module
from inkread.errors import OptionError, StoreNotFoundError
from inkread.store import MOST_ITEMS, NewDigit, NewReading, Store
from inkread.store.tables import Corrections, Digits, Moment, Readings

UNKNOWN = "00000000-0000-4000-8000-000000000000"
NO_IDS = [UNKNOWN, "", "7", "\0", "\ud800", UNKNOWN.upper() + "'; DROP TABLE readings", "é" * 36]


def walk(page_of, **options):
    """Every item of every page, in order."""
    items, before = [], None
    while True:
        page = page_of(before=before, **options)
        items += page.items
        if page.next is None:
            return items
        assert len(page.items) == options["limit"]
        before = page.next


def correct(store, reading, position=0, label="1", *, line=0, by=None):
    return store.add_correction(reading=reading, line=line, position=position, label=label, by=by)


def test_a_reading_comes_back_as_it_was_given(store, make_reading):
    new = make_reading("123 45?", source="Schein–Nr. 7 \N{DIGIT SEVEN}.png")
    before = datetime.now(UTC)
    found = store.reading(store.add_reading(new))
    assert all(getattr(found, name) == getattr(new, name) for name in {*NewReading.__slots__} - {"picture"})
    assert before <= found.created <= datetime.now(UTC)
    assert found.created.tzinfo is UTC
    assert found.corrections == 0


def test_a_reading_without_a_digit_is_kept_as_well(store, make_reading):
    assert store.reading(store.add_reading(make_reading(""))).lines == ()


def test_numbers_of_numpy_are_kept_as_numbers(store, make_reading):
    digit = make_reading().lines[0][0]
    numpy_digit = NewDigit(
        label="7",
        probability=np.float32(0.5),
        box=tuple(np.array(digit.box)),
        probabilities=tuple(np.full(10, 0.25, np.float32)),
        glyph=digit.glyph,
        crop=digit.crop,
    )
    new = NewReading("x", np.int64(30), np.int32(40), "7", "default", "ab" * 32, ((numpy_digit,),), None)
    found = store.reading(store.add_reading(new))
    assert (found.width, found.height) == (30, 40)
    assert found.lines[0][0].box == digit.box
    assert found.lines[0][0].probabilities == (0.25,) * 10


@pytest.mark.parametrize(
    "changes",
    [
        {"glyph": bytes(783)},
        {"probabilities": (0.1,) * 9},
        {"probabilities": (float("nan"),) * 10},
    ],
)
def test_an_invalid_digit_fails_when_it_is_created(changes):
    good = {"glyph": bytes(784), "probabilities": (0.1,) * 10}
    with pytest.raises(ValueError, match=r"784 bytes|10 finite"):
        NewDigit(label="7", probability=0.5, box=(0, 0, 1, 1), crop=b"", **good | changes)


def test_a_row_without_a_digit_fails_when_it_is_created():
    with pytest.raises(ValueError, match="must have a digit"):
        NewReading("x", 1, 1, "", "default", "", ((),), None)


def test_a_correction_keeps_what_is_learned_from_and_where_it_came_from(store, make_reading):
    new = make_reading("12 345")
    reading = store.add_reading(new)
    before = datetime.now(UTC)
    correction = correct(store, reading, line=1, position=2, label="9", by="Zoë")
    digit = new.lines[1][2]
    assert (correction.reading, correction.line, correction.position) == (reading, 1, 2)
    assert (correction.read_as, correction.label, correction.by) == ("5", "9", "Zoë")
    assert (correction.glyph, correction.crop) == (digit.glyph, digit.crop)
    assert (correction.model, correction.model_sha256) == (new.model, new.model_sha256)
    assert before <= correction.created <= datetime.now(UTC)
    assert store.corrections().items == (correction,)
    assert store.reading(reading).corrections == 1
    assert store.readings().items[0].corrections == 1
    assert store.corrected_glyphs() == [(digit.glyph, "9")]


def test_a_digit_can_be_corrected_to_no_digit(store, make_reading):
    assert correct(store, store.add_reading(make_reading()), label="").label == ""
    assert [label for _, label in store.corrected_glyphs()] == [""]


def test_the_newer_correction_of_a_digit_replaces_the_older_which_is_kept_as_withdrawn(
    store, rows_of, make_reading
):
    reading = store.add_reading(make_reading("77"))
    older, other, newer = (
        correct(store, reading, place, label) for place, label in ((0, "1"), (1, "2"), (0, "3"))
    )
    assert store.corrections().items == (newer, other)
    assert store.reading(reading).corrections == 2
    assert not store.withdraw(older.id)
    assert rows_of(Corrections) == 3


def test_a_correction_can_be_withdrawn_once_and_made_again(store, make_reading):
    reading = store.add_reading(make_reading())
    correction = correct(store, reading)
    assert store.withdraw(correction.id)
    assert not store.withdraw(correction.id)
    assert store.corrections().items == ()
    assert store.corrected_glyphs() == []
    assert store.reading(reading).corrections == 0
    again = correct(store, reading, label="2")
    assert store.corrections().items == (again,)


def test_a_removed_reading_takes_its_digits_and_every_correction_along(store, rows_of, make_reading):
    gone, stays = (store.add_reading(make_reading("77")) for _ in range(2))
    for label in "123":
        correct(store, gone, label=label)
    kept = correct(store, stays)
    assert store.remove_reading(gone)
    assert not store.remove_reading(gone)
    assert store.reading(gone) is None
    assert store.corrections().items == (kept,)
    assert len(store.corrected_glyphs()) == 1
    assert [rows_of(table) for table in (Readings, Digits, Corrections)] == [1, 2, 1]


@pytest.mark.parametrize("identity", NO_IDS)
def test_an_unknown_id_is_not_found(store, make_reading, identity):
    store.add_reading(make_reading())
    assert store.reading(identity) is None
    assert not store.remove_reading(identity)
    assert not store.withdraw(identity)
    with pytest.raises(StoreNotFoundError, match="is not in the store; "):
        correct(store, identity)


@pytest.mark.parametrize(("line", "position"), [(0, 2), (1, 0), (-1, 0), (0, -1), (0, 2**31), (2**80, 0)])
def test_a_digit_that_the_reading_does_not_have_is_not_found(store, make_reading, line, position):
    reading = store.add_reading(make_reading("77"))
    with pytest.raises(StoreNotFoundError, match=rf"line {line}, position {position}: is not in the store"):
        correct(store, reading, position, line=line)
    assert store.corrections().items == ()


@pytest.mark.parametrize("label", ["10", "x", "?", " ", "٣", "\0"])
def test_only_a_digit_or_none_is_a_label(store, make_reading, label):
    reading = store.add_reading(make_reading())
    with pytest.raises(OptionError, match="use 0 to 9"):
        correct(store, reading, label=label)
    assert store.corrections().items == ()


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", {"Rechnung.png", "50%_off.jpg", "a\\b.png", "E\u0301te\u0301.heic"}),
        ("  ", {"Rechnung.png", "50%_off.jpg", "a\\b.png", "E\u0301te\u0301.heic"}),
        ("RECHnung", {"Rechnung.png"}),
        (".PNG", {"Rechnung.png", "a\\b.png"}),
        ("12", {"Rechnung.png"}),
        ("2\n3", {"Rechnung.png"}),
        ("%", {"50%_off.jpg"}),
        ("_", {"50%_off.jpg"}),
        ("\\", {"a\\b.png"}),
        ("/", set()),
        ("\u00e9T\u00c9", {"E\u0301te\u0301.heic"}),
        ("' OR 1=1 --", set()),
        ("\0", set()),
        ("\ud800", set()),
    ],
)
def test_a_search_finds_what_source_or_text_contain_and_nothing_in_it_is_special(
    store, make_reading, search, found
):
    for source, rows in [
        ("Rechnung.png", "12 34"),
        ("50%_off.jpg", "5"),
        ("a\\b.png", "6"),
        ("E\u0301te\u0301.heic", "7"),
    ]:
        store.add_reading(make_reading(rows, source=source))
    assert {reading.source for reading in store.readings(search=search).items} == found


def test_paging_through_a_search_keeps_the_search(store, make_reading):
    for source in ("a1", "b", "a2", "b", "a3", "b"):
        store.add_reading(make_reading(source=source))
    assert [reading.source for reading in walk(store.readings, search="A", limit=1)] == ["a3", "a2", "a1"]


def test_pages_are_newest_first_and_come_to_an_end(store, make_reading):
    readings = [store.add_reading(make_reading("77")) for _ in range(7)]
    for limit in (1, 3, 6, 7, 8):
        assert [reading.id for reading in walk(store.readings, limit=limit)] == readings[::-1]
    corrections = [correct(store, reading, place) for reading in readings[:3] for place in (0, 1)]
    for limit in (1, 3, 6, 7):
        assert walk(store.corrections, limit=limit) == corrections[::-1]


def test_pages_stay_in_step_while_readings_come_and_go(store, make_reading):
    readings = [store.add_reading(make_reading()) for _ in range(6)]
    first = store.readings(limit=3)
    store.add_reading(make_reading())
    assert store.remove_reading(first.items[-1].id)
    rest = walk(lambda before, limit: store.readings(limit=limit, before=before or first.next), limit=2)
    assert [reading.id for reading in rest] == readings[2::-1]


def test_pages_are_complete_where_many_were_stored_at_the_same_moment(store, make_reading, monkeypatch):
    class Stopped(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2026, 2, 3, 4, 5, 6, 789012, tz)

    monkeypatch.setattr(store_module, "datetime", Stopped)
    readings = {store.add_reading(make_reading()) for _ in range(9)}
    corrections = {correct(store, reading).id for reading in readings}
    assert len(found := walk(store.readings, limit=2)) == 9
    assert {reading.id for reading in found} == readings
    assert {correction.id for correction in walk(store.corrections, limit=2)} == corrections


@pytest.mark.parametrize(
    "options",
    [
        {"limit": 0},
        {"limit": -1},
        {"limit": MOST_ITEMS + 1},
        {"before": ""},
        {"before": "x"},
        {"before": f"{10**17}_{UNKNOWN}"},
        {"before": f"5_{UNKNOWN}'"},
        {"before": f"٣_{UNKNOWN}"},
    ],
)
def test_a_limit_out_of_bounds_and_an_invalid_cursor_are_rejected(store, options):
    for page_of in (store.readings, store.corrections):
        with pytest.raises(OptionError, match="; use"):
            page_of(**options)


def test_the_largest_page_the_oldest_cursor_and_the_longest_search_are_taken(store):
    for page_of in (store.readings, store.corrections):
        assert page_of(limit=MOST_ITEMS, before=f"0_{UNKNOWN}").items == ()
        assert page_of(limit=MOST_ITEMS, before=f"{'9' * 17}_{UNKNOWN}").items == ()
    assert store.readings(search="%" * 200).items == ()
    with pytest.raises(OptionError, match="search: has 201 characters, more than 200"):
        store.readings(search="%" * 201)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(), max_size=60))
def test_any_text_is_kept_and_found_again(store, make_reading, text):
    reading = store.add_reading(make_reading(source=text))
    correction = correct(store, reading, by=text)
    kept = "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text)
    assert store.reading(reading).source == kept
    assert store.corrections(limit=1).items[0].by == correction.by == kept
    assert store.readings(search=text, limit=1).items[0].id == reading


def test_a_moment_of_another_time_zone_is_the_same_moment():
    moment = datetime(2026, 1, 2, 3, 4, 5, 6, timezone(timedelta(hours=-9)))
    kept = Moment().process_bind_param(moment, None)
    assert kept == moment
    assert Moment().process_result_value(kept.replace(tzinfo=None), None) == moment


def test_a_store_shows_where_it_is_and_is_still_there_when_opened_again(store, url, make_reading):
    reading = store.add_reading(make_reading())
    assert "store.sqlite" in repr(store) or "inkread:***@" in repr(store)
    with Store.open(url) as again:
        assert again.reading(reading) == store.reading(reading)


def test_sqlite_acknowledges_what_is_on_the_disk_and_keeps_its_promises(tmp_path):
    pragmas = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
    with Store.open(f"sqlite:///{tmp_path / 'store.sqlite'}") as store, store._engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in pragmas}
    assert found == pragmas


def test_sqlite_is_locked_before_a_writer_reads_so_that_writers_wait_for_each_other(tmp_path, make_reading):
    with Store.open(f"sqlite:///{tmp_path / 'store.sqlite'}") as store:
        statements = []

        @event.listens_for(store._engine, "before_cursor_execute")
        def listen(_connection, _cursor, statement, *_more):
            statements.append(statement.split()[:2])

        reading = store.add_reading(make_reading())
        correction = correct(store, reading)
        store.withdraw(correction.id)
        store.remove_reading(reading)
    assert [statement for statement in statements if statement[0] == "BEGIN"] == [["BEGIN", "IMMEDIATE"]] * 4
