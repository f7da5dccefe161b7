"""A run on one HTML page: its settings, its training, its scores, and its inner workings.

The page is one file. Its plots are SVG with the page's colors, light or dark, and its content security policy
forbids external resources.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkread.errors import ModelError, ModelNotFoundError, OptionError, OutputError
from inkread.evaluation.glyphs import evaluate_glyphs
from inkread.evaluation.plots.catalogue import PLOTS
from inkread.evaluation.plots.inspection import Inspection
from inkread.evaluation.reports.errors import POLICY, stylesheet
from inkread.evaluation.reports.inline import inline
from inkread.evaluation.reports.misread import misread
from inkread.models.card import CARD_FILE, REPORT_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

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
    """Writes the report of a run, with every applicable plot.

    Args:
        run: the run's folder.
        out: the file; by default ``report.html`` in that folder.
        data_dir: where the collections are; their loaders' default folders if not given.
        test: use the collection's test images instead of held-out ones.
        picture: the picture for the pipeline plot; an example by default.
        on_download: called as the bytes of a download arrive.
        on_plot: called after each plot; there are at most ``len(PLOTS)``.

    Returns:
        The path of the file.

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
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        problem = f"cannot be written ({error.strerror or error})"
        raise OutputError(str(path), problem, "choose another folder, or free some space there") from error
    return path


def report_page(
    inspection: Inspection, *, picture: AnyPath | None = None, on_plot: Callable[[], object] = lambda: None
) -> str:
    """Returns the page, see ``write_report``; for a detector, its card and its curves."""
    names = ["curves"] if inspection.reads_pages else list(PLOTS)
    sections = []
    for name in names:
        options = {"picture": picture} if name == "process" else {}
        sections.append(_section(name, PLOTS[name], inspection, options))
        on_plot()
    card = inspection.model.card
    css = stylesheet("run.css", "confusion.css")
    links = "".join(f'<li><a href="#{name}">{escape(PLOTS[name].title)}</a></li>' for name in names)
    of = "" if inspection.reads_pages else f" The plots below show {inspection.described}."
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(card.name)}: report</title><style>{css}</style></head><body>\n"
        f"<header><h1>{escape(card.name)}</h1><p>{escape(f'Trained on {card.created}.{of}')}</p>"
        f"{_figures(inspection)}<nav><ul>{links}</ul></nav></header>\n"
        f"<main>{_card(card)}\n" + "\n".join(sections) + "</main></body></html>\n"
    )


def _section(name: str, entry: Entry, inspection: Inspection, options: Mapping[str, Any]) -> str:
    """Returns a plot with its heading, or the reason that it is missing."""
    title = escape(entry.title)
    try:
        if name == "confusion":  # a table, because its cells are links
            content = misread(inspection.glyphs, inspection.probabilities)
        else:
            drawing = inline(entry.draw(inspection, **options), entry.title)
            content = f'<div class="plot" tabindex="0" role="group" aria-label="{title}">{drawing}</div>'
    except (OptionError, ModelError) as error:  # such as a layer in an imported model
        content = f"<p>Not available: {escape(error.source)} {escape(error.problem)}.</p>"
    heading = f"<h2>{title}</h2><p>{escape(entry.text)}</p>"
    return f'<section id="{name}">{heading}{content}</section>'


def _figures(inspection: Inspection) -> str:
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
    items = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures.items())
    return f'<dl class="figures">{items}</dl>'


def _card(card: Card) -> str:
    """Returns the model's card as a table, with its recipe collapsed."""
    rows = [
        ("Data", "; ".join(f"{d['name']}, {d['split']}: {d['count']:,} ({d['licence']})" for d in card.data)),
        ("Temperature", f"{card.temperature:.3f}"),
        ("Seed", str(card.seed)),
        *((_named(name), f"{value:.4f}") for name, value in _numbers(card.scores)),
    ]
    codes = {"SHA-256": card.sha256, "Command": card.command_without_places}
    exact = "".join(
        f'<tr><th scope="row">{name}</th><td><code>{escape(code)}</code></td></tr>'
        for name, code in codes.items()
    )
    recipe = _table((name, _plain(value)) for name, value in card.recipe.items())
    return (
        f'<section id="card"><h2>The model</h2>{_table(rows, more=exact)}'
        f"<details><summary>Recipe</summary>{recipe}</details></section>"
    )


def _table(rows: Iterable[tuple[str, str]], *, more: str = "") -> str:
    lines = (f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in rows)
    return f'<div class="scroll"><table>{"".join(lines)}{more}</table></div>'


def _numbers(scores: Mapping[str, Any]) -> list[tuple[str, float]]:
    return [(name, value) for name, value in scores.items() if isinstance(value, int | float)]


def _named(score: str) -> str:
    """Returns a score's name for people."""
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
