/** Rescores each candidate with a small network that sees its predictions and its nearest neighbors. */

import { argmax, argsort, clip, max, rows, softmax } from "./arrays.js";
import { isDigit, middleOf, NONE } from "./boxes.js";
import { LEAST } from "./opinions.js";

const NEIGHBORS = 12;
const LEAST_PROBABLE = 0.02;
const TALL = 20; // typical height of a digit at the scale at which it is found
const FARTHEST = 6; // heights of the candidate
const [OWN, PAIR] = [61, 18]; // features of a candidate, and of each of its neighbors
const FEATURES = OWN + NEIGHBORS * PAIR;

const log = (value) => Math.log(Math.max(value, LEAST));
const sizeOf = ([x0, y0, x1, y1]) => [Math.max(x1 - x0, 1), Math.max(y1 - y0, 1)];

/** Returns the probabilities of the chosen candidates given their neighbors. */
export async function rescored(opinions, fused, chosen, run) {
  if (!chosen.length) return [];
  const { data } = await run(features(opinions, fused, chosen), [chosen.length, FEATURES]);
  return rows(data, NONE + 1).map((changes, at) =>
    softmax(Array.from(changes, (change, label) => log(fused[chosen[at]][label]) + change)),
  );
}

function features({ found, closeup, strip, classifier }, fused, chosen) {
  const digit = fused.map((probabilities) => clip(1 - probabilities[NONE], LEAST, 1 - LEAST));
  const evidence = digit.map((share) => Math.log(share / (1 - share)));
  const isChosen = new Set(chosen);
  const itself = (index) => {
    const label = argmax(fused[index].subarray(0, NONE));
    return [
      digit[index],
      evidence[index],
      Number(isChosen.has(index)),
      Number(label === 1),
      Number(label === 0),
      max(found[index].logits.subarray(0, NONE)),
    ];
  };
  const pool = found
    .map((_, index) => index)
    .filter((index) => isDigit(found[index]) && digit[index] > LEAST_PROBABLE);
  const result = new Float32Array(chosen.length * FEATURES);
  chosen.forEach((index, row) => {
    const { box, logits, scale } = found[index];
    const [width, height] = sizeOf(box);
    const shares = [fused, closeup, strip, classifier].flatMap((each) => Array.from(each[index], log));
    result.set(
      [...shares, ...logits, Math.log((height * scale) / TALL), Math.log(width / height)],
      row * FEATURES,
    );
    nearest(found, index, pool).forEach((other, place) => {
      const pair = [...between(box, found[other].box, evidence[index]), ...itself(other)];
      result.set(pair, row * FEATURES + OWN + place * PAIR);
    });
  });
  return result;
}

/** Returns the nearest neighbors, nearest first; vertical distances count twice. */
function nearest(found, index, pool) {
  const [x, y] = middleOf(found[index].box);
  const others = pool.filter((other) => other !== index);
  const away = others.map((other) => {
    const [across, down] = middleOf(found[other].box);
    return Math.abs(across - x) + 2 * Math.abs(down - y);
  });
  return argsort(others.length, (each) => away[each])
    .slice(0, NEIGHBORS)
    .map((each) => others[each]);
}

/** Returns position and size of a neighbor, the overlap, and the candidate's own evidence. */
function between(one, other, evidence) {
  const [[width, height], [wide, high]] = [sizeOf(one), sizeOf(other)];
  const apart = (axis) => (other[axis] + other[axis + 2] - one[axis] - one[axis + 2]) / 2 / height;
  const [across, down] = [apart(0), apart(1)].map((each) => clip(each, -FARTHEST, FARTHEST));
  const gap = Math.max(one[0] - other[2], other[0] - one[2]) / height;
  const side = (axis) =>
    Math.max(0, Math.min(one[axis + 2], other[axis + 2]) - Math.max(one[axis], other[axis]));
  const shared = side(0) * side(1);
  return [
    1,
    across,
    Math.abs(across),
    down,
    Math.abs(down),
    Math.exp(-Math.abs(across) - 2 * Math.abs(down)),
    clip(gap, -2, FARTHEST),
    Math.log(high / height),
    Math.log(wide / width),
    shared / (width * height),
    shared / (wide * high),
    evidence,
  ];
}
