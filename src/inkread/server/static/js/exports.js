/** Exports tables for other programs: that of results/table.py, see docs/formats.md. Does not use the DOM. */

import { digitsOf, inOrder, leastSure, rowText, shownText, textOf, writtenOf } from "./reading.js";

const COLUMNS = ["source", "text", "written", "digits", "probability", "width", "height", "error"];
const FORMULA = /^[=+\-@\t\r]/; // how formulas begin in spreadsheets
const NUMBER = /^[-+]?[\d.,:/% ]*$/;

/** Makes what was read text for a spreadsheet: a formula gets an apostrophe; numbers stay as they are. */
export function guarded(text) {
  return FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
}

/** Formats a cell of a CSV file (RFC 4180). */
export function cell(value) {
  const text = String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Returns one row per picture.
 * @param {{name: string, reading: ?Object, error: ?string}[]} items
 * @param {{least?: number}} [options] the least probability of a digit that is shown.
 */
export function rowsOf(items, { least } = {}) {
  return items.map(({ name, reading, error }) => ({
    source: FORMULA.test(name) ? `./${name}` : name,
    text: reading ? guarded(shownText(reading, { least, signs: false }).replaceAll("\n", "/")) : "",
    written: reading ? guarded(shownText(reading, { least, signs: true }).replaceAll("\n", " / ")) : "",
    digits: reading ? digitsOf(reading).length : "",
    probability: leastSure(reading)?.digit.probability.toFixed(6) ?? "",
    width: reading?.width ?? "",
    height: reading?.height ?? "",
    error: error ?? "",
  }));
}

export function toCsv(items, options = {}) {
  const lines = [COLUMNS, ...rowsOf(items, options).map((row) => COLUMNS.map((column) => row[column]))];
  return lines.map((line) => `${line.map(cell).join(",")}\n`).join("");
}

/** Returns tab-separated text, for pasting into a spreadsheet. */
export function toText(items, options = {}) {
  const lines = [COLUMNS, ...rowsOf(items, options).map((row) => COLUMNS.map((column) => row[column]))];
  return lines
    .map((line) => line.map((value) => String(value).replaceAll(/[\t\r\n]/g, " ")).join("\t"))
    .join("\n");
}

export function toJson(items) {
  const readings = items.map(({ name, reading, error }) => ({
    source: name,
    width: reading?.width ?? null,
    height: reading?.height ?? null,
    text: reading ? textOf(reading) : null,
    written: reading ? writtenOf(reading) : null,
    model: reading?.model ?? null,
    lines: (reading?.lines ?? []).map((line) => ({
      text: rowText(line),
      digits: inOrder(line).map(digitFor),
    })),
    error: error ?? null,
  }));
  return `${JSON.stringify(readings, null, 2)}\n`;
}

function digitFor({ digit: { label, probability, box, probabilities, corrected, marked } }) {
  if (marked) return { label: corrected, box, marked };
  const digit = { label, probability, box, probabilities };
  return corrected === undefined ? digit : { ...digit, corrected };
}

const KEYS = {
  order: (item) => item.order,
  name: (item) => item.name,
  text: (item) => (item.reading ? textOf(item.reading) : null),
  digits: (item) => (item.reading ? digitsOf(item.reading).length : null),
  least: (item) => leastSure(item.reading)?.digit.probability ?? null,
  state: (item) => item.state,
};

/** Sorts the items; items without a value come last in either direction. */
export function sorted(items, by, descending = false) {
  const key = KEYS[by];
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  return [...items].sort((one, other) => {
    const [a, b] = [key(one), key(other)];
    if (a === null || b === null) return (a === null) - (b === null) || one.order - other.order;
    const order = typeof a === "number" ? a - b : compare(a, b);
    return (descending ? -order : order) || one.order - other.order;
  });
}
