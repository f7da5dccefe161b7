/** The grey page -> candidates, from the detector. */

import { argsort, max } from "./arrays.js";
import { CLASSES, isDigit, withoutOverlaps } from "./boxes.js";
import { finerLevel, MARGIN, planesOf, pyramidLevels } from "./scales.js";

const STRIDE = 4;
const BOX_UNIT = 16;
const UNSEEN = -4.6; // logit of a class that was not found

/**
 * Finds everything that may be a digit or a sign, at all sizes.
 * @param {boolean} thorough also use larger scales of a large picture with small digits, or none.
 * @returns candidates, the most probable first.
 */
export async function detect(grey, run, config, thorough) {
  let found = [];
  const views = pyramidLevels(grey, config);
  let largest = views[0];
  while (views.length) {
    const level = views.shift();
    const { width, height } = level.grey;
    found.push(...peaks(await run(planesOf(level.grey), [1, 2, height, width]), level, config.least_logit));
    if (views.length || !thorough || !needsFinerLevel(found, largest.octave, config.small_digit)) continue;
    const larger = finerLevel(grey, largest, config);
    if (larger) views.push((largest = larger));
  }
  found = joined(found).slice(0, config.most_candidates);
  return withoutOverlaps(
    found,
    found.map(({ logits }) => max(logits)),
    config.alike,
    Infinity,
  ).map((index) => found[index]);
}

/** Sorts candidates, the most probable first. */
export function joined(found) {
  const best = found.map(({ logits }) => max(logits));
  return argsort(found.length, (index) => -best[index]).map((index) => found[index]);
}

/** Makes the whole picture a candidate of low probability. */
export function whole({ width, height }) {
  const logits = Float32Array.from(CLASSES, (_, index) => (index < 10 ? UNSEEN : UNSEEN - 1));
  return { box: Float32Array.of(0, 0, width, height), logits, scale: 1 };
}

function needsFinerLevel(found, octave, small) {
  const heights = found
    .filter((each) => isDigit(each) && max(each.logits) > 0)
    .map(({ box }) => (box[3] - box[1]) * octave);
  return (heights.length ? Math.min(...heights) : 0) < small;
}

/** Returns the local maxima of the network's output as candidates in pixels of the picture. */
function peaks({ data, dims }, level, least) {
  const [, , rows, columns] = dims;
  const size = rows * columns;
  const best = data.slice(0, size);
  for (let each = 1; each < CLASSES.length; each += 1)
    for (let at = 0; at < size; at += 1)
      if (data[each * size + at] > best[at]) best[at] = data[each * size + at];
  const isInside = (place, axis) => Math.abs(place - level.size[axis] / 2) < level.size[axis] / 2;
  const found = [];
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const at = row * columns + column;
      if (!(best[at] > least) || !isHighest(best, rows, columns, row, column)) continue;
      const [x, y] = [(column + 0.5) * STRIDE - MARGIN, (row + 0.5) * STRIDE - MARGIN];
      if (!isInside(x, 0) || !isInside(y, 1)) continue;
      const side = (index) => Math.fround(data[(CLASSES.length + index) * size + at] * BOX_UNIT);
      const ends = [x - side(0), y - side(1), x + side(2), y + side(3)];
      const scale = level.scale.map(Math.fround);
      found.push({
        box: Float32Array.from(
          ends,
          (end, axis) => Math.min(Math.max(end, 0), level.size[axis % 2]) / scale[axis % 2],
        ),
        logits: Float32Array.from(CLASSES, (_, index) => data[index * size + at]),
        scale: scale[0],
      });
    }
  }
  return found;
}

function isHighest(best, rows, columns, row, column) {
  const own = best[row * columns + column];
  for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y += 1)
    for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x += 1)
      if (best[y * columns + x] > own) return false;
  return true;
}

/** Returns the boxes of probable digits, with little overlap. */
export function likely(found, config) {
  const digits = found.filter((each) => isDigit(each) && max(each.logits) > config.likely_logit);
  const scores = digits.map(({ logits }) => max(logits));
  return withoutOverlaps(digits, scores, config.same, config.within).map((index) => digits[index].box);
}
