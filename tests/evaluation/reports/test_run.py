"""A report is one file that contains every plot of its run, and loads nothing from elsewhere."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from outline import Outline

pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra: plot)")
pytest.importorskip("sklearn", reason="scikit-learn is not installed (extra: plot)")
pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")

from inkread.errors import (
    DatasetFormatError,
    DatasetNotFoundError,
    ModelNotFoundError,
    OptionError,
    OutputError,
)
from inkread.evaluation.plots import Inspection
from inkread.evaluation.plots.catalogue import PLOTS, draw, find
from inkread.evaluation.reports import write_report
from inkread.evaluation.reports.confusions import anchor
from inkread.evaluation.reports.page import POLICY
from inkread.evaluation.reports.run import report_page
from inkread.models.card import CARD_FILE, HELD_OUT_FILE, REPORT_FILE, Card
from inkread.training.recipe import NETWORKS, Recipe

MOST_BYTES = 3_000_000


@pytest.fixture(scope="module")
def page(run, asked):
    drawn = []
    path = write_report(run, on_plot=lambda: drawn.append(1))
    assert path == run / REPORT_FILE
    assert len(drawn) == len(PLOTS)
    assert path.stat().st_size < MOST_BYTES
    return Outline(path.read_text(encoding="utf-8"))


def test_every_plot_is_there_in_order_and_linked(page):
    assert not page.open
    assert page.values("section", "id") == ["card", *PLOTS]
    assert page.values("a", "href")[: len(PLOTS)] == [f"#{name}" for name in PLOTS]
    assert page.values("svg", "aria-label") == [
        entry.title for name, entry in PLOTS.items() if name != "confusion"
    ]


def test_every_confusion_leads_to_its_glyphs(page, run, asked):
    inspection = Inspection(run)
    truth, predicted = inspection.glyphs.labels, inspection.predicted
    cells = {(int(t), int(p)) for t, p in zip(truth, predicted, strict=True) if t != p}
    links = page.values("a", "href")[len(PLOTS) :]
    assert sorted(links) == sorted(f"#{anchor(*cell)}" for cell in cells)
    assert set(links) <= {f"#{name}" for name in page.values("div", "id")}
    assert "img-src data:" in POLICY


def test_nothing_on_the_page_comes_from_elsewhere(page):
    assert POLICY in page.values("meta", "content")
    assert {tag for tag, _ in page.tags} & {"link", "script", "iframe", "object"} == set()
    references = [
        str(value) for _, a in page.tags for name, value in a.items() if name.endswith(("href", "src"))
    ]
    assert references
    assert all(
        reference.startswith(("#", "data:image/png;base64,", "data:image/jpeg;base64,"))
        for reference in references
    )
    assert not re.search(r"https?:|@import|url\((?!#)", page.text)


def test_colours_are_the_pages_so_that_it_can_be_dark(page):
    body = page.text.partition("</style>")[2]
    assert "var(--ink)" in body
    assert not re.search("#1c1e24|#ffffff", body)


def test_the_model_is_described_and_its_card_trusted_with_nothing(page):
    assert "&lt;train&gt;" in page.text
    assert "<train>" not in page.text
    assert re.search(r"<dt>Epochs</dt><dd>2</dd>", page.text)


def test_the_command_is_shown_without_the_places_of_its_folders(run, asked):
    inspection = Inspection(run)
    card = dataclasses.replace(inspection.model.card, command="inkread train --out /home/ada/mine")
    inspection.model = dataclasses.replace(
        inspection.model, card=dataclasses.replace(card, recipe=card.recipe | {"network": "detector"})
    )
    assert "<code>inkread train --out mine</code>" in report_page(inspection)


def test_the_page_says_which_glyphs_it_looked_at(page, asked):
    assert "200 glyphs of bars that were held out of the training" in page.text
    assert not asked


def test_test_images_are_looked_at_only_when_asked_for(run, asked):
    asked.clear()
    inspection = Inspection(run, test=True)
    assert len(inspection.glyphs) == 1_000
    assert asked == [("mnist", "test")]
    assert inspection.described == "the 1,000 test images of bars"


def test_a_run_on_other_data_is_looked_at_with_its_own(draw_glyphs, finish, asked):
    asked.clear()
    clothes = ("T-shirt/top", "Trouser", "$5", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "%")
    folder = finish(small_run("tiny"), draw_glyphs(60, classes=clothes), data="Fashion-MNIST")
    page = Outline(write_report(folder).read_text(encoding="utf-8"))
    assert not asked
    assert page.values("svg", "aria-label") == [
        entry.title for name, entry in PLOTS.items() if name not in ("process", "confusion")
    ]
    assert "$5 read as" in page.text
    assert "not the ten digits" in page.text
    assert len(Inspection(folder, test=True).glyphs) == 1_000
    assert asked == [("fashion-mnist", "test")]


def test_glyphs_that_cannot_be_had_are_an_error_that_says_why(draw_glyphs, finish, asked):
    folder = finish(small_run("tiny"), draw_glyphs(60, classes=tuple("abcdefghij")), data="mine")
    with pytest.raises(OptionError, match="no test images in the data it was trained on"):
        _ = Inspection(folder, test=True).glyphs
    (folder / HELD_OUT_FILE).write_bytes(b"PK")
    with pytest.raises(DatasetFormatError, match="is not an archive of these arrays"):
        _ = Inspection(folder).glyphs
    (folder / HELD_OUT_FILE).unlink()
    with pytest.raises(DatasetNotFoundError, match="trained on other data than MNIST"):
        _ = Inspection(folder).glyphs


def test_a_run_of_digits_without_what_it_held_out_is_looked_at_with_mnist(draw_glyphs, finish, asked):
    asked.clear()
    folder = finish(small_run("tiny"), draw_glyphs(60))
    (folder / HELD_OUT_FILE).unlink()
    assert len(Inspection(folder).glyphs) == 60
    assert asked == [("mnist", "train")]


def small_run(network, layers=()):
    return Recipe(network=network, layers=layers, epochs=2, validation=60, threads=1)


@pytest.mark.parametrize("network", [*NETWORKS, "wide"])
def test_every_network_has_every_plot_and_a_report(draw_glyphs, finish, asked, network):
    layers = ({"type": "dense", "units": 700},) if network == "wide" else ()
    folder = finish(small_run(network, layers), draw_glyphs(60))
    page = Outline(write_report(folder).read_text(encoding="utf-8"))
    absent = {"confusion"}  # it is a table
    if network == "linear":  # it has no hidden layer
        absent |= {"features"}
    if network in ("linear", "mlp", "wide"):  # they have no convolution
        absent |= {"gradcam"}
        assert "gradcam needs convolutions, but this network has none" in page.text
    assert page.values("svg", "aria-label") == [
        entry.title for name, entry in PLOTS.items() if name not in absent
    ]


def test_a_plot_that_cannot_be_drawn_is_explained_in_its_place(run, asked, monkeypatch):
    def refuse(_subject):
        raise OptionError("features", "are <none>", "look elsewhere")

    entry = dataclasses.replace(PLOTS["features"], draw=refuse)
    monkeypatch.setattr("inkread.evaluation.reports.run.PLOTS", {"features": entry})
    page = Outline(write_report(run, run / "other.html").read_text(encoding="utf-8"))
    assert page.values("section", "id") == ["card", "features"]
    assert "features are &lt;none&gt;" in page.text


def test_a_run_of_a_detector_has_its_card_and_its_curves(run, tmp_path):
    for file in run.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    card = Card.load(run / CARD_FILE)
    inspection = Inspection(run)
    inspection.model = dataclasses.replace(
        inspection.model, card=dataclasses.replace(card, recipe=card.recipe | {"network": "detector"})
    )
    assert Outline(report_page(inspection)).values("section", "id") == ["card", "curves"]


def test_a_folder_without_a_run_and_a_place_without_room_are_errors(run, asked, tmp_path):
    with pytest.raises(ModelNotFoundError, match="not the folder of a run"):
        write_report(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_report(run, tmp_path / "file" / "report.html")


@pytest.mark.parametrize("name", list(PLOTS))
def test_every_plot_can_be_drawn_of_a_run(run, asked, name):
    plot = draw(name, Inspection(run))
    assert plot.get_suptitle()
    assert np.prod(plot.get_size_inches()) > 0


def test_an_unknown_plot_suggests_the_nearest_name():
    with pytest.raises(OptionError, match="did you mean 'confusion'"):
        find("confusoin")


def test_an_option_of_another_plot_is_rejected():
    with pytest.raises(OptionError, match="it is for embedding"):
        find("curves", {"method": "pca"})
