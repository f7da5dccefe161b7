/** Decides the orientation of a page: upright digits are read with more confidence than turned ones. */

import { argmax, max } from "./arrays.js";
import { isDigit, NONE } from "./boxes.js";

const sum = (values) => values.reduce((one, other) => one + other, 0);

const isLikely = (candidate, config) => isDigit(candidate) && max(candidate.logits) > config.likely_logit;
const middleOf = ({ box }) => [0, 1].map((axis) => Math.fround(Math.fround(box[axis] + box[axis + 2]) / 2));

/**
 * Returns the probability of the best label for each probable digit.
 * @param {Object} [part] {left, top, right, bottom}: the middles of other digits are outside.
 */
export function confidence({ found }, { kept, probabilities }, config, part = null) {
  const isInside = (index) => {
    const [x, y] = middleOf(found[index]);
    return !part || (x >= part.left && x < part.right && y >= part.top && y < part.bottom);
  };
  return kept
    .filter((index) => isLikely(found[index], config) && isInside(index))
    .map((index) => max(probabilities[index].subarray(0, NONE), 0));
}

/**
 * Returns the part of a page that shows its orientation: where most of its digits are, as large as the first
 * pass sees them at the scale at which they were found.
 */
export function tellingPart({ found }, { width, height }, config) {
  const likely = found.filter((each) => isLikely(each, config));
  const side = Math.trunc(config.first_side / Math.max(...likely.map(({ scale }) => scale)));
  const middles = likely.map(middleOf);
  const isNear = ([x, y], [u, v]) =>
    Math.fround(Math.abs(x - u)) <= side / 2 && Math.fround(Math.abs(y - v)) <= side / 2;
  const near = middles.map((one) => middles.filter((other) => isNear(one, other)).length);
  const [x, y] = middles[argmax(near)];
  const start = (at, of) => Math.trunc(Math.min(Math.max(at - side / 2, 0), Math.max(0, of - side)));
  const [left, top] = [start(x, width), start(y, height)];
  return { left, top, right: Math.min(width, left + side), bottom: Math.min(height, top + side) };
}

/** Tests whether the other orientations should be tried. */
export function isDoubtful(given, config) {
  const isCounted = config.least_to_turn <= given.length && given.length <= config.most_to_turn;
  return isCounted && sum(given) / given.length < config.sense;
}

/** Returns the most probable of four orientations, in counterclockwise quarter turns. */
export function bestTurn(confidences, weights, config) {
  const doubt = (values) => sum(values.map((each) => 1 - each));
  const [given] = confidences;
  const scores = confidences.map(
    (other) =>
      weights.confidence * (sum(other) - sum(given))
      + weights.doubt * (doubt(other) - doubt(given))
      + weights.bias
      + Math.log(config.turned / (1 - config.turned)),
  );
  let best = 1;
  for (const turns of [2, 3]) if (scores[turns] > scores[best]) best = turns;
  return scores[best] > 0 ? best : 0;
}
