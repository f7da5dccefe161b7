/**
 * Queries on readings. Does not use the DOM.
 *
 * A missed digit that the user marked follows the digits that were read in its row:
 * {marked: true, label: "", corrected}.
 */

import { middle, pitch, size } from "./rows.js";

export const SURE = 0.9;
export const DOUBT = 0.7;
const BESIDE = 0.5; // how far a mark may be above or below the nearest digit of its row, in digit sizes
export const SAME_PLACE = 0.5; // boxes with more overlap belong to the same digit
const POSSIBLE = 0.1; // less probable alternatives are not mentioned

/** Returns a reading of text as it is shown: words take the place of digits. */
export function asText(reading) {
  const lines = reading.lines.map((line) => (line.words ? { ...line, digits: line.words } : line));
  return { ...reading, lines, isText: true };
}

/** Returns every digit of a reading with its place: [{digit, line, position}], row by row. */
export function digitsOf(reading) {
  return (reading?.lines ?? []).flatMap(({ digits }, line) =>
    digits.map((digit, position) => ({ digit, line, position })),
  );
}

/** Returns the digits of a row in reading order, including marked ones: [{digit, position}]. */
export function inOrder({ digits }) {
  const read = digits.filter(({ marked }) => !marked);
  const way = read.length ? pitch(read.map(({ box }) => box)) : { x: 1, y: 0 };
  const along = ({ digit: { box } }) => middle(box).x * way.x + middle(box).y * way.y;
  return digits
    .map((digit, position) => ({ digit, position }))
    .sort((one, other) => along(one) - along(other));
}

/** Returns the text of a row with its corrections. */
export function rowText(row) {
  return inOrder(row).map(({ digit }) => labelOf(digit)).join(row.words ? " " : "");
}

/** Adds a missed digit to the row that it belongs to, or to a new row. @returns its place. */
export function putMark(reading, mark) {
  const line =
    rowOf(reading, mark.box) ?? reading.lines.push({ text: "", written: "", digits: [], signs: [] }) - 1;
  return { line, position: reading.lines[line].digits.push(mark) - 1 };
}

export function takeMark(reading, mark) {
  for (const { digits } of reading.lines) if (digits.includes(mark)) digits.splice(digits.indexOf(mark), 1);
}

/** Returns the row of a box: that of the nearest digit, unless the box is above or below it. */
function rowOf(reading, box) {
  const nearby = nearest(reading, middle(box));
  if (!nearby) return null;
  const boxes = reading.lines[nearby.line].digits
    .filter(({ marked }) => marked === nearby.digit.marked)
    .map((digit) => digit.box);
  const [way, { wide, high }, at, to] = [pitch(boxes), size(boxes), middle(nearby.digit.box), middle(box)];
  const away = Math.abs((to.x - at.x) * way.y - (to.y - at.y) * way.x) / Math.hypot(way.x, way.y);
  return away <= BESIDE * Math.max(wide, high) ? nearby.line : null;
}

/** Returns the digit's corrected label, or else the label read; "" for no digit. */
export function labelOf(digit) {
  return digit.corrected ?? digit.label;
}

/** Returns the reading's text with its corrections, with newlines between rows. */
export function textOf(reading) {
  return (reading?.lines ?? []).map(rowText).filter(Boolean).join("\n");
}

/** Returns the label to show: "?" if the digit is less probable than the user asks for. */
export function shownLabel(digit, { least = 0 } = {}) {
  return digit.corrected === undefined && digit.probability < least ? "?" : labelOf(digit);
}

/** Returns the text to show, copy, and export, with the user's options. */
export function shownText(reading, options) {
  const shown = (line) => partsOf(line, options)
    .map(({ digit, sign }) => (digit ? shownLabel(digit, options) : sign.label))
    .join(line.words ? " " : "");
  return (reading?.lines ?? []).map(shown).filter(Boolean).join("\n");
}

