/** Plots from a run's card: confusion matrix, scores per class, reliability diagram, and training curves. */

import * as cards from "./cards.js";
import { el, svg } from "./dom.js";
import { percent } from "./reading.js";

const STRONGEST = 35; // percent of the warning color in a table's worst cell
const SIDE = 260;
const [LEFT, TOP, RIGHT, BOTTOM] = [46, 10, 24, 44];
const TICKS = [0, 0.25, 0.5, 0.75, 1];

/** Creates a figure for each plot that the model's card has data for. */
export function plotsOf(model) {
  const matrix = cards.confusionOf(model);
  const labels = cards.labelsOf(model);
  const found = cards.reliabilityOf(model);
  const curves = cards.curvesOf(model);
  return [
    matrix
      && figure(
        "Confusion matrix",
        "Rows are labels, columns are predictions.",
        scrolling(`Confusion matrix of ${model.name}`, confusion(matrix, labels)),
        "plot wide",
      ),
    matrix
      && figure(
        "Scores per class",
        "Precision: the share of its predictions that are correct. "
          + "Recall: the share of its glyphs that were found. F1: the harmonic mean of both.",
        scrolling(`Scores per class of ${model.name}`, classes(matrix, labels)),
      ),
    found
      && figure(
        "Reliability",
        "Accuracy by confidence; bars level with their dots are well calibrated. "
          + `The mean gap (ECE) is ${percent(found.error, 2).replace(" ", "\u00a0")}.`,
        reliability(found),
      ),
    curves.length > 0
      && figure(
        "Training",
        "Values per epoch; the number is the last value.",
        el("div", { class: "curves" }, ...curves.map(curve)),
        "plot wide",
      ),
  ].filter(Boolean);
}

function figure(title, text, content, className = "plot") {
  return el(
    "figure",
    { class: className },
    el("figcaption", {}, el("h3", {}, title), el("p", { class: "faint" }, text)),
    content,
  );
}

function scrolling(label, table) {
  return el("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": label }, table);
}

/** Creates a table cell, colored by `share`, its fraction of the worst value, 0..1. */
function cell(text, share, className = "") {
  const made = el("td", { class: className }, text);
  made.style.setProperty("--heat", `${Math.round(STRONGEST * share)}%`);
  return made;
}

function confusion(matrix, labels) {
  const most = Math.max(1, ...matrix.flatMap((row, written) => row.filter((_, read) => read !== written)));
  const heading = (label, scope) => el("th", { scope }, label ?? "");
  return el("table", { class: "heat" },
    el("thead", {}, el("tr", {}, el("td"), ...matrix.map((_, read) => heading(labels[read], "col")))),
    el(
      "tbody",
      {},
      ...matrix.map((row, written) =>
        el(
          "tr",
          {},
          heading(labels[written], "row"),
          ...row.map((count, read) =>
            cell(
              count ? String(count) : "",
              read === written ? 0 : count / most,
              read === written ? "right" : "",
            ),
          ),
        ),
      ),
    ),
  );
}

function classes(matrix, labels) {
  const names = ["precision", "recall", "f1"];
  const scores = cards.classScores(matrix);
  const worst = Math.max(1e-9, ...scores.flatMap((each) => names.map((name) => 1 - each[name])));
  return el(
    "table",
    { class: "heat" },
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        el("td"),
        ...["Glyphs", "Precision", "Recall", "F1"].map((name) => el("th", { scope: "col" }, name)),
      ),
    ),
    el(
      "tbody",
      {},
      ...scores.map((each, index) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, labels[index] ?? ""),
          el("td", {}, each.written.toLocaleString("en")),
          ...names.map((name) => cell(percent(each[name], 2), (1 - each[name]) / worst)),
        ),
      ),
    ),
  );
}

/** Draws a bar per bin: the height is the accuracy, the opacity the glyph count, the dot the confidence. */
function reliability({ bins, total, error }) {
  const x = (value) => LEFT + SIDE * value;
  const y = (value) => TOP + SIDE * (1 - value);
  const most = Math.max(...bins.map(({ count }) => count));
  const words = ({ count, accuracy, confidence }) =>
    `${count.toLocaleString("en")} glyphs at ${percent(confidence)} confidence: ${percent(accuracy)} correct`;
  const title = `Reliability of ${total.toLocaleString("en")} glyphs`;
  const label = `${title}, expected calibration error ${percent(error, 2)}. ${bins.map(words).join("; ")}.`;
  return svg(
    "svg",
    {
      class: "reliability",
      role: "img",
      "aria-label": label,
      viewBox: `0 0 ${LEFT + SIDE + RIGHT} ${TOP + SIDE + BOTTOM}`,
    },
    ...TICKS.flatMap((tick) => [
      svg("path", { class: "grid-line", d: `M${x(0)} ${y(tick)}H${x(1)}` }),
      svg("text", { x: x(0) - 7, y: y(tick) + 4, "text-anchor": "end" }, `${100 * tick} %`),
      svg("text", { x: x(tick), y: y(0) + 17, "text-anchor": "middle" }, `${100 * tick} %`),
    ]),
    ...bins.map((bin) =>
      svg(
        "g",
        {},
        svg("title", {}, words(bin)),
        svg("rect", {
          x: x(bin.low) + 1,
          y: y(bin.accuracy),
          width: SIDE * (bin.high - bin.low) - 2,
          height: SIDE * bin.accuracy,
          opacity: 0.4 + (0.5 * bin.count) / most,
        }),
      ),
    ),
    svg("path", { class: "diagonal", d: `M${x(0)} ${y(0)}L${x(1)} ${y(1)}` }),
    ...bins.map(({ confidence }) => svg("circle", { cx: x(confidence), cy: y(confidence), r: 3.5 })),
    svg("text", { x: x(0.5), y: y(0) + 37, "text-anchor": "middle" }, "confidence"));
}

function curve({ name, values }) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const points = values.map(
    (value, index) =>
      `${(100 * index) / (values.length - 1)},${38 - (36 * (value - low)) / (high - low || 1)}`,
  );
  const [from, to] = [values[0].toPrecision(4), values.at(-1).toPrecision(4)];
  const label = `${cards.scoreName(name)}: from ${from} to ${to} in ${values.length} epochs`;
  return el("figure", { class: "curve" },
    el("figcaption", {}, `${cards.scoreName(name)}: ${values.at(-1).toPrecision(4)}`),
    svg("svg", { viewBox: "0 0 100 40", preserveAspectRatio: "none", role: "img", "aria-label": label },
      svg("polyline", { points: points.join(" ") })));
}
