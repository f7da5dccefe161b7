"""The page's modules that do not use the document, each by itself."""

from __future__ import annotations

import csv
import io
import json

import pytest

from inkread.errors import PictureDamagedError
from inkread.results import Digit, Line, Reading, Sign, table
from inkread.results.outcome import Outcome


@pytest.fixture
def person(visit):
    return visit("#about")


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_begins_like_a_formula_becomes_text(person, beginning):
    name = f'{beginning}SUM("A1", B2)'
    written = person.evaluate(
        "exports", f"m.toCsv([{{ name: {json.dumps(name)}, reading: null, error: null }}])"
    )
    rows = list(csv.reader(io.StringIO(written, newline="")))
    assert rows[1][0] == f"./{name}"
    copied = person.evaluate(
        "exports", f"m.toText([{{ name: {json.dumps(name)}, reading: null, error: null }}])"
    )
    assert not copied.splitlines()[1].startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_cell_with_commas_quotes_and_line_ends_stays_one_cell(person):
    name = 'a "b", c\r\nd.png'
    written = person.evaluate(
        "exports", f"m.toCsv([{{ name: {json.dumps(name)}, reading: null, error: 'x' }}])"
    )
    assert list(csv.reader(io.StringIO(written, newline="")))[1] == [name, *[""] * 6, "x"]


def test_the_table_is_that_of_the_command(person):
    def line(row: str) -> Line:
        boxes = [(character, (20 * at, 2, 20 * at + 18, 20)) for at, character in enumerate(row)]
        digits = tuple(Digit(character, 0.9 + at / 1000, box) for at, (character, box) in enumerate(boxes))
        return Line(
            tuple(digit for digit in digits if digit.label.isdigit()),
            tuple(Sign(each.label, 0.9, each.box) for each in digits if not each.label.isdigit()),
        )

    outcomes = [
        Outcome("rows.png", Reading("rows.png", 90, 60, (line("-3.14"), line("007")))),
        Outcome("=a,b.png", Reading("=a,b.png", 90, 60)),
        Outcome("-1.png", PictureDamagedError("-1.png", 'is "cut"', "copy it again")),
    ]
    items = [
        {"name": each.name, "reading": each.reading and each.to_dict(), "error": each.error}
        for each in outcomes
    ]
    expected = "".join(map(table.csv_line, [table.COLUMNS, *map(table.cells_of, outcomes)]))
    assert person.evaluate("exports", f"m.toCsv({json.dumps(items)})") == expected


@pytest.mark.parametrize(
    ("probability", "words"),
    [(1, "100.0 %"), (0.99996, "> 99.9 %"), (0.987, "98.7 %"), (0.0001, "< 0.1 %"), (0, "0.0 %")],
)
def test_a_percentage_never_claims_more_than_is_known(person, probability, words):
    assert person.evaluate("reading", f"m.percent({probability})") == words


@pytest.mark.parametrize(
    ("header", "attempt", "seconds"),
    [("3", 0, 3), ("0", 4, 0), (None, 0, 0.25), (None, 3, 2), ("3600", 0, 20), ("nonsense", 1, 0.5)],
)
def test_a_retry_waits_as_long_as_it_is_asked_to_and_no_longer_than_sensible(
    person, header, attempt, seconds
):
    assert person.evaluate("api", f"m.wait({json.dumps(header)}, {attempt})") == seconds


def test_undo_and_redo_go_through_the_strokes(person):
    states = person.page.evaluate(
        """(address) => import(`${address}/static/js/strokes.js`).then(({ Sheet }) => {
          const sheet = new Sheet();
          const seen = [];
          const look = () => seen.push(sheet.strokes.length);
          const stroke = (x) => {
            sheet.begin({ x, y: 0, force: 1 }, { width: 9 });
            sheet.extend([{ x, y: 9, force: 1 }]);
            sheet.end();
            look();
          };
          stroke(1); stroke(2); sheet.undo(); look(); stroke(3); sheet.redo(); look();
          sheet.clear(); look(); sheet.undo(); look();
          return seen;
        })""",
        person.address,
    )
    assert states == [1, 2, 1, 2, 2, 0, 2]


def test_a_sheet_that_shrinks_keeps_all_that_is_drawn_on_it(person):
    right = person.page.evaluate(
        """(address) => import(`${address}/static/js/strokes.js`).then(({ Sheet }) => {
          const sheet = new Sheet();
          sheet.begin({ x: 100, y: 50, force: 1 }, { width: 10 });
          sheet.extend([{ x: 800, y: 90, force: 1 }]);
          sheet.end();
          sheet.fit(400, 400);
          const [{ width, points }] = sheet.strokes;
          return Math.max(...points.map(({ x }) => x + width / 2));
        })""",
        person.address,
    )
    assert right == pytest.approx(400)


