"""``inkread compare``: compares the scores and costs of several models on the same glyphs."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Option

from inkread.cli import outputs
from inkread.cli.console import download_bar, progress_bar, write
from inkread.cli.options import DataDirOption, QuietOption
from inkread.errors import DatasetNotFoundError, OptionError, nearest
from inkread.system.files import csv_of, write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkread.datasets.glyphs import LabelledGlyphs
    from inkread.evaluation.comparison import Comparison
    from inkread.evaluation.systems import System


PLOTS = (".svg", ".png")
"""File suffixes for saving only the plot."""

SUFFIXES = (".html", ".csv", ".json", *PLOTS)
"""File suffixes for saving a comparison."""


def compare(
    models: Annotated[
        list[str],
        Argument(
            metavar="MODEL", help='"bundled", the name of a bundled model, a run\'s folder, or an ONNX file.'
        ),
    ],
    *,
    pictures: Annotated[
        Path | None, Option(metavar="DIR", help="Also compare on the single digits in this labeled folder.")
    ] = None,
    held_out: Annotated[
        bool, Option("--held-out", help="Use images held out of the training instead of the test images.")
    ] = False,
    out: Annotated[
        list[Path] | None,
        Option(
            metavar="FILE",
            help="Also save the comparison: .html, .csv, .json, or the plot as .svg or .png; repeatable.",
        ),
    ] = None,
    data_dir: DataDirOption = None,
    style: Annotated[
        Literal["text", "csv", "json"],
        Option("--format", help="The output format; csv prints the table of models."),
    ] = "text",
    quiet: QuietOption = False,
) -> None:
    """Compare models on the same glyphs: accuracy, calibration, size, operations, latency, cold start.

    The glyphs are the test images of the collections that the models learned from; for a run on your own
    folder, which has none, those that it held out; for models from elsewhere, MNIST's test images. All models
    must have the same classes.

    Accuracies come with 95 % intervals (Wilson). Differences are tested pairwise (exact McNemar test with
    Holm's correction). Use test images for a final measurement only; to choose between models, use
    --held-out.

    For an external ONNX model, labeled digits are used to detect its input shape, (N, 1, 28, 28), (N, 28,
    28, 1), (N, 28, 28), or (N, 784), its values for paper and ink, and whether it returns logits or
    probabilities. The findings are printed. Import a Keras file first: inkread import FILE --trust.

    The digits in --pictures are cut out once, by the default reader, and classified by each model. The HTML
    page saved by --out shows the digits on which the models differ.
    """
    if len(models) < 2:
        raise OptionError(" ".join(models), "is one model", 'name two or more, e.g. "bundled" and a run')
    for path in out or []:
        if path.suffix.lower() not in SUFFIXES:
            raise OptionError(f"--out {path}", "has an unknown suffix", nearest(path.suffix, SUFFIXES))
        outputs.make_folder(path.parent)  # before the measurements, which take long
    comparison = _compared(models, pictures, _Data(data_dir, held_out, quiet))
    for path in out or []:
        _save(comparison, path)
    if style == "text":
        from inkread.cli.comparison_tables import print_comparison

        print_comparison(comparison)
    else:
        write(_as_text(comparison, f".{style}"))


def _compared(models: list[str], pictures: Path | None, data: "_Data") -> "Comparison":
    from inkread.evaluation.comparison import STEPS
    from inkread.evaluation.comparison import compare as compared
    from inkread.evaluation.crops import probing_digits
    from inkread.evaluation.systems import open_systems

    with download_bar(quiet=data.quiet) as progress:
        systems = open_systems(models, lambda: probing_digits(data.folder, progress))
    collections = data.learned_from(systems, needed=pictures is None)
    if pictures is not None:
        collections.append(data.cut_out(pictures))
    with progress_bar("Comparing", len(systems) + STEPS, shown=not data.quiet) as advance:
        return compared(systems, collections, notes=data.notes, on_step=advance)


@dataclass(frozen=True)
class _Data:
    """Loads the glyphs to compare models on, and notes where they are from."""

    folder: Path | None
    held_out: bool
    quiet: bool
    notes: list[str] = field(default_factory=list)

    def learned_from(self, systems: "Sequence[System]", *, needed: bool) -> list["LabelledGlyphs"]:
        """Loads test images of the collections that the models learned from, or the images they held out."""
        from inkread.datasets.registry import MNIST, TITLES, load_named

        elsewhere = [each for each in systems if each.data and TITLES.keys().isdisjoint(each.data)]
        names = dict.fromkeys(TITLES[title] for each in systems for title in each.data if title in TITLES)
        collections = [self._held_out(elsewhere)] if elsewhere else []
        for name in names or ([] if elsewhere else [MNIST]):
            if name == MNIST:
                collections += self._mnist(needed=needed)
            elif self.held_out:
                learned = [each for each in systems if name in map(TITLES.get, each.data)]
                collections.append(self._held_out(learned))
            else:
                with download_bar(quiet=self.quiet) as progress:
                    glyphs = load_named(name, "test", data_dir=self.folder, progress=progress)
                self.notes.append(f"{glyphs.name}: the {len(glyphs):,} test images")
                collections.append(glyphs)
        return collections

    def _held_out(self, systems: "Sequence[System]") -> "LabelledGlyphs":
        """Loads the glyphs that runs held out of their training, which must be the same."""
        from inkread.datasets.glyphs import LabelledGlyphs

        kept = []
        for each in systems:
            if each.held_out is None:
                problem, remedy = "kept no glyphs that it did not learn from", "train it again"
                raise DatasetNotFoundError(each.name, problem, f"{remedy}, or compare without --held-out")
            kept.append((each.name, LabelledGlyphs.load(each.held_out)))
        (first, glyphs), *others = kept
        for name, other in others:
            if other.images.tobytes() != glyphs.images.tobytes():
                problem = f"held out other glyphs than {first}, so one of them may have learned the other's"
                raise OptionError(name, problem, "train them on the same data with the same --validation")
        glyphs = glyphs.subset(glyphs.labels < glyphs.none_class)
        self.notes.append(f"{glyphs.name}: the {len(glyphs):,} glyphs that {first} held out of its training")
        return glyphs

    def _mnist(self, *, needed: bool) -> list["LabelledGlyphs"]:
        """Loads the MNIST images; returns an empty list if MNIST is unavailable and not ``needed``."""
        from inkread.datasets.mnist import HELD_OUT, HELD_OUT_COUNT, load_mnist

        try:
            with download_bar(quiet=self.quiet) as progress:
                glyphs = load_mnist(
                    "train" if self.held_out else "test", data_dir=self.folder, progress=progress
                )
        except DatasetNotFoundError:
            if needed:
                raise
            absent = "MNIST is not on this machine and cannot be downloaded; compared on the pictures only"
            self.notes.append(absent)
            return []
        if self.held_out:
            which = f"the last {HELD_OUT_COUNT:,} training images, which inkread's recipes hold out"
            glyphs = glyphs.subset(HELD_OUT)
        else:
            advice = "if you use them to choose a model, measure it on other data"
            which = f"the {len(glyphs):,} test images; {advice}"
        self.notes.append(f"MNIST: {which}")
        return [glyphs]

    def cut_out(self, folder: Path) -> "LabelledGlyphs":
        """Cuts out the glyphs of the single digits in a labelled folder."""
        from inkread.datasets.pictures import load_labelled_folder
        from inkread.evaluation.crops import cut_out
        from inkread.evaluation.pictures import kind_of

        pictures = load_labelled_folder(folder)
        name = folder.resolve().name
        name = "pictures" if name in ("", "MNIST") else name  # taken by the other collection
        total = sum(kind_of(picture) == "single" for picture in pictures)
        with progress_bar("Cutting out", total, shown=not self.quiet) as advance:
            glyphs = cut_out(pictures, name=name, on_picture=advance)
        missing = total - len(glyphs)
        self.notes.append(
            f"{glyphs.name}: {len(glyphs):,} pictures of single digits, "
            "cut out once by the default reader for all models"
            + (f"; {missing:,} pictures without ink are left out" if missing else "")
        )
        return glyphs


def _save(comparison: "Comparison", path: Path) -> None:
    suffix = path.suffix.lower()
    if suffix in PLOTS:
        from inkread.evaluation.plots import against_cost, save

        save(against_cost(comparison), path)
    else:
        write_whole(path, _as_text(comparison, suffix).encode())


def _as_text(comparison: "Comparison", suffix: str) -> str:
    if suffix == ".json":
        return json.dumps(comparison.to_dict(), ensure_ascii=False, indent=2) + "\n"
    if suffix == ".csv":
        return _csv(comparison)
    from inkread.evaluation.reports import comparison_page

    return comparison_page(comparison)


def _csv(comparison: "Comparison") -> str:
    """Returns one CSV row per model; columns with a collection's scores begin with its name."""
    rows = []
    for entry in comparison.entries:
        row = entry.to_dict()
        for name, score in row.pop("scores").items():
            row |= {f"{name} {figure}": value for figure, value in score.items()}
        rows.append(row)
    return csv_of(rows[0], rows)
