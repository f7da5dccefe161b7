/** Filters and measurements of images as OpenCV has them. An image is {data, width, height}. */

import { image } from "./resize.js";

/** Returns the weighted sum of red, green, and blue of RGBA pixels. */
export function greyOf(pixels, width, height) {
  const result = image(width, height);
  for (let index = 0, at = 0; index < result.data.length; index += 1, at += 4)
    result.data[index] = (pixels[at] * 9798 + pixels[at + 1] * 19235 + pixels[at + 2] * 3735 + 16384) >> 15;
  return result;
}

/**
 * Averages a square around each pixel; beyond the image, it is mirrored (BORDER_REFLECT).
 * @param {Float32Array} values row by row.
 * @param {number} side of the square, odd.
 */
export function boxMean(values, width, height, side) {
  const reach = side >> 1;
  const across = mirrored(width, reach);
  const down = mirrored(height, reach);
  const sums = new Float64Array(width * height);
  for (let y = 0; y < height; y += 1) {
    const row = y * width;
    let sum = 0;
    for (let x = 0; x < side; x += 1) sum += values[row + across[x]];
    sums[row] = sum;
    for (let x = 1; x < width; x += 1) {
      sum += values[row + across[x + side - 1]] - values[row + across[x - 1]];
      sums[row + x] = sum;
    }
  }
  const result = new Float32Array(width * height);
  const column = new Float64Array(width);
  for (let y = 0; y < side; y += 1) for (let x = 0; x < width; x += 1) column[x] += sums[down[y] * width + x];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) result[y * width + x] = column[x] / (side * side);
    if (y + 1 === height) break;
    const [added, gone] = [down[y + side] * width, down[y] * width];
    for (let x = 0; x < width; x += 1) column[x] += sums[added + x] - sums[gone + x];
  }
  return result;
}

/** Returns the places -reach..size+reach-1, mirrored into 0..size-1. */
function mirrored(size, reach) {
  return Int32Array.from({ length: size + 2 * reach }, (_, index) => {
    let at = index - reach;
    while (at < 0 || at >= size) at = at < 0 ? -1 - at : 2 * size - 1 - at;
    return at;
  });
}

/** Returns the largest value of each pixel and its eight neighbors. */
export function dilate({ data, width, height }) {
  const result = image(width, height, data.constructor);
  const row = new data.constructor(width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = y * width + x;
      let most = data[at];
      if (x > 0 && data[at - 1] > most) most = data[at - 1];
      if (x + 1 < width && data[at + 1] > most) most = data[at + 1];
      row[at] = most;
    }
  }
  for (let at = 0; at < row.length; at += 1) {
    let most = row[at];
    if (at >= width && row[at - width] > most) most = row[at - width];
    if (at + width < row.length && row[at + width] > most) most = row[at + width];
    result.data[at] = most;
  }
  return result;
}

const [STRAIGHT, DIAGONAL, KNIGHT] = [1, 1.4, 2.1969].map(Math.fround);
const FAR = 1e9;

/** Returns each pixel's distance to the next zero (DIST_L2 with a 5×5 mask; Borgefors 1986). */
export function distances({ data, width, height }) {
  const wide = width + 4; // a margin of two pixels spares the tests for the border
  const far = new Float32Array(wide * (height + 4)).fill(FAR);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0, at = (y + 2) * wide + 2; x < width; x += 1, at += 1)
      far[at] = data[y * width + x] ? nearest(far, at, wide, 1, FAR) : 0;
  }
  const result = image(width, height, Float32Array);
  for (let y = height - 1; y >= 0; y -= 1) {
    for (let x = width - 1, at = (y + 2) * wide + x + 2; x >= 0; x -= 1, at -= 1) {
      if (far[at] > STRAIGHT) far[at] = nearest(far, at, wide, -1, far[at]);
      result.data[y * width + x] = far[at];
    }
  }
  return result;
}

/** Returns the least distance by way of the eight neighbors before a pixel, or after it if `way` is -1. */
function nearest(far, at, wide, way, most) {
  const [up, row] = [at - way * wide, at - 2 * way * wide];
  const straight = Math.min(far[up], far[at - way]) + STRAIGHT;
  const diagonal = Math.min(far[up - 1], far[up + 1]) + DIAGONAL;
  const knight = Math.min(far[row - 1], far[row + 1], far[up - 2], far[up + 2]) + KNIGHT;
  return Math.fround(Math.min(most, straight, diagonal, knight));
}

/** Returns the threshold that separates two classes of an 8-bit image best (Otsu 1979). */
export function otsu({ data }) {
  const counts = new Float64Array(256);
  for (const value of data) counts[value] += 1;
  const scale = 1 / data.length;
  let mean = 0;
  for (let value = 0; value < 256; value += 1) mean += value * counts[value];
  mean *= scale;
  let [below, share, most, best] = [0, 0, 0, 0];
  const tiny = 2 ** -23;
  for (let value = 0; value < 256; value += 1) {
    const part = counts[value] * scale;
    below *= share;
    share += part;
    const rest = 1 - share;
    if (Math.min(share, rest) < tiny || Math.max(share, rest) > 1 - tiny) continue;
    below = (below + value * part) / share;
    const above = (mean - share * below) / rest;
    const variance = share * rest * (below - above) * (below - above);
    if (variance > most) [most, best] = [variance, value];
  }
  return best;
}

/** Labels the 8-connected components of the nonzero pixels from 1; returns {labels, count}. */
export function components({ data, width, height }) {
  const labels = new Int32Array(width * height);
  const stack = [];
  let count = 0;
  for (let start = 0; start < data.length; start += 1) {
    if (!data[start] || labels[start]) continue;
    count += 1;
    labels[start] = count;
    stack.push(start);
    while (stack.length) {
      const at = stack.pop();
      const y = Math.floor(at / width);
      const x = at - y * width;
      const [left, right] = [x > 0 ? x - 1 : 0, x + 1 < width ? x + 1 : x];
      const [top, bottom] = [y > 0 ? y - 1 : 0, y + 1 < height ? y + 1 : y];
      for (let row = top; row <= bottom; row += 1) {
        for (let column = left; column <= right; column += 1) {
          const next = row * width + column;
          if (data[next] && !labels[next]) {
            labels[next] = count;
            stack.push(next);
          }
        }
      }
    }
  }
  return { labels, count: count + 1 };
}

/** Returns the box around the pixels that fulfil a condition: {left, top, width, height}, all 0 for none. */
export function bounds({ data, width, height }, isInside) {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (!isInside(data[y * width + x])) continue;
      if (x < left) left = x;
      if (x >= right) right = x + 1;
      if (y < top) top = y;
      bottom = y + 1;
    }
  }
  return right
    ? { left, top, width: right - left, height: bottom - top }
    : { left: 0, top: 0, width: 0, height: 0 };
}
