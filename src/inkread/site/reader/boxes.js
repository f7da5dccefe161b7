/**
 * Boxes, candidates, and rows. A box is [x0, y0, x1, y1] in pixels; a candidate is {box, logits, scale},
 * with one logit per class of CLASSES.
 */

import { argmax, argsort, max, median } from "./arrays.js";

export const CLASSES = [..."0123456789.,-/:"];
export const DIGITS = 10;
export const NONE = 10; // the class "not a single digit" among 11

const LEAST_SIDE = 1e-3;
const RECENT = 4; // the last digits of a row, which determine its course

export const isDigit = ({ logits }) => argmax(logits) < DIGITS;
export const middleOf = ([x0, y0, x1, y1]) => [(x0 + x1) / 2, (y0 + y1) / 2];
const mean = (values) => values.reduce((one, other) => one + other, 0) / values.length;

/**
 * Returns the ascending indices of candidates that do not overlap a better one (non-maximum suppression).
 * A sign and a digit do not exclude each other.
 * @param {number[]} scores the larger the better.
 * @param {number} same intersection over union above which two boxes are the same digit.
 * @param {number} within share of the smaller box inside the other above which they are, too.
 */
export function withoutOverlaps(found, scores, same, within) {
  const kept = [];
  for (const wanted of [true, false]) {
    const own = [];
    for (const index of argsort(found.length, (each) => -scores[each])) {
      if (isDigit(found[index]) !== wanted) continue;
      if (!own.some((better) => covers(found[better].box, found[index].box, same, within))) own.push(index);
    }
    kept.push(...own);
  }
  return kept.sort((one, other) => one - other);
}

function covers(one, other, same, within) {
  const across = Math.min(one[2], other[2]) - Math.max(one[0], other[0]);
  const down = Math.min(one[3], other[3]) - Math.max(one[1], other[1]);
  if (across <= 0 || down <= 0) return false;
  const shared = across * down;
  const [size, least] = [areaOf(one), areaOf(other)];
  return shared > same * (size + least - shared) || shared > within * Math.min(size, least);
}

function areaOf([x0, y0, x1, y1]) {
  return Math.max(x1 - x0, LEAST_SIDE) * Math.max(y1 - y0, LEAST_SIDE);
}

/**
 * Returns the indices of the boxes, row by row from top to bottom, each from left to right.
 * @param {number} apart distance of a digit's center from the course of its row, at most, in digit heights.
 */
export function rowsOf(boxes, apart) {
  const middle = boxes.map(middleOf);
  const height = boxes.map(([, y0, , y1]) => Math.max(y1 - y0, LEAST_SIDE));
  const slope = pageSlope(middle, height);
  const level = middle.map(([x, y]) => y - slope * x);
  const rows = [];
  for (const index of argsort(boxes.length, (each) => middle[each][0])) {
    let [best, least] = [null, apart];
    for (const row of rows) {
      const aside = Math.min(Math.abs(row.usual - level[index]), Math.abs(row.last - level[index]));
      const distance = aside / Math.max(row.tall, height[index]);
      if (distance < least) [best, least] = [row, distance];
    }
    if (!best) rows.push((best = { digits: [] }));
    best.digits.push(index);
    const recent = best.digits.slice(-RECENT);
    best.usual = mean(recent.map((each) => level[each]));
    best.last = level[index];
    best.tall = mean(recent.map((each) => height[each]));
  }
  const place = rows.map(({ digits }) => mean(digits.map((each) => level[each])));
  return argsort(rows.length, (row) => place[row]).map((row) => rows[row].digits);
}

/** Returns the median slope between neighbors in a row; 0 if there are too few. */
function pageSlope(middle, height) {
  const order = argsort(middle.length, (each) => middle[each][0]);
  const slopes = [];
  order.forEach((one, place) => {
    let [nearest, least] = [null, Infinity];
    for (let next = place + 1; next < order.length; next += 1) {
      const other = order[next];
      const [x, y] = [middle[other][0] - middle[one][0], middle[other][1] - middle[one][1]];
      if (x >= 3 * height[one] || x >= least) break;
      if (x > 0 && Math.abs(y) < 0.5 * height[one]) [nearest, least] = [y / Math.max(x, 1e-3), x];
    }
    if (nearest !== null) slopes.push(nearest);
  });
  return slopes.length < 3 ? 0 : median(slopes);
}

/** Returns the signs of each row, from left to right: those between its digits or close to them. */
export function signsOf(rows, found, kept, near) {
  const center = (index) => middleOf(found[index].box);
  let signs = kept.filter((index) => !isDigit(found[index]) && max(found[index].logits) > 0);
  signs = argsort(signs.length, (each) => found[signs[each]].box[0]).map((each) => signs[each]);
  return rows.map((digits) => {
    const own = digits.map((index) => found[index].box);
    const isNear = (index) => {
      const [x, y] = center(index);
      const away = own.map((box) => Math.abs(middleOf(box)[0] - x));
      const beside = own[away.indexOf(Math.min(...away))];
      const reach = near * (beside[3] - beside[1]);
      return (
        Math.min(...own.map((box) => box[0])) - reach < x
        && x < Math.max(...own.map((box) => box[2])) + reach
        && beside[1] - reach / 2 < y
        && y < beside[3] + reach / 2
      );
    };
    const taken = signs.filter(isNear);
    signs = signs.filter((index) => !taken.includes(index));
    return taken;
  });
}
