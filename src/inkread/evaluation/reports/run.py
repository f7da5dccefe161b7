"""A run on one HTML page: what it is, how it learned, what it gets right, and what it sees.

The page is one file. Its plots are SVG that takes its colours from the page, light or dark, and its content security policy
forbids whatever is outside.
"""

from __future__ import annotations

from html import escape
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkread.errors import ModelError, ModelNotFoundError, OptionError, OutputError
from inkread.evaluation.glyphs import evaluate_glyphs
from inkread.evaluation.plots.catalogue import PLOTS
from inkread.evaluation.plots.inspection import Inspection
from inkread.evaluation.reports.errors import POLICY
from inkread.evaluation.reports.inline import inline
from inkread.models.card import CARD_FILE, REPORT_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from inkread.datasets.download import Progress
    from inkread.evaluation.plots.catalogue import Entry
    from inkread.models import Card
    from inkread.system.files import AnyPath

PAGES = {
    "pages_recall": "Digits found",
    "pages_precision": "Of those found, right",
    "pages_ece": "Calibration error",
}
"""The scores of a detector on held-out pages."""


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
    """Writes the report of a run, with every plot that suits it.

    Args:
        run: its folder.
        out: the file; by default ``report.html`` in the folder.
        data_dir: where the collections are; otherwise where their loaders look.
        test: look at the collection's test images instead of what was held out.
        picture: whose way to its digit is shown; by default an example.
        on_download: told of the bytes of a download.
        on_plot: called after each plot; there are ``len(PLOTS)`` at most.

    Returns:
        The file.

    Raises:
        ModelError: the folder holds no run, or is damaged.
        DatasetError: the glyphs to look at cannot be had.
        OutputError: the file cannot be written.
        MissingExtraError: a package of the extras ``plot`` or ``train`` is not installed.
    """
    run = Path(run)
    if not (run / CARD_FILE).is_file():
        raise ModelNotFoundError(str(run), "is no folder of a run", "name one that inkread train has made")
    inspection = Inspection(run, data_dir=data_dir, test=test, on_download=on_download)
    path = Path(out) if out else run / REPORT_FILE
    page = report_page(inspection, picture=picture, on_plot=on_plot)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        problem = f"cannot be written ({error.strerror or error})"
        raise OutputError(str(path), problem, "choose another place, or make room there") from error
    return path


def report_page(
    inspection: Inspection, *, picture: AnyPath | None = None, on_plot: Callable[[], object] = lambda: None
) -> str:
    """The page itself, see ``write_report``; of a detector, its card and its curves."""
    names = ["curves"] if inspection.reads_pages else list(PLOTS)
    sections = []
    for name in names:
        options = {"picture": picture} if name == "process" else {}
        sections.append(_section(name, PLOTS[name], inspection, options))
        on_plot()
    card = inspection.model.card
    css = resources.files("inkread.evaluation.reports").joinpath("run.css").read_text(encoding="utf-8")
    links = "".join(f'<li><a href="#{name}">{escape(PLOTS[name].title)}</a></li>' for name in names)
    of = "" if inspection.reads_pages else f" What follows is of {inspection.described}."
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
    """A plot with its heading; in its place, why there is none."""
    title = escape(entry.title)
    try:
        drawing = inline(entry.draw(inspection, **options), entry.title)
        content = f'<div class="plot" tabindex="0" role="group" aria-label="{title}">{drawing}</div>'
    except (OptionError, ModelError) as error:  # such as a layer that a model from elsewhere has
        content = f"<p>Not here: {escape(error.source)} {escape(error.problem)}.</p>"
    heading = f"<h2>{title}</h2><p>{escape(entry.text)}</p>"
    return f'<section id="{name}">{heading}{content}</section>'


def _figures(inspection: Inspection) -> str:
    """What one asks for first, in large letters."""
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
    """The model's card as a table; its recipe folded away."""
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
    """A score's name as a person writes it."""
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
