/** Decides the orientation of a page: upright digits are read with more confidence than turned ones. */

import { max } from "./arrays.js";
import { isDigit, NONE } from "./boxes.js";

const sum = (values) => values.reduce((one, other) => one + other, 0);

/** Returns the probability of the best label for each probable digit. */
export function confidence({ found }, { kept, probabilities }, config) {
  return kept
    .filter((index) => isDigit(found[index]) && max(found[index].logits) > config.likely_logit)
    .map((index) => max(probabilities[index].subarray(0, NONE), 0));
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
