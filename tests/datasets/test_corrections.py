from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from inkread.datasets.corrections import CorrectedPage, load_corrected_pages, load_corrections
from inkread.datasets.glyphs import NOT_A_DIGIT_CLASS
from inkread.errors import DatasetNotFoundError, MissingExtraError, StoreError
from inkread.store import NewDigit, NewReading, Store, StoredPicture


def digit(shade: int) -> NewDigit:
    glyph = np.full((28, 28), shade, np.uint8)
    glyph[0, 27] = 255
    return NewDigit("7", 0.5, (0, 0, 9, 9), (0.1,) * 10, glyph.tobytes(), b"")


def lack(package, monkeypatch):
    """Reloads the store without a package, and restores everything afterwards."""
    import inkread.store

    monkeypatch.setattr(inkread, "store", inkread.store)  # which the reload replaces
    for name in [name for name in sys.modules if name.startswith("inkread.store")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store.sqlite"


@pytest.fixture
def collected(path):
    """A store with three corrected digits in the first reading and one in the second, and its readings."""
    with Store.open(str(path)) as store:
        readings = [
            store.add_reading(
                NewReading("x", 9, 9, "777", "default", "ab" * 32, (tuple(map(digit, shades)),), None)
            )
            for shades in ((1, 2, 3), (4, 5, 6))
        ]
        for reading, position, label in ((0, 2, "3"), (0, 0, "1"), (0, 1, "8"), (0, 1, ""), (1, 1, "5")):
            store.add_correction(reading=readings[reading], line=0, position=position, label=label, by=None)
    return readings


def test_every_active_correction_is_a_glyph_with_its_label(path, collected):
    glyphs = load_corrections(path)
    assert glyphs.labels.tolist() == [3, 1, NOT_A_DIGIT_CLASS, 5]
    assert glyphs.images[:, 5, 5].tolist() == [3, 1, 2, 5]
    assert glyphs.images[:, 0, 27].tolist() == [255] * 4


def test_a_store_is_named_by_path_by_url_or_not_at_all(path, collected, monkeypatch, tmp_path):
    by_path = load_corrections(path)
    by_url = load_corrections(f"sqlite:///{path}")
    monkeypatch.setattr("inkread.store.default_url", lambda: f"sqlite:///{path}")
    by_default = load_corrections()
    assert by_path.sha256 == by_url.sha256 == by_default.sha256
    np.testing.assert_array_equal(by_path.images, by_default.images)


def test_withdrawn_and_removed_corrections_are_not_learned(path, collected):
    before = load_corrections(path)
    with Store.open(str(path)) as store:
        store.remove_reading(collected[1])
        assert store.withdraw(store.corrections().items[0].id)
    after = load_corrections(path)
    assert after.labels.tolist() == [3, 1]
    assert after.sha256 != before.sha256


def test_the_hash_is_of_images_and_labels(path, collected):
    before = load_corrections(path)
    with Store.open(str(path)) as store:
        store.add_correction(reading=collected[1], line=0, position=1, label="6", by=None)
    after = load_corrections(path)
    np.testing.assert_array_equal(before.images, after.images)
    assert before.sha256 != after.sha256


def test_a_card_reveals_neither_the_place_of_the_store_nor_the_authors_of_corrections(path, collected):
    described = load_corrections(path).describe("train")
    assert described["count"] == 4
    assert str(path.parent) not in str(described)


def test_a_missing_store_is_not_created(path):
    with pytest.raises(DatasetNotFoundError, match=r"is not a store of corrections; start inkread serve"):
        load_corrections(path)
    assert not path.exists()


def test_a_store_without_corrections_says_so(path):
    Store.open(str(path)).close()
    with pytest.raises(DatasetNotFoundError, match=r"store\.sqlite: has no corrections; start inkread serve"):
        load_corrections(path)


def test_a_store_of_missed_digits_only_says_which_network_can_learn_from_it(path, pages):
    with Store.open(str(path)) as store:
        store.add_mark(reading=pages[0], box=(200, 40, 241, 100), label="5", by=None)
    with pytest.raises(DatasetNotFoundError, match=r"only digits that were missed.*--network detector"):
        load_corrections(path)


def test_a_file_that_is_not_a_store_says_so(path):
    path.write_text("no database" * 1000)
    with pytest.raises(StoreError, match="not an SQLite database"):
        load_corrections(path)


@pytest.mark.parametrize("package", ["sqlalchemy", "alembic"])
def test_a_missing_package_is_named_with_its_extra(package, monkeypatch, path):
    lack(package, monkeypatch)
    with pytest.raises(MissingExtraError, match=rf"{package}: is not installed; .*'\.\[serve\]'"):
        load_corrections(path)


def test_corrections_are_loaded_without_a_web_server(path, collected):
    code = (
        "import sys; from inkread.datasets.corrections import load_corrections; "
        "assert 'sqlalchemy' not in sys.modules; load_corrections(sys.argv[1]); print(*sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert not {"fastapi", "starlette", "uvicorn", "pydantic", "psycopg"} & set(result.stdout.split())


# Pages


def jpeg(shade: int, size: tuple[int, int] = (200, 100)) -> StoredPicture:
    """A picture of one shade with a dark upper left corner."""
    pixels = np.full((size[1], size[0], 3), shade, np.uint8)
    pixels[:20, :40] = 0
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90)
    return StoredPicture(file.getvalue(), *size)


@pytest.fixture
def pages(path):
    """A store of two half-size pictures of 400×200 pixels and a reading without a picture; its readings."""
    places = ((20, 40, 60, 100), (80, 40, 120, 100))
    row = tuple(NewDigit("7", 0.5, box, (0.1,) * 10, bytes(784), b"") for box in places)
    with Store.open(str(path)) as store:
        return [
            store.add_reading(NewReading("x", 400, 200, "77", "default", "ab" * 32, (row,), None, picture))
            for picture in (jpeg(200), jpeg(100), None)
        ]


def test_a_corrected_page_is_grey_with_the_boxes_of_all_its_digits_in_its_own_pixels(path, pages):
    with Store.open(str(path)) as store:
        store.add_mark(reading=pages[1], box=(200, 40, 241, 100), label="5", by=None)
        store.add_correction(reading=pages[0], line=0, position=0, label="1", by=None)
        store.add_correction(reading=pages[0], line=0, position=1, label="", by=None)
        store.add_correction(reading=pages[2], line=0, position=1, label="1", by=None)
    first, second = load_corrected_pages(path)
    assert (first.pixels.dtype, first.pixels.shape) == (np.uint8, (100, 200))
    assert abs(int(first.pixels[50, 100]) - 200) < 3
    assert abs(int(second.pixels[50, 100]) - 100) < 3
    assert first.pixels[5, 5] < 5  # it is upright
    assert (first.boxes.dtype, first.boxes.tolist()) == (np.float32, [[10, 20, 30, 50]])
    assert (first.classes.dtype, first.classes.tolist()) == (np.int64, [1])
    assert second.boxes.tolist() == [[10, 20, 30, 50], [40, 20, 60, 50], [100, 20, 120.5, 50]]
    assert second.classes.tolist() == [7, 7, 5]


def test_a_page_on_which_every_digit_was_corrected_to_none_has_no_boxes(path, pages):
    with Store.open(str(path)) as store:
        store.correct_line(reading=pages[0], line=0, text="", by=None)
    (page,) = load_corrected_pages(path)
    assert page.boxes.shape == (0, 4)
    assert page.classes.shape == (0,)


def test_a_store_without_corrected_pictures_says_so(path, pages):
    with Store.open(str(path)) as store:
        store.add_correction(reading=pages[2], line=0, position=1, label="1", by=None)
    with pytest.raises(DatasetNotFoundError, match=r"has no corrected pictures; start inkread serve"):
        load_corrected_pages(path)


def test_pages_are_found_where_corrections_are(path, monkeypatch):
    with pytest.raises(DatasetNotFoundError, match=r"is not a store of corrections"):
        load_corrected_pages(path)
    assert not path.exists()
    lack("sqlalchemy", monkeypatch)
    with pytest.raises(MissingExtraError, match="sqlalchemy: is not installed"):
        load_corrected_pages(path)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("pixels", np.zeros((9, 9, 3), np.uint8)),
        ("pixels", np.zeros((9, 9), np.float32)),
        ("boxes", np.zeros((1, 4), np.float32)),
        ("boxes", np.zeros((2, 4), np.float64)),
        ("classes", np.zeros(2, np.int32)),
    ],
)
def test_an_array_that_is_not_a_page_fails_when_it_is_created(name, wrong):
    arrays = {
        "pixels": np.zeros((9, 9), np.uint8),
        "boxes": np.zeros((2, 4), np.float32),
        "classes": np.zeros(2, np.int64),
    }
    assert CorrectedPage(**arrays)
    with pytest.raises(ValueError, match=f"{name} of a page are"):
        CorrectedPage(**arrays | {name: wrong})
