/** What a model's card says, as rows of a table. Knows nothing of the document. */

import { percent } from "./reading.js";

const NAMES = { mnist: "MNIST", unipen: "UNIPEN", bhmsds: "BHMSDS", ece: "calibration error (ECE)", quick: "Quick," };

/** "mnist_test_which_digit" → "MNIST test, which digit". */
export function scoreName(key) {
  const words = key.split("_").map((word) => NAMES[word] ?? word).join(" ");
  return `${words[0].toUpperCase()}${words.slice(1)}`.replace("Quick, draw", "Quick, Draw!").replace(" which digit", ", which digit");
}

/** A score as a person reads it: shares in percent, losses as they are. */
export function scoreValue(key, value) {
  if (typeof value !== "number") return "";
  return value < 0 || value > 1 || /loss/.test(key) ? String(Number(value.toPrecision(4))) : percent(value, 2);
}

/** The plain scores that any of the cards has, in the order in which they come. */
export function scoreKeys(models) {
  const keys = models.flatMap(({ card }) => Object.entries(card.scores ?? {}).filter(([, value]) => typeof value === "number").map(([key]) => key));
  return [...new Set(keys)];
}

/** The data sets of a card, each once: "MNIST: 55,000 (CC-BY-SA-3.0)". */
export function dataOf(card, split) {
  const words = ({ name, count, licence }) => `${name}: ${count.toLocaleString("en")}${licence ? ` (${licence})` : ""}`;
  return (card.data ?? []).filter((each) => each.split === split).map(words);
}

/** A square table of counts, where the card has one: what was written down the side, what was read along the top. */
export function confusionOf({ card }) {
  const matrix = card.confusion ?? card.scores?.confusion;
  const isSquare = Array.isArray(matrix) && matrix.length > 1 && matrix.every((row) => Array.isArray(row) && row.length === matrix.length);
  return isSquare ? matrix : null;
}

/** What the rows of that table are called. */
export function labelsOf({ card }) {
  return (card.labels ?? []).map((label) => label || "none");
}

/** Precision, recall and F1 of each class of a table of counts, 0 where there is nothing to divide by. */
export function classScores(matrix) {
  const sum = (counts) => counts.reduce((total, count) => total + count, 0);
  const share = (part, whole) => (whole ? part / whole : 0);
  return matrix.map((row, index) => {
    const [right, written, read] = [row[index], sum(row), sum(matrix.map((each) => each[index]))];
    return { written, precision: share(right, read), recall: share(right, written), f1: share(2 * right, written + read) };
  });
}

/**
 * How often the model is right against how sure it is, where the card says so.
 * @returns {?{bins: {low: number, high: number, count: number, accuracy: number, confidence: number}[], total: number, error: number}}
 *   the bins that are not empty, and the expected calibration error.
 */
export function reliabilityOf({ card }) {
  const rows = card.reliability;
  const isTable = Array.isArray(rows) && rows.length > 1 && rows.every((row) => Array.isArray(row) && row.length === 3 && row.every(Number.isFinite));
  if (!isTable) return null;
  const bins = rows
    .map(([count, right, confidence], index) => ({ low: index / rows.length, high: (index + 1) / rows.length, count, accuracy: right / count, confidence }))
    .filter(({ count }) => count > 0);
  const total = bins.reduce((sum, { count }) => sum + count, 0);
  const gap = bins.reduce((sum, { count, accuracy, confidence }) => sum + count * Math.abs(accuracy - confidence), 0);
  return total ? { bins, total, error: gap / total } : null;
}

/** The curves of a training, where the card has them: [{name, values}] with a value an epoch. */
export function curvesOf({ card }) {
  const history = card.history ?? card.scores?.history;
  if (!Array.isArray(history) || history.length < 2 || !("epoch" in history[0])) return []; // of a model trained on, a row is a fold
  const names = Object.keys(history[0]).filter((name) => name !== "epoch" && history.every((each) => Number.isFinite(each[name])));
  return names.map((name) => ({ name, values: history.map((each) => each[name]) }));
}