/** Returns the digits and signs of a row from left to right: [{digit, position}] and [{sign}]. */
export function partsOf({ digits, signs = [] }, options = {}) {
  const shown = options.signs === false ? [] : signs.map((sign) => ({ sign }));
  const parts = [...inOrder({ digits }), ...shown];
  const way = digits.length ? pitch(inOrder({ digits }).map(({ digit }) => digit.box)) : { x: 1, y: 0 };
  const along = ({ digit, sign }) =>
    middle((digit ?? sign).box).x * way.x + middle((digit ?? sign).box).y * way.y;
  return parts.sort((one, other) => along(one) - along(other));
}

/** Returns the reading's text as written, with signs and corrections. */
export function writtenOf(reading) {
  return shownText(reading, {});
}

/** Returns the least probable digit that was not corrected; null if there is none. */
export function leastSure(reading) {
  const read = digitsOf(reading).filter(({ digit }) => digit.corrected === undefined);
  return read.reduce(
    (least, each) => (least && least.digit.probability <= each.digit.probability ? least : each),
    null,
  );
}

/** Returns ten probabilities, of 0 to 9; missing ones are 0. */
export function probabilitiesOf(digit) {
  if (digit.probabilities) return digit.probabilities.slice(0, 10);
  const told = [{ label: digit.label, probability: digit.probability }, ...(digit.alternatives ?? [])];
  return Array.from(
    { length: 10 },
    (_, each) => told.find(({ label }) => label === String(each))?.probability ?? 0,
  );
}

/** Formats a fraction as "98.7 %"; never rounds to 100 % or 0 %. */
export function percent(probability, decimals = 1) {
  const least = 10 ** -decimals;
  const value = probability * 100;
  if (value > 0 && value < least) return `< ${least.toFixed(decimals)} %`;
  if (value < 100 && value > 100 - least) return `> ${(100 - least).toFixed(decimals)} %`;
  return `${value.toFixed(decimals)} %`;
}

/** Formats a probability with the server's full precision. */
export function exactly(probability) {
  return `${(probability * 100).toFixed(4)} %`;
}

export function level(probability) {
  if (probability >= SURE) return "sure";
  return probability >= DOUBT ? "fair" : "doubt";
}

/**
 * Describes the confidence of a reading in one sentence.
 * @returns {{kind: "none"|"sure"|"fair"|"doubt"|"corrected", text: string}}
 */
export function verdict(reading) {
  const found = confidence(reading);
  return reading?.pages > 1 ? { ...found, text: `${found.text} Page ${reading.page} of ${reading.pages}.` } : found;
}

function confidence(reading) {
  const all = digitsOf(reading);
  if (!all.length) return { kind: "none", text: `No ${reading?.isText ? "text" : "digits"} found.` };
  const least = leastSure(reading);
  if (!least)
    return {
      kind: "corrected",
      text: all.length > 1 ? "You corrected all digits." : "You corrected this digit.",
    };
  const { digit } = least;
  const kind = level(digit.probability);
  if (kind === "doubt") {
    const name = reading.isText ? `“${digit.label}”` : `${all.length > 1 ? "the" : "this"} ${digit.label}`;
    const what = `${name}: ${percent(digit.probability)}`;
    return { kind, text: `Not sure of ${what}.${otherwise(digit, reading.isText)}` };
  }
  if (all.length === 1) return { kind, text: `Confidence: ${percent(digit.probability)}.` };
  return { kind, text: `Lowest confidence: ${digit.label} (${percent(digit.probability)}).` };
}

/** Suggests what a doubtful digit may be instead: not a digit, or another plausible digit. */
function otherwise(digit, isText) {
  if (!isText && probabilitiesOf(digit).reduce((sum, each) => sum + each, 0) < 0.5) return " It may not be a digit.";
  const other = (digit.alternatives ?? []).find(
    ({ label, probability }) => label !== digit.label && probability >= POSSIBLE,
  )?.label;
  if (!other) return "";
  return isText ? ` It could be “${other}”.` : ` It could be ${other === "8" ? "an" : "a"} ${other}.`;
}

