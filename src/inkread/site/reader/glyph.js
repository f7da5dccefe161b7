/** Ink -> a glyph of 28×28 pixels in MNIST's geometry; see inkread.pipeline.glyph. */

import { mapped, median, round } from "./arrays.js";
import { bounds, dilate, distances } from "./filters.js";
import { crop, enlargeLinear, image, reduce } from "./resize.js";

export const SIDE = 28;
export const EDGE = 0.5; // ink at the edge of a stroke
const BOX = 20;
const FOOTPRINT = 0.99;
const CENTRE = 15;
const [FINE, COARSE] = [80, 240]; // working range of a crop's longer side
const SMALL = 40; // longer side up to which a crop keeps its grey levels
const FAINT = 0.04; // ink below which a small crop ends
const [THIN, THICK] = [0.08, 0.2]; // usual stroke widths, relative to the longer side
const MOST_SHRUNK = 0.3;

const longerOf = ({ width, height }) => Math.max(width, height);

/** Converts ink, 0..1, to a glyph; all 0 without ink. @returns {Uint8Array} 28×28, ink bright. */
export function normalize(ink) {
  const shape = cut(ink, (value) => value >= EDGE);
  if (!shape.data.length) return new Uint8Array(SIDE * SIDE);
  const worked = atWorkingSize(shape);
  const width = strokeWidth(worked);
  const share = width / longerOf(worked);
  if (share < THIN || share > THICK) return place(usualWidth(worked, width));
  return place(longerOf(shape) <= SMALL ? cut(ink, (value) => value >= Math.fround(FAINT)) : worked);
}

/** Applies MNIST's own procedure: resamples to 20×20, and centers the mass in 28×28. */
function place(shape) {
  const result = new Uint8Array(SIDE * SIDE);
  if (!shape.data.some((value) => value)) return result;
  const square = squareOf(shape);
  const size = square.width;
  const weights = areaWeights(size);
  const wide = new Float32Array(BOX * size);
  for (let row = 0; row < BOX; row += 1) {
    for (const [from, weight] of weights[row])
      for (let x = 0; x < size; x += 1) wide[row * size + x] += weight * square.data[from * size + x];
  }
  const box = new Float32Array(BOX * BOX);
  for (let y = 0; y < BOX; y += 1)
    for (let x = 0; x < BOX; x += 1)
      for (const [from, weight] of weights[x]) box[y * BOX + x] += weight * wide[y * size + from];
  const most = box.reduce((one, other) => Math.max(one, other), 0);
  const unit = Math.fround(255 / Math.min(1, most));
  const grey = box.map((value) =>
    Math.min(255, Math.max(0, Math.floor(Math.fround(Math.fround(value * unit) + 0.5)))),
  );
  let [mass, across, down] = [0, 0, 0];
  grey.forEach((value, at) => {
    mass += value;
    across += value * ((at % BOX) + 0.5);
    down += value * (Math.floor(at / BOX) + 0.5);
  });
  if (!mass) return result;
  const [top, left] = [Math.trunc(CENTRE - down / mass), Math.trunc(CENTRE - across / mass)];
  grey.forEach((value, at) => {
    const [x, y] = [left + (at % BOX), top + Math.floor(at / BOX)];
    if (x >= 0 && x < SIDE && y >= 0 && y < SIDE) result[y * SIDE + x] = value;
  });
  return result;
}

/** Estimates the usual stroke width: twice the median distance on the ridge of the distance transform. */
function strokeWidth(shape) {
  const inside = distances(paddedMask(shape, 1));
  const ridge = ridgeOf(inside);
  const values = inside.data.filter((_, at) => ridge[at]);
  return values.length ? Math.max(1, 2 * median(values) - 1) : 0;
}

function ridgeOf(inside) {
  const highest = dilate(inside).data;
  return mapped(Uint8Array, inside.data, (value, at) => (value > 0 && value >= highest[at] ? 1 : 0));
}

function atWorkingSize(shape) {
  const longer = longerOf(shape);
  const target = Math.min(Math.max(longer, FINE), COARSE);
  // Reduced strokes become fainter when thinner than a pixel.
  const edge = Math.fround(EDGE * Math.min(1, target / longer));
  let resized = shape;
  if (target !== longer) {
    const [width, height] = [shape.width, shape.height].map((side) =>
      Math.max(1, round((side * target) / longer)),
    );
    resized = (target < longer ? reduce : enlargeLinear)(shape, width, height);
  }
  return { ...resized, data: resized.data.map((value) => (value >= edge ? 1 : 0)) };
}

/** Changes strokes of this width to the nearest usual width. */
function usualWidth(shape, width) {
  const longer = longerOf(shape);
  if (width < THIN * longer) {
    const grow = (THIN * longer - width) / (2 * (1 - THIN));
    const mask = paddedMask(shape, Math.trunc(grow) + 2);
    const outside = distances({ ...mask, data: mask.data.map((value) => 1 - value) });
    const data = outside.data.map((away) => Math.min(1, Math.max(0, Math.fround(grow + 1) - away)));
    return cut({ ...outside, data }, (value) => value > 0);
  }
  const shrink = Math.min((width - THICK * longer) / (2 * (1 - THICK)), MOST_SHRUNK * width);
  const inside = distances(paddedMask(shape, 1));
  const ridge = ridgeOf(inside); // kept, so that thin parts of a stroke do not vanish
  const data = inside.data.map((away, at) =>
    ridge[at] ? 1 : Math.min(1, Math.max(0, away - Math.fround(shrink))),
  );
  return cut({ ...inside, data }, (value) => value > 0);
}

function cut(ink, isInk) {
  const { left, top, width, height } = bounds(ink, isInk);
  return crop(ink, left, top, left + width, top + height);
}

function paddedMask(shape, margin) {
  const mask = image(shape.width + 2 * margin, shape.height + 2 * margin);
  for (let y = 0; y < shape.height; y += 1)
    for (let x = 0; x < shape.width; x += 1)
      mask.data[(y + margin) * mask.width + x + margin] = shape.data[y * shape.width + x] >= EDGE ? 1 : 0;
  return mask;
}

/** Centers the shape in a square, and doubles it until it has at least 20×20 pixels. */
function squareOf(shape) {
  const side = longerOf(shape);
  const [top, left] = [(side - shape.height) >> 1, (side - shape.width) >> 1];
  let size = side;
  while (size < BOX) size *= 2;
  const factor = size / side;
  const square = image(size, size, Float32Array);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const [row, column] = [Math.floor(y / factor) - top, Math.floor(x / factor) - left];
      if (row >= 0 && row < shape.height && column >= 0 && column < shape.width)
        square.data[y * size + x] = shape.data[row * shape.width + column];
    }
  }
  return square;
}

/** Returns the source pixels that each of 20 cells covers, with their weights: [[index, weight], …]. */
function areaWeights(size) {
  const scale = BOX / size;
  const cells = Array.from({ length: BOX }, () => []);
  for (let at = 0; at < size; at += 1) {
    const start = at * scale;
    const parts = [];
    for (let cell = Math.max(0, Math.floor(start) - 1); cell < Math.min(BOX, start + 2); cell += 1) {
      const overlap = Math.min(cell + 1, start + FOOTPRINT * scale) - Math.max(cell, start);
      if (overlap > 0) parts.push([cell, overlap]);
    }
    // A pixel inside a single cell counts with its full size; only divided pixels are shrunk.
    for (const [cell, overlap] of parts)
      cells[cell].push([at, Math.fround(parts.length === 1 ? scale : overlap)]);
  }
  return cells;
}
