"""A plot of how well a network separates the classes: its last layer's features, in the plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib.patheffects import withStroke

from inkread.errors import MissingExtraError, OptionError
from inkread.evaluation.plots import style
from inkread.evaluation.plots.grids import LONGEST_NAME, name_of
from inkread.models.card import DIGIT_CLASSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkread.evaluation.plots.style import Plot

    Method = Literal["tsne", "pca"]

COMPONENTS = 30
"""Number of principal components that t-SNE starts from (van der Maaten and Hinton 2008, section 4)."""

PERPLEXITY = 30
FEWEST = 5
DOT, STRAY = 14, 45
"""Area in points² of a glyph's dot, and of a stray one's digit."""


def embedding(
    vectors: NDArray[np.floating],
    labels: NDArray[np.integer],
    *,
    classes: Sequence[str] = DIGIT_CLASSES,
    method: Method = "tsne",
    seed: int = 0,
) -> Plot:
    """Plots vectors N×units in the plane, similar ones close together; a stray one is drawn as its digit.

    They are as from ``inkread.evaluation.plots.network.embedded``. The method ``"tsne"`` keeps neighbors
    together (van der Maaten and Hinton 2008), ``"pca"`` keeps distances.

    Raises:
        OptionError: there are fewer than five vectors.
        MissingExtraError: scikit-learn is not installed.
    """
    points = plane(vectors, method=method, seed=seed)
    named = {"tsne": "t-SNE", "pca": "The first two principal components"}[method]
    plot = style.figure(6.0, f"{named} of the last layer's features of {len(vectors):,} glyphs")
    axes = style.bare(plot.subplots())
    axes.set_aspect("equal", adjustable="datalim")
    strays = is_stray(points, labels)
    for label in np.unique(labels):
        own, stray = points[(labels == label) & ~strays], points[(labels == label) & strays]
        colour, name = style.CLASS_COLOURS[label % len(style.CLASS_COLOURS)], name_of(label, classes)
        axes.scatter(own[:, 0], own[:, 1], s=DOT, color=colour, linewidths=0, alpha=0.7)
        (x, y), marker = stray.T, _marker(name)
        axes.scatter(x, y, s=STRAY, marker=marker, color=style.INK, linewidths=0, zorder=3)
        if len(own):
            axes.annotate(
                name, (np.median(own[:, 0]), np.percentile(own[:, 1], 98)), (0, 5), color=colour,
                textcoords="offset points", ha="center", va="bottom", size=15, weight="bold", zorder=4,
                path_effects=[withStroke(linewidth=3, foreground=style.PAPER)],
            )  # fmt: skip
    return plot


def _marker(name: str) -> str:
    """Returns the name as a marker, or its first letter if it is long."""
    letters = name if name.isalnum() and len(name) <= LONGEST_NAME else name[0]
    return rf"$\mathrm{{{letters}}}$" if letters.isalnum() else "x"


def is_stray(points: NDArray[np.floating], labels: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Returns which of N points are closer to another class's center than to their own."""
    present = np.unique(labels)
    middles = np.stack([np.median(points[labels == label], axis=0) for label in present])
    distances = np.linalg.norm(points[:, None] - middles, axis=2)
    return np.asarray(present[distances.argmin(axis=1)] != labels)


def plane(vectors: NDArray[np.floating], *, method: Method = "tsne", seed: int = 0) -> NDArray[np.float64]:
    """Projects N×units vectors to N×2 points, see ``embedding``."""
    if len(vectors) < FEWEST:
        remedy = f"use at least {FEWEST}, ideally a thousand"
        raise OptionError(f"{len(vectors)} glyphs", "are too few to embed", remedy)
    try:
        from sklearn.decomposition import PCA
        from sklearn.manifold import TSNE
    except ModuleNotFoundError as error:
        raise MissingExtraError("scikit-learn", "plot") from error
    components = 2 if method == "pca" else min(COMPONENTS, *vectors.shape)
    reduced = PCA(components, random_state=seed).fit_transform(vectors.astype(np.float64))
    if method == "pca":
        return np.asarray(reduced)
    perplexity = min(PERPLEXITY, (len(vectors) - 1) / 3)
    return np.asarray(TSNE(perplexity=perplexity, random_state=seed, n_jobs=1).fit_transform(reduced))
