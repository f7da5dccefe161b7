/** Stored readings as the items that the page shows. Does not use the DOM. */

import { digitsOf, overlap, putMark, SAME_PLACE } from "./reading.js";

const OTHERS = 3; // alternatives of a digit

/** Converts the response of GET /v1/readings/{id} to a reading with its corrections and marks. */
export function readingOfStored(stored) {
  const lines = stored.lines.map(({ text, digits }) => (
    { text, written: text, signs: [], digits: digits.map(digitOf) }
  ));
  const reading = { ...stored, lines, error: null };
  for (const each of stored.corrected) {
    if (each.kind === "digit") correct(lines[each.line].digits[each.position], each);
    else mark(reading, each);
  }
  return reading;
}

function digitOf({ label, probability, probabilities, box, glyph }) {
  const others = probabilities
    .map((value, each) => ({ label: String(each), probability: value }))
    .filter((each) => each.label !== label)
    .sort((one, other) => other.probability - one.probability);
  return { label, probability, probabilities, box, glyph, alternatives: others.slice(0, OTHERS) };
}

function correct(digit, { label, id }) {
  Object.assign(digit, { corrected: label, correction: id });
}

/** A mark over a digit that was read replaces it; another one is a digit that was missed. */
function mark(reading, { box, label, id }) {
  const covers = ({ digit }) => !digit.marked && overlap(digit.box, box) > SAME_PLACE;
  const covered = digitsOf(reading).find(covers);
  const missed = { marked: true, label: "", box, probability: 1, alternatives: [] };
  if (covered) correct(covered.digit, { label, id });
  else if (label) putMark(reading, { ...missed, corrected: label, correction: id });
}