def test_what_was_undone_or_is_being_drawn_shrinks_with_the_sheet(person):
    right = person.page.evaluate(
        """(address) => import(`${address}/static/js/strokes.js`).then(({ Sheet }) => {
          const sheet = new Sheet();
          const draw = (x) => {
            sheet.begin({ x: 9, y: 9, force: 1 }, { width: 10 });
            sheet.extend([{ x, y: 9, force: 1 }]);
          };
          draw(795);
          sheet.end();
          sheet.clear();
          draw(395);
          sheet.fit(400, 400);
          const live = sheet.live.points[1].x + sheet.live.width / 2;
          sheet.undo();
          return [live, sheet.strokes[0].points[1].x + sheet.strokes[0].width / 2];
        })""",
        person.address,
    )
    assert right == pytest.approx([200, 400])


def test_a_stroke_on_the_grid_fills_pixels_without_gaps(person):
    rows = person.page.evaluate(
        """(address) => import(`${address}/static/js/pixels.js`).then(({ Pixels }) => {
          const pixels = new Pixels();
          pixels.begin({ x: 14, y: 4 });
          pixels.extend([{ x: 14, y: 24 }]);
          pixels.end();
          return pixels.rows;
        })""",
        person.address,
    )
    assert all(max(rows[row]) == 255 for row in range(4, 24))
    assert max(rows[0]) == max(rows[27]) == 0


def test_newer_work_aborts_older_work_whose_answer_is_never_seen(person):
    answers = person.page.evaluate(
        """(address) => import(`${address}/static/js/work.js`).then(async ({ Latest }) => {
          const latest = new Latest();
          let release;
          const first = latest.run((signal) => new Promise((resolve) => {
            release = () => resolve(`old ${signal.aborted}`);
          }));
          const second = latest.run(async () => "new");
          release();
          return [await first ?? null, await second];
        })""",
        person.address,
    )
    assert answers == [None, "new"]


def test_confusions_and_curves_are_taken_from_cards_that_have_them(person):
    card = {"confusion": [[5, 1], [0, 6]], "history": [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}]}
    model = json.dumps({"name": "mine", "card": card})
    assert person.evaluate("cards", f"m.confusionOf({model})") == card["confusion"]
    assert person.evaluate("cards", f"m.curvesOf({model})") == [{"name": "loss", "values": [0.5, 0.25]}]
    assert person.evaluate("cards", "m.confusionOf({ card: { scores: {} } })") is None
    folds = json.dumps({"card": {"history": [{"fold": 1, "glyphs": 5}, {"fold": 2, "glyphs": 5}]}})
    assert person.evaluate("cards", f"m.curvesOf({folds})") == []


def test_the_scores_of_a_class_are_those_of_its_counts(person):
    first, second = person.evaluate("cards", "m.classScores([[5, 1], [3, 0]])")
    assert (first["written"], first["precision"], first["recall"]) == (6, 5 / 8, 5 / 6)
    assert first["f1"] == pytest.approx(10 / 14)
    assert second == {"written": 3, "precision": 0, "recall": 0, "f1": 0}


def test_the_reliability_is_that_of_the_bins_that_are_not_empty(person):
    card = json.dumps({"card": {"reliability": [[0, 0, 0], [4, 1, 0.5], [12, 12, 0.9], [0, 0, 0]]}})
    found = person.evaluate("cards", f"m.reliabilityOf({card})")
    assert [(each["low"], each["high"]) for each in found["bins"]] == [(0.25, 0.5), (0.5, 0.75)]
    assert found["total"] == 16
    assert found["error"] == pytest.approx((4 * 0.25 + 12 * 0.1) / 16)
    for rows in ([], [[1, 1]], [[0, 0, 0], [0, 0, 0]], "bins"):
        nothing = json.dumps({"card": {"reliability": rows}})
        assert person.evaluate("cards", f"m.reliabilityOf({nothing})") is None


@pytest.mark.parametrize(
    ("probabilities", "words"),
    [
        ({"3": 0.99}, "Confidence: 99.0 %."),
        ({"3": 0.6, "8": 0.35}, "Not sure of this 3: 60.0 %. It could be an 8."),
        ({"3": 0.6, "8": 0.01}, "Not sure of this 3: 60.0 %."),
        ({"3": 0.1, "8": 0.05}, "Not sure of this 3: 10.0 %. It may not be a digit."),
        ({}, "No digits found."),
    ],
)
def test_the_verdict_is_honest_about_doubt(person, probabilities, words):
    told = [{"label": label, "probability": value} for label, value in probabilities.items()]
    digits = [told[0] | {"box": [0, 0, 9, 9], "alternatives": told[1:]}] if told else []
    reading = json.dumps({"lines": [{"digits": digits}] if digits else []})
    assert person.evaluate("reading", f"m.verdict({reading}).text") == words
