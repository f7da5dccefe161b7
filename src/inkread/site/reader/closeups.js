/** Close-ups: each box with its surroundings, scaled to one size. */

import { shareOf } from "./arrays.js";
import { halved, sample } from "./resize.js";

export const SIDE = 48;
const LEAST_DEVIATION = 0.03;
const LIMIT = 3;

/** Makes the network's input: N×2×48×48, the close-up with normalized contrast, and the box's mask. */
export function closeups(grey, boxes) {
  const pyramid = [grey];
  const size = SIDE * SIDE;
  const planes = new Float32Array(boxes.length * 2 * size);
  boxes.forEach((box, index) => {
    const closeup = cut(grey, pyramid, box);
    planes.set(evened(closeup.data), 2 * index * size);
    planes.set(mask(box), (2 * index + 1) * size);
  });
  return planes;
}

function cut(grey, pyramid, [x0, y0, x1, y1]) {
  const f = Math.fround;
  const scale = SIDE / (2 * Math.max(x1 - x0, y1 - y0, 1));
  const source = halved(pyramid, Math.max(0, Math.floor(-Math.log2(scale))));
  const [fx, fy] = [(scale * grey.width) / source.width, (scale * grey.height) / source.height];
  const shiftX = (SIDE - 1) / 2 + 0.5 * fx - (scale * (x0 + x1)) / 2;
  const shiftY = (SIDE - 1) / 2 + 0.5 * fy - (scale * (y0 + y1)) / 2;
  const determinant = 1 / (fx * fy); // OpenCV inverts the matrix in this way
  const [a, e] = [fy * determinant, fx * determinant];
  const [stepX, startX, stepY, startY] = [f(a), f(-a * shiftX), f(e), f(-e * shiftY)];
  return sample(source, SIDE, SIDE, (x, y) => [f(x * stepX + startX), f(y * stepY + startY)]);
}

function evened(pixels) {
  const value = shareOf(pixels);
  const mean = value.reduce((sum, each) => sum + each, 0) / value.length;
  const variance = value.reduce((sum, each) => sum + (each - mean) ** 2, 0) / value.length;
  const unit = (Math.sqrt(variance) + LEAST_DEVIATION) * LIMIT;
  return value.map((each) => Math.min(1, Math.max(-1, (each - mean) / unit)));
}

function mask([x0, y0, x1, y1]) {
  const f = Math.fround;
  const [wide, high] = [Math.max(x1 - x0, 1e-3), Math.max(y1 - y0, 1e-3)].map(f);
  const shares = [f(wide / Math.max(wide, high)), f(high / Math.max(wide, high))];
  const away = (place) => f(Math.abs(place - (SIDE - 1) / 2) / (SIDE / 4));
  return Float32Array.from({ length: SIDE * SIDE }, (_, at) =>
    away(at % SIDE) <= shares[0] && away(Math.floor(at / SIDE)) <= shares[1] ? 1 : 0,
  );
}
