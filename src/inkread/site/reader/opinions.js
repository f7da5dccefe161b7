/** All networks' predictions for each candidate, and one probability per label from them. */

import { argmax, rows, shareOf, softmax } from "./arrays.js";
import { DIGITS, isDigit, NONE } from "./boxes.js";
import { closeups, SIDE as CLOSEUP_SIDE } from "./closeups.js";
import { detect, joined, likely, whole } from "./detector.js";
import { SIDE } from "./glyph.js";
import { glyphIn } from "./glyphs.js";
import { stripOpinions } from "./strips.js";

export const LEAST = Math.fround(1e-6); // a class that one network rules out; another may know better
const BATCH = 256;
const LABELS = 11;

/**
 * Finds candidates and runs all networks on each.
 * @returns {Promise<Object>} for N candidates: found, closeup, strip, glyphs, classifier; and whole, the
 *   classifier's probabilities for all ink in the picture.
 */
export async function opinionsOf(grey, networks, settings, { single, thorough }) {
  const { config } = settings;
  const inked = glyphIn(grey, Float32Array.of(0, 0, grey.width, grey.height));
  let found = await detect(grey, networks.detector, config, thorough);
  if (single && inked.some((value) => value) && !found.some(isDigit)) found = joined([...found, whole(grey)]);
  const boxes = found.map(({ box }) => box);
  const seen = await closeupOpinions(
    grey,
    found.filter(isDigit).map(({ box }) => box),
    networks.closeup,
  );
  const closeup = found.map((each) => (isDigit(each) ? seen.shift() : certainlyNone()));
  const strip = await stripOpinions(grey, boxes, likely(found, config), networks.strip, config);
  const glyphs = boxes.map((box) => glyphIn(grey, box));
  const classifier = await classify([...glyphs, inked], networks.classifier, settings.temperature);
  return { found, closeup, strip, glyphs, classifier, whole: classifier.pop() };
}

function certainlyNone() {
  const probabilities = new Float32Array(LABELS);
  probabilities[NONE] = 1;
  return probabilities;
}

async function closeupOpinions(grey, boxes, run) {
  const result = [];
  for (let start = 0; start < boxes.length; start += BATCH) {
    const some = boxes.slice(start, start + BATCH);
    const { data } = await run(closeups(grey, some), [some.length, 2, CLOSEUP_SIDE, CLOSEUP_SIDE]);
    result.push(...rows(data, LABELS).map(softmax));
  }
  return result;
}

/**
 * Classifies glyphs of 28×28 bytes; one without ink is certainly no digit.
 * @param {number} adjustment added to the logit of "not a single digit".
 */
export async function classify(glyphs, run, temperature, adjustment = 0) {
  const result = [];
  for (let start = 0; start < glyphs.length; start += BATCH) {
    const some = glyphs.slice(start, start + BATCH);
    const input = new Float32Array(some.length * SIDE * SIDE);
    some.forEach((glyph, index) => input.set(shareOf(glyph), index * SIDE * SIDE));
    const { data } = await run(input, [some.length, SIDE, SIDE]);
    rows(data, LABELS).forEach((logits, index) => {
      const cooled = logits.map((logit) => logit / temperature);
      cooled[NONE] += adjustment;
      result.push(some[index].some((ink) => ink) ? softmax(cooled) : certainlyNone());
    });
  }
  return result;
}

/** Combines the predictions for each candidate by multinomial logistic regression. */
export function fused({ found, closeup, strip, classifier, whole: all }, weights) {
  const log = (value) => Math.log(Math.max(value, LEAST));
  return found.map(({ logits }, index) =>
    softmax(
      Array.from(
        { length: LABELS },
        (_, label) =>
          weights.closeup * log(closeup[index][label])
          + weights.strip * log(strip[index][label])
          + weights.classifier * log(classifier[index][label])
          + weights.whole * log(all[label])
          + (label < DIGITS ? weights.detector * logits[label] : weights.bias),
      ),
    ),
  );
}

export const isNothing = (probabilities) => argmax(probabilities) === NONE;
