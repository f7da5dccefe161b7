/** The ink inside a box, and its glyph; see inkread.pipeline.glyphs. */

import { mapped, round } from "./arrays.js";
import { bounds, components, dilate, otsu } from "./filters.js";
import { EDGE, normalize } from "./glyph.js";
import { crop, enlargeCubic, image, reduce } from "./resize.js";

const AROUND = 0.12; // margin in which the paper is sampled, relative to the box's longer side
const [LEAST_SIDE, MOST_SIDE] = [64, 200]; // working range of a crop's longer side
const LEAST_KEPT = 0.3; // share of a box that ink must cover for the box to be moved to it
const INSIDE = 0.5; // share of a component inside the box to belong to the digit

/** Returns the glyph in a box: 28×28 bytes, all 0 without ink. */
export const glyphIn = (grey, box) => normalize(inkIn(grey, box).ink);

/** Fits the box to its ink, or returns it unchanged if it has none. */
export function tight(grey, box) {
  const { ink, left, top, fx, fy } = inkIn(grey, box);
  const { left: x, top: y, width, height } = bounds(ink, (value) => value >= EDGE);
  if (!width) return box;
  const found = Float32Array.of(
    left + x / fx,
    top + y / fy,
    left + (x + width) / fx,
    top + (y + height) / fy,
  );
  const side = (axis) => Math.min(found[axis + 2], box[axis + 2]) - Math.max(found[axis], box[axis]);
  return side(0) * side(1) >= LEAST_KEPT * (box[2] - box[0]) * (box[3] - box[1]) ? found : box;
}

/** Extracts the ink in a box, 0..1; also returns its upper left corner in the picture, and its scale. */
function inkIn(grey, [x0, y0, x1, y1]) {
  const margin = Math.max(1, AROUND * Math.max(x1 - x0, y1 - y0));
  const [left, top] = [Math.max(0, Math.trunc(x0 - margin)), Math.max(0, Math.trunc(y0 - margin))];
  const [right, below] = [
    Math.min(grey.width, Math.ceil(x1 + margin)),
    Math.min(grey.height, Math.ceil(y1 + margin)),
  ];
  if (Math.min(right - left, below - top) < 2)
    return { ink: image(1, 1, Float32Array), left, top, fx: 1, fy: 1 };
  const cut = atWorkingSize(crop(grey, left, top, right, below));
  const edge = otsu(cut);
  const dark = cut.data.map((value) => (value > edge ? 0 : 1));
  const [fx, fy] = [cut.width / (right - left), cut.height / (below - top)];
  const corners = [(x0 - left) * fx, (y0 - top) * fy, (x1 - left) * fx, (y1 - top) * fy];
  const inner = corners.map((corner, index) =>
    Math.min(Math.max(0, round(corner)), index % 2 ? cut.height : cut.width),
  );
  const shares = softShares(cut.data, dark, edge, isDarkInk(cut, dark, inner));
  const solid = { ...cut, data: cut.data.map((value) => (shares[value] >= EDGE ? 1 : 0)) };
  const belongs = belonging(solid, inner);
  const ink = { ...cut, data: mapped(Float32Array, cut.data, (value, at) => shares[value] * belongs[at]) };
  return { ink, left, top, fx, fy };
}

function atWorkingSize(cut) {
  const longer = Math.max(cut.width, cut.height);
  const scale = Math.min(Math.max(longer, LEAST_SIDE), MOST_SIDE) / longer;
  if (scale === 1) return cut;
  const [width, height] = [cut.width, cut.height].map((side) => Math.max(1, round(side * scale)));
  return (scale > 1 ? enlargeCubic : reduce)(cut, width, height, [1 / scale, 1 / scale]);
}

/** Tests whether ink is dark: paper is the majority around the box, or in it if there is nothing around. */
function isDarkInk({ width, height }, dark, [left, top, right, below]) {
  let [all, inside] = [0, 0];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      all += dark[y * width + x];
      if (x >= left && x < right && y >= top && y < below) inside += dark[y * width + x];
    }
  }
  const around = width * height - Math.max(0, right - left) * Math.max(0, below - top);
  return around ? all - inside < 0.5 * around : all < 0.5 * width * height;
}

/** Maps 256 grey values to ink: 0.5 at the edge, 0 at the mean paper, 1 at the mean ink. */
function softShares(values, dark, edge, darkInk) {
  let [low, high, darks] = [0, 0, 0];
  for (let at = 0; at < values.length; at += 1) {
    darks += dark[at];
    if (dark[at]) low += values[at];
    else high += values[at];
  }
  low = darks ? low / darks : 0;
  high = darks < values.length ? high / (values.length - darks) : 255;
  const middle = edge + 0.5;
  return Float32Array.from({ length: 256 }, (_, grey) => {
    const side =
      grey <= edge
        ? (middle - grey) / Math.max(middle - low, 1)
        : -(grey - middle) / Math.max(high - middle, 1);
    const share = 0.5 + 0.5 * side;
    return Math.min(1, Math.max(0, darkInk ? share : 1 - share));
  });
}

/** Returns 1 at and around the components that are mostly in the box, 0 elsewhere. */
function belonging(solid, [left, top, right, below]) {
  const { labels, count } = components(solid);
  const [area, within] = [new Uint32Array(count), new Uint32Array(count)];
  for (let y = 0, at = 0; y < solid.height; y += 1) {
    for (let x = 0; x < solid.width; x += 1, at += 1) {
      area[labels[at]] += 1;
      if (x >= left && x < right && y >= top && y < below) within[labels[at]] += 1;
    }
  }
  const data = mapped(Uint8Array, labels, (label) =>
    label && within[label] >= INSIDE * area[label] ? 1 : 0,
  );
  return dilate({ ...solid, data }).data;
}
