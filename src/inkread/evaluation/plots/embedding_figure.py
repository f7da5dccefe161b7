"""A plot of how a network parts the classes: what its last layer sees, in the plane."""

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
"""Principal components that t-SNE starts from (van der Maaten and Hinton 2008, section 4)."""

PERPLEXITY = 30
FEWEST = 5
DOT, STRAY = 14, 45
"""Points², of a glyph and of one that is astray."""


def embedding(
    vectors: NDArray[np.floating],
    labels: NDArray[np.integer],
    *,
    classes: Sequence[str] = DIGIT_CLASSES,
    method: Method = "tsne",
    seed: int = 0,
) -> Plot:
    """Vectors in the plane, near each other where they are alike; what lies among another class is drawn as its digit.

    Args:
        vectors: N×units, such as ``inkread.evaluation.plots.network.embedded`` gives.
        labels: N classes.
        classes: their names.
        method: ``"tsne"`` keeps neighbors together (van der Maaten and Hinton 2008), ``"pca"`` keeps distances as they are.
        seed: of the first.

    Raises:
        OptionError: fewer than five vectors.
        MissingExtraError: scikit-learn is not installed.
    """
    points = plane(vectors, method=method, seed=seed)
    named = {"tsne": "t-SNE", "pca": "The first two principal components"}[method]
    plot = style.figure(6.0, f"{named} of what the last layer sees of {len(vectors):,} glyphs")
    axes = style.bare(plot.subplots())
    axes.set_aspect("equal", adjustable="datalim")
    strays = is_stray(points, labels)
    for label in np.unique(labels):
        own, stray = points[(labels == label) & ~strays], points[(labels == label) & strays]
        colour = style.CLASS_COLOURS[label % len(style.CLASS_COLOURS)]
        axes.scatter(own[:, 0], own[:, 1], s=DOT, color=colour, linewidths=0, alpha=0.7)
        axes.scatter(
            stray[:, 0],
            stray[:, 1],
            s=STRAY,
            marker=_marker(name_of(label, classes)),
            color=style.INK,
            linewidths=0,
            zorder=3,
        )
        if len(own):
            axes.annotate(
                name_of(label, classes), (np.median(own[:, 0]), np.percentile(own[:, 1], 98)), (0, 5), color=colour,
                textcoords="offset points", ha="center", va="bottom", size=15, weight="bold", zorder=4,
                path_effects=[withStroke(linewidth=3, foreground=style.PAPER)],
            )  # fmt: skip
    return plot


def _marker(name: str) -> str:
    """The name as a marker, its first letter where it is long."""
    letters = name if name.isalnum() and len(name) <= LONGEST_NAME else name[0]
    return rf"$\mathrm{{{letters}}}$" if letters.isalnum() else "x"


def is_stray(points: NDArray[np.floating], labels: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Which of N points are nearer to the middle of another class than to that of their own."""
    present = np.unique(labels)
    middles = np.stack([np.median(points[labels == label], axis=0) for label in present])
    distances = np.linalg.norm(points[:, None] - middles, axis=2)
    return np.asarray(present[distances.argmin(axis=1)] != labels)


def plane(vectors: NDArray[np.floating], *, method: Method = "tsne", seed: int = 0) -> NDArray[np.float64]:
    """N×2 points of N×units vectors, see ``embedding``."""
    if len(vectors) < FEWEST:
        raise OptionError(
            f"{len(vectors)} glyphs", "are too few to embed", f"give at least {FEWEST}, better a thousand"
        )
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
