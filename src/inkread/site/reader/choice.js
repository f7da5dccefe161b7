/** Predictions for all candidates -> the digits among them, row by row; see inkread.pipeline.choice. */

import { max } from "./arrays.js";
import { isDigit, NONE, rowsOf, signsOf, withoutOverlaps } from "./boxes.js";
import { fused, isNothing } from "./opinions.js";
import { rescored } from "./rescoring.js";

const isRead = (probabilities) => probabilities[NONE] < 0.5;

/**
 * Chooses the digits of a page, or the one digit of a picture.
 * @returns {Promise<Object>} probabilities of all candidates; rows and signs, as indices; kept, the indices
 *   of those that do not overlap a better one.
 */
export async function choose(opinions, { config, fusion }, run, single) {
  const one = () => chooseOne(opinions, fused(opinions, fusion.single));
  if (single) return one();
  const page = await choosePage(opinions, fused(opinions, fusion.page), config, run);
  const count = page.rows.flat().length;
  if (count === 1) return withSigns(one(), opinions.found, page.kept, config);
  return !count && !isNothing(opinions.whole) ? one() : page;
}

/** Returns the choice of one digit with the signs next to it, of those that a page would keep. */
function withSigns(one, found, kept, config) {
  const signs = kept.filter((index) => !isDigit(found[index]));
  const beside = signsOf(one.rows, found, signs, config.sign_beside);
  return { ...one, signs: beside, kept: [...one.kept, ...signs] };
}

async function choosePage(opinions, probabilities, config, run) {
  const { found } = opinions;
  const scores = found.map((each, index) =>
    isDigit(each) ? 1 - probabilities[index][NONE] : max(each.logits),
  );
  const kept = withoutOverlaps(found, scores, config.same, config.within);
  const digits = kept.filter((index) => isDigit(found[index]));
  const changed = await rescored(opinions, probabilities, digits, run);
  digits.forEach((index, at) => {
    probabilities[index] = changed[at];
  });
  const read = digits.filter((index) => isRead(probabilities[index]));
  const rows = rowsOf(
    read.map((index) => found[index].box),
    config.row_apart,
  ).map((row) => row.map((at) => read[at]));
  return { probabilities, rows, signs: signsOf(rows, found, kept, config.sign_beside), kept };
}

function chooseOne({ found }, probabilities) {
  const digits = found.map((_, index) => index).filter((index) => isDigit(found[index]));
  const best = digits.reduce(
    (one, other) => (one === null || probabilities[other][NONE] < probabilities[one][NONE] ? other : one),
    null,
  );
  if (best === null || !isRead(probabilities[best]))
    return { probabilities, rows: [], signs: [], kept: digits };
  return { probabilities, rows: [[best]], signs: [[]], kept: digits };
}