/** Lists what a word or a letter may be, with probabilities: "“I” 62.0 %, or “l” 30.1 %, “1” 4.2 %". */
export function choices({ label, probability, alternatives = [] }) {
  const all = [{ label, probability }, ...alternatives];
  const [first, ...others] = all.map((each) => `“${each.label}” ${percent(each.probability)}`);
  return others.length ? `${first}, or ${others.join(", ")}` : "";
}

/** Formats a reading for screen readers, with spaces between digits so that 42 is not read as forty-two. */
export function spoken(reading) {
  const spelled = (row) => (reading.isText ? row : [...row].join(" "));
  const rows = textOf(reading).split("\n").filter(Boolean).map(spelled);
  const words = verdict(reading).text;
  return rows.length ? `Read: ${rows.join(", next row, ")}. ${words}` : words;
}

/** Copies the corrections of an older reading to digits at the same places. */
export function carryOver(older, newer) {
  const corrected = digitsOf(older).filter(({ digit }) => digit.corrected !== undefined);
  for (const { digit } of digitsOf(newer)) {
    const same = corrected.find(
      (each) =>
        !each.digit.marked && overlap(each.digit.box, digit.box) > 0.85 && each.digit.label === digit.label,
    );
    if (same) Object.assign(digit, { corrected: same.digit.corrected, correction: same.digit.correction });
  }
  if (older?.width !== newer.width || older.height !== newer.height) return newer;
  for (const { digit: mark } of corrected.filter(({ digit }) => digit.marked)) {
    if (!digitsOf(newer).some(({ digit }) => overlap(digit.box, mark.box) > SAME_PLACE))
      putMark(newer, { ...mark });
  }
  return newer;
}

/** Computes the intersection over union of two boxes. */
export function overlap(one, other) {
  const width = Math.min(one[2], other[2]) - Math.max(one[0], other[0]);
  const height = Math.min(one[3], other[3]) - Math.max(one[1], other[1]);
  if (width <= 0 || height <= 0) return 0;
  const area = ([x0, y0, x1, y1]) => (x1 - x0) * (y1 - y0);
  return (width * height) / (area(one) + area(other) - width * height);
}

/** Returns the digit whose box is nearest to a point; null if there is none. */
export function nearest(reading, { x, y }) {
  const distance = ({
    digit: {
      box: [x0, y0, x1, y1],
    },
  }) => Math.hypot((x0 + x1) / 2 - x, (y0 + y1) / 2 - y);
  return digitsOf(reading).reduce(
    (best, each) => (best && distance(best) <= distance(each) ? best : each),
    null,
  );
}

/** Decodes the 784 bytes of a glyph. */
export function glyphOf(digit) {
  return digit.glyph ? Uint8Array.from(atob(digit.glyph), (character) => character.charCodeAt(0)) : null;
}

/** Converts the response of POST /v1/glyphs to a reading of one 28×28 drawing. */
export function readingOfGlyph(answer, values) {
  const [probabilities] = answer.probabilities;
  const [label] = answer.digits;
  const order = [...probabilities.keys()].sort((one, other) => probabilities[other] - probabilities[one]);
  const alternatives = order
    .map((index) => ({ label: answer.labels[index], probability: probabilities[index] }))
    .filter((each) => each.label !== label && each.label !== "")
    .slice(0, 3);
  const digit = {
    label,
    probability: probabilities[answer.labels.indexOf(label)] ?? 0,
    box: [0, 0, 28, 28],
    alternatives,
    probabilities: probabilities.slice(0, 10),
    glyph: btoa(String.fromCharCode(...values)),
  };
  const lines = label === "" ? [] : [{ text: label, written: label, digits: [digit], signs: [] }];
  const none = probabilities[answer.labels.indexOf("")];
  return {
    id: null,
    source: "grid",
    width: 28,
    height: 28,
    text: label,
    written: label,
    model: answer.model,
    lines,
    none,
    drawn: digit,
    error: null,
  };
}
