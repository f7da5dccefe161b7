"""Augmentation moves ink about, and invents none."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")

from inkread.training.augment import augment, dilate, smoothing_matrix
from inkread.training.recipe import RECIPES, Augmentation

STRONG = RECIPES["cnn"].augmentation


def bars(count=32):
    """Upright bars three pixels wide in the middle of the glyph."""
    glyphs = torch.zeros(count, 28, 28)
    glyphs[:, 6:22, 13:16] = 1.0
    return glyphs


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_without_strengths_the_glyphs_are_unchanged():
    assert torch.equal(augment(bars(), Augmentation(), seeded()), bars())


@pytest.mark.parametrize("setting", ["rotation", "shear", "scale", "shift", "elastic", "thicken", "thin"])
def test_every_strength_changes_the_glyphs(setting):
    strengths = Augmentation(**{setting: getattr(STRONG, setting) or 0.5})
    assert not torch.equal(augment(bars(), strengths, seeded()), bars())


def test_shape_type_and_range_are_kept():
    glyphs = torch.rand(64, 28, 28, generator=seeded(1))
    changed = augment(glyphs, STRONG, seeded())
    assert changed.shape == glyphs.shape
    assert changed.dtype == torch.float32
    assert changed.min() >= 0
    assert changed.max() <= 1 + 1e-6


def test_every_glyph_is_changed_in_its_own_way_and_equal_seeds_give_equal_glyphs():
    changed = augment(bars(), STRONG, seeded())
    assert torch.equal(changed, augment(bars(), STRONG, seeded()))
    assert not torch.equal(changed, augment(bars(), STRONG, seeded(1)))
    assert len({glyph.numpy().tobytes() for glyph in changed}) == len(changed)


def test_a_shift_moves_the_centre_by_no_more_than_it_says():
    changed = augment(bars(500), Augmentation(shift=2.0), seeded())
    columns = (changed.sum(dim=1) * torch.arange(28)).sum(dim=1) / changed.sum(dim=(1, 2))
    moved = columns - 14.0
    assert moved.abs().max() <= 2.0 + 1e-3
    assert moved.max() > 1.8
    assert moved.min() < -1.8


def test_a_rotation_keeps_the_amount_of_ink():
    changed = augment(bars(200), Augmentation(rotation=45.0), seeded())
    assert changed.sum(dim=(1, 2)).numpy() == pytest.approx(48.0, rel=0.03)


def test_the_elastic_displacement_has_the_requested_standard_deviation():
    smooth = smoothing_matrix(4.0)
    field = smooth @ torch.randn(4000, 14, 14, generator=seeded()) @ smooth.T
    assert field.std(dim=0).numpy() == pytest.approx(1.0, rel=0.1)


def test_thickening_only_adds_ink_and_thinning_only_takes_it_away():
    assert (augment(bars(), Augmentation(thicken=1.0), seeded()) >= bars()).all()
    assert (augment(bars(), Augmentation(thin=1.0), seeded()) <= bars()).all()


def test_dilation_is_the_largest_of_the_three_by_three_neighborhood():
    glyphs = torch.rand(8, 28, 28, generator=seeded())
    assert torch.equal(dilate(glyphs), torch.nn.functional.max_pool2d(glyphs, 3, 1, 1))
