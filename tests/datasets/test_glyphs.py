import numpy as np
import pytest

from inkread.datasets.glyphs import NOT_A_DIGIT_CLASS, LabelledGlyphs, SymbolGlyphs
from inkread.errors import DatasetFormatError

ORIGIN = {"sha256": "ab" * 32, "licence": "MIT", "attribution": "nobody"}
IMAGES = np.arange(4 * 784, dtype=np.uint32).astype(np.uint8).reshape(4, 28, 28)


def glyphs(**changes):
    return LabelledGlyphs(
        **({"name": "x", "images": IMAGES, "labels": np.array([1, 2, 10, 4], np.uint8)} | ORIGIN | changes)
    )


def test_a_description_is_an_entry_of_a_model_card():
    assert glyphs().describe("train") == {"name": "x", "split": "train", "count": 4} | ORIGIN


@pytest.mark.parametrize("indices", [np.array([2, 0]), np.array([True, False, True, False]), slice(0, 2)])
def test_a_subset_keeps_images_and_labels_together(indices):
    part = glyphs().subset(indices)
    np.testing.assert_array_equal(part.images, IMAGES[indices])
    np.testing.assert_array_equal(part.labels, glyphs().labels[indices])
    assert part.describe("train")["count"] == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"images": IMAGES.astype(np.float32)},
        {"images": IMAGES[:, :27]},
        {"images": IMAGES[0]},
        {"images": IMAGES[:3]},
        {"labels": np.array([1, 2, 3, 4])},
        {"labels": np.array([1, 2, 3, 11], np.uint8)},
        {"labels": np.zeros((4, 1), np.uint8)},
    ],
)
def test_wrong_arrays_fail_where_they_enter(changes):
    with pytest.raises(DatasetFormatError, match="x: has"):
        glyphs(**changes)


def test_classes_may_be_others_than_digits_and_labels_are_then_theirs():
    labels = np.array([0, 1, 1, 0], np.uint8)
    letters = glyphs(classes=("a", "b"), labels=labels)
    assert letters.none_class == 2
    assert glyphs(classes=("a", ""), labels=labels).none_class == 1
    assert glyphs().none_class == NOT_A_DIGIT_CLASS
    assert letters.subset(slice(0, 1)).classes == ("a", "b")
    with pytest.raises(DatasetFormatError, match="a label 2, not 0 to 1"):
        glyphs(classes=("a", "b"), labels=labels + 1)


def test_symbols_become_digits_and_not_a_digit():
    symbols = SymbolGlyphs("x", IMAGES, np.array(["0", "plus", "9", "10"]), **ORIGIN)
    assert symbols.labelled().labels.tolist() == [0, NOT_A_DIGIT_CLASS, 9, NOT_A_DIGIT_CLASS]
    assert symbols.subset(slice(1, 3)).symbols.tolist() == ["plus", "9"]
    with pytest.raises(DatasetFormatError):
        SymbolGlyphs("x", IMAGES, np.array([1, 2, 3, 4]), **ORIGIN)
