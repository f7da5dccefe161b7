"""A run on one HTML page: its settings, its training, its scores, and its inner workings.

The page is one file. Its plots are SVG with the page's colors, light or dark, and its content security policy
forbids external resources.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkread.errors import ModelError, ModelNotFoundError, OptionError
from inkread.evaluation.glyphs import evaluate_glyphs
from inkread.evaluation.plots.catalogue import PLOTS
from inkread.evaluation.plots.inspection import Inspection
from inkread.evaluation.plots.style import inline
from inkread.evaluation.reports.confusions import misread
from inkread.evaluation.reports.page import render
from inkread.models.card import CARD_FILE, REPORT_FILE
from inkread.system.files import write_whole, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inkread.datasets.download import Progress
    from inkread.evaluation.plots.catalogue import Entry
    from inkread.models import Card
    from inkread.system.files import AnyPath

PAGES = {
    "pages_recall": "Digits found",
    "pages_precision": "Found digits that are right",
    "pages_ece": "Calibration error",
}
"""A detector's scores on held-out pages."""


def write_report(
    run: AnyPath,
    out: AnyPath | None = None,
    *,
    data_dir: AnyPath | None = None,
    test: bool = False,
    picture: AnyPath | None = None,
    on_download: Progress | None = None,
    on_plot: Callable[[], object] = lambda: None,
) -> Path:
    """Writes the report of a run, with every applicable plot, and returns its path.

    The path is ``out``, by default ``report.html`` in the run's folder. ``picture`` is for the pipeline plot;
    an example by default. ``on_plot`` is called after each plot; there are at most ``len(PLOTS)``. The other
    options are those of ``Inspection``.

    Raises:
        ModelError: the folder is not a run, or is damaged.
        DatasetError: the glyphs to show are not available.
        OutputError: the file cannot be written.
        MissingExtraError: a package of the extras ``plot`` or ``train`` is not installed.
    """
    run = Path(run)
    if not (run / CARD_FILE).is_file():
        raise ModelNotFoundError(str(run), "is not the folder of a run", "use one that inkread train created")
    inspection = Inspection(run, data_dir=data_dir, test=test, on_download=on_download)
    path = Path(out) if out else run / REPORT_FILE
    page = report_page(inspection, picture=picture, on_plot=on_plot)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, page.encode())
    return path


def report_page(
    inspection: Inspection, *, picture: AnyPath | None = None, on_plot: Callable[[], object] = lambda: None
) -> str:
    """Returns the page, see ``write_report``; for a detector, its card and its curves."""
    plots = []
    for name in ["curves"] if inspection.reads_pages else PLOTS:
        options = {"picture": picture} if name == "process" else {}
        plots.append({"name": name, **_plot(PLOTS[name], inspection, options)})
        on_plot()
    card = inspection.model.card
    return render(
        "run.html",
        title=card.name,
        styles=("run.css", "confusion.css"),
        card=card,
        described="" if inspection.reads_pages else inspection.described,
        figures=_figures(inspection),
        plots=plots,
        rows=_rows(card),
        codes={"SHA-256": card.sha256, "Command": card.command_without_places},
        recipe=[(name, _plain(value)) for name, value in card.recipe.items()],
    )


def _plot(entry: Entry, inspection: Inspection, options: Mapping[str, Any]) -> dict[str, str]:
    """Returns a plot with its heading, or the reason that it is missing."""
    svg = table = error = ""
    try:
        if entry is PLOTS.get("confusion"):  # a table, because its cells are links
            table = misread(inspection.glyphs, inspection.probabilities)
        else:
            svg = inline(entry.draw(inspection, **options), entry.title)
    except (OptionError, ModelError) as reason:  # such as a layer in an imported model
        error = f"{reason.source} {reason.problem}"
    return {"title": entry.title, "text": entry.text, "svg": svg, "table": table, "error": error}


def _figures(inspection: Inspection) -> dict[str, str]:
    """Returns the key figures, in large type."""
    card = inspection.model.card
    figures = {"Parameters": f"{card.parameters:,}"}
    if inspection.reads_pages:
        scores = card.scores
        figures |= {name: f"{scores[key]:.2%}" for key, name in PAGES.items() if key in scores}
    else:
        report = evaluate_glyphs(inspection.classifier, inspection.glyphs)
        figures["Accuracy"] = f"{report.accuracy:.2%}"
        figures[f"Misread of {report.count:,}"] = f"{report.errors:,}"
        figures["Calibration error"] = f"{report.calibration_error:.2%}"
    if inspection.has_history:
        seconds = sum(epoch["seconds"] for epoch in inspection.history)
        figures |= {"Epochs": f"{len(inspection.history)}", "Training time": _duration(seconds)}
    return figures


def _rows(card: Card) -> list[tuple[str, str]]:
    return [
        ("Data", "; ".join(f"{d['name']}, {d['split']}: {d['count']:,} ({d['licence']})" for d in card.data)),
        ("Temperature", f"{card.temperature:.3f}"),
        ("Seed", str(card.seed)),
        *((_named(name), f"{v:.4f}") for name, v in card.scores.items() if isinstance(v, int | float)),
    ]


def _named(score: str) -> str:
    words = score.replace("mnist", "MNIST").replace("ece", "calibration error").split("_")
    return " ".join([words[0][0].upper() + words[0][1:], *words[1:]])


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(each)}" for name, each in value.items() if each)
    if isinstance(value, list | tuple):
        return "; ".join(map(_plain, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
