/** Formats a model's card for tables. Does not use the DOM. */

import { percent } from "./reading.js";

const NAMES = {
  mnist: "MNIST",
  unipen: "UNIPEN",
  bhmsds: "BHMSDS",
  ece: "calibration error (ECE)",
  quick: "Quick,",
};

/** "mnist_test_which_digit" → "MNIST test, which digit". */
export function scoreName(key) {
  const words = key.split("_").map((word) => NAMES[word] ?? word).join(" ");
  const name = `${words[0].toUpperCase()}${words.slice(1)}`;
  return name.replace("Quick, draw", "Quick, Draw!").replace(" which digit", ", which digit");
}

/** Formats a score: fractions in percent, losses as numbers. */
export function scoreValue(key, value) {
  if (typeof value !== "number") return "";
  return value < 0 || value > 1 || /loss/.test(key)
    ? String(Number(value.toPrecision(4)))
    : percent(value, 2);
}

/** Returns the names of all numeric scores in the cards, in order of appearance. */
export function scoreKeys(models) {
  const numbers = (scores) => Object.entries(scores ?? {}).filter(([, value]) => typeof value === "number");
  const keys = models.flatMap(({ card }) => numbers(card.scores).map(([key]) => key));
  return [...new Set(keys)];
}

/** Returns the data sets of a card, each once: "MNIST: 55,000 (CC-BY-SA-3.0)". */
export function dataOf(card, split) {
  const terms = (licence) => (licence ? ` (${licence})` : "");
  const words = ({ name, count, licence }) => `${name}: ${count.toLocaleString("en")}${terms(licence)}`;
  return (card.data ?? []).filter((each) => each.split === split).map(words);
}

/** Returns the card's confusion matrix, if any: rows are labels, columns are predictions. */
export function confusionOf({ card }) {
  const matrix = card.confusion ?? card.scores?.confusion;
  const isRow = (row) => Array.isArray(row) && row.length === matrix.length;
  return Array.isArray(matrix) && matrix.length > 1 && matrix.every(isRow) ? matrix : null;
}

/** Returns the labels of the matrix's rows. */
export function labelsOf({ card }) {
  return (card.labels ?? []).map((label) => label || "none");
}

/** Computes precision, recall, and F1 of each class of a confusion matrix; 0 instead of 0/0. */
export function classScores(matrix) {
  const sum = (counts) => counts.reduce((total, count) => total + count, 0);
  const share = (part, whole) => (whole ? part / whole : 0);
  return matrix.map((row, index) => {
    const [right, written, read] = [row[index], sum(row), sum(matrix.map((each) => each[index]))];
    const [precision, recall, f1] = [
      share(right, read),
      share(right, written),
      share(2 * right, written + read),
    ];
    return { written, precision, recall, f1 };
  });
}

/**
 * Returns the accuracy per confidence bin, if the card has it.
 * @typedef {{low: number, high: number, count: number, accuracy: number, confidence: number}} Bin
 * @returns {?{bins: Bin[], total: number, error: number}} the non-empty bins, and the expected
 *   calibration error.
 */
export function reliabilityOf({ card }) {
  const rows = card.reliability;
  const isRow = (row) => Array.isArray(row) && row.length === 3 && row.every(Number.isFinite);
  if (!(Array.isArray(rows) && rows.length > 1 && rows.every(isRow))) return null;
  const bins = rows
    .map(([count, right, confidence], index) => ({
      low: index / rows.length,
      high: (index + 1) / rows.length,
      count,
      accuracy: right / count,
      confidence,
    }))
    .filter(({ count }) => count > 0);
  const total = bins.reduce((sum, { count }) => sum + count, 0);
  const gap = bins.reduce(
    (sum, { count, accuracy, confidence }) => sum + count * Math.abs(accuracy - confidence),
    0,
  );
  return total ? { bins, total, error: gap / total } : null;
}

/** Returns the training curves, if the card has them: [{name, values}] with one value per epoch. */
export function curvesOf({ card }) {
  const history = card.history ?? card.scores?.history;
  if (!Array.isArray(history) || history.length < 2) return [];
  if (!("epoch" in history[0])) return []; // for a fine-tuned model, a row is a fold
  const isComplete = (name) => history.every((each) => Number.isFinite(each[name]));
  const names = Object.keys(history[0]).filter((name) => name !== "epoch" && isComplete(name));
  return names.map((name) => ({ name, values: history.map((each) => each[name]) }));
}

/** Says in plain words how well a model does on data that it has not seen; "" if its card does not know. */
export function inWords({ card }) {
  const scores = card.scores ?? {};
  const of = (key, whole) => `${Math.floor(scores[key] * whole)} of ${whole.toLocaleString("en")}`;
  if ("mnist_test_which_digit" in scores) {
    const right = Math.round(scores.mnist_test_which_digit * 1e4).toLocaleString("en");
    return `Of the 10,000 digits in the MNIST test, it names ${right} correctly.`;
  }
  if ("pages_recall" in scores && "pages_precision" in scores) {
    const [found, correct] = [of("pages_recall", 1000), of("pages_precision", 1000)];
    return `On difficult test pages, it finds ${found} digits, and ${correct} that it reports are correct.`;
  }
  if ("words_right" in scores) {
    const right = of("words_right", 100);
    return `On difficult test lines, without regard to spelling, ${right} words are completely correct.`;
  }
  if ("unipen_characters_validation" in scores) {
    const right = of("unipen_characters_validation", 1000);
    return `Of letters and digits by writers it has not seen, it names ${right} correctly.`;
  }
  return "";
}
