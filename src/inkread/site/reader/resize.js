/** Resizing and sampling as OpenCV does it. An image is {data, width, height}, one channel, row by row. */

import { clip, round } from "./arrays.js";

const f = Math.fround;
const CUBIC = -0.75; // OpenCV's coefficient of the cubic kernel

export function image(width, height, Kind = Uint8Array) {
  return { data: new Kind(width * height), width, height };
}

/** Copies a rectangle; it must be inside the image. */
export function crop({ data, width }, left, top, right, bottom) {
  const result = image(right - left, bottom - top, data.constructor);
  for (let y = top; y < bottom; y += 1)
    result.data.set(data.subarray(y * width + left, y * width + right), (y - top) * result.width);
  return result;
}

/** Adds a margin in which the border is repeated (BORDER_REPLICATE). */
export function padded(source, left, top, right, bottom) {
  const result = image(source.width + left + right, source.height + top + bottom, source.data.constructor);
  for (let y = 0; y < result.height; y += 1) {
    const row = clip(y - top, 0, source.height - 1) * source.width;
    const into = y * result.width;
    result.data.set(source.data.subarray(row, row + source.width), into + left);
    result.data.fill(source.data[row], into, into + left);
    result.data.fill(source.data[row + source.width - 1], into + left + source.width, into + result.width);
  }
  return result;
}

/** Rotates an image by quarter turns, counterclockwise. */
export function turned(source, turns) {
  let result = source;
  for (let turn = 0; turn < turns; turn += 1) {
    const { data, width, height } = result;
    result = image(height, width, data.constructor);
    for (let y = 0; y < height; y += 1)
      for (let x = 0; x < width; x += 1) result.data[(width - 1 - x) * height + y] = data[y * width + x];
  }
  return result;
}

/**
 * Resizes by the area that each source pixel covers (INTER_AREA).
 * @param {[number, number]} scale source pixels per pixel in x and y; by default, the ratio of the sizes.
 */
export function reduce(source, width, height, scale = ratio(source, width, height)) {
  const [across, down] = scale.map((each) => Math.round(each));
  const isWhole = Math.abs(scale[0] - across) < 2 ** -52 && Math.abs(scale[1] - down) < 2 ** -52;
  if (scale[0] < 1 || scale[1] < 1) return enlargeByArea(source, width, height, scale);
  return isWhole ? reduceWhole(source, width, height, across, down) : reduceAny(source, width, height, scale);
}

function ratio(source, width, height) {
  return [1 / (width / source.width), 1 / (height / source.height)];
}

function rounding(data) {
  return data instanceof Uint8Array ? (value) => clip(round(value), 0, 255) : (value) => value;
}

/** Averages blocks of pixels. */
function reduceWhole(source, width, height, across, down) {
  const result = image(width, height, source.data.constructor);
  const finish = rounding(source.data);
  const isBytes = source.data instanceof Uint8Array;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const right = Math.min(source.width, (x + 1) * across);
      const bottom = Math.min(source.height, (y + 1) * down);
      let sum = 0;
      for (let row = y * down; row < bottom; row += 1)
        for (let column = x * across; column < right; column += 1)
          sum += source.data[row * source.width + column];
      const count = (right - x * across) * (bottom - y * down);
      result.data[y * width + x] =
        isBytes && across === 2 && down === 2 && count === 4 ? (sum + 2) >> 2 : finish(f(sum * f(1 / count)));
    }
  }
  return result;
}

function reduceAny(source, width, height, scale) {
  const columns = shares(source.width, width, scale[0]);
  const lines = shares(source.height, height, scale[1]);
  const result = image(width, height, source.data.constructor);
  const finish = rounding(source.data);
  const row = new Float32Array(width);
  const sum = new Float32Array(width);
  let kept = -1; // the line of the source that is in `row`
  for (let y = 0; y < height; y += 1) {
    sum.fill(0);
    for (let line = lines.first[y], part = lines.part[y]; part < lines.part[y + 1]; line += 1, part += 1) {
      if (line !== kept) reduceLine(source.data, line * source.width, columns, row);
      kept = line;
      const weight = lines.weight[part];
      for (let x = 0; x < width; x += 1) sum[x] += f(weight * row[x]);
    }
    for (let x = 0; x < width; x += 1) result.data[y * width + x] = finish(sum[x]);
  }
  return result;
}

function reduceLine(data, start, { first, part, weight }, row) {
  for (let x = 0; x < row.length; x += 1) {
    let total = 0;
    for (let each = part[x], at = start + first[x]; each < part[x + 1]; each += 1, at += 1)
      total = f(total + f(data[at] * weight[each]));
    row[x] = total;
  }
}

/**
 * Returns the source pixels that each new pixel covers: the first one, and their shares, which are
 * weight[part[index]] to weight[part[index + 1] - 1].
 */
function shares(size, count, scale) {
  const [first, part, weight] = [new Int32Array(count), new Int32Array(count + 1), []];
  for (let index = 0; index < count; index += 1) {
    const start = index * scale;
    const end = start + scale;
    const cell = Math.min(scale, size - start);
    const last = Math.min(Math.floor(end), size - 1);
    const whole = Math.min(Math.ceil(start), last);
    const isDivided = whole - start > 1e-3;
    first[index] = isDivided ? whole - 1 : whole;
    if (isDivided) weight.push((whole - start) / cell);
    for (let each = whole; each < last; each += 1) weight.push(1 / cell);
    if (end - last > 1e-3) weight.push(Math.min(end - last, 1, cell) / cell);
    part[index + 1] = weight.length;
  }
  return { first, part, weight: Float32Array.from(weight) };
}

/** Enlarges by area: linear, with the steps of INTER_AREA. */
function enlargeByArea(source, width, height, scale) {
  const place = (index, step) => {
    const from = Math.floor(index * step);
    const share = f(index + 1 - (from + 1) / step);
    return [from, share <= 0 ? 0 : f(share - Math.floor(share))];
  };
  return linear(
    source,
    width,
    height,
    (x) => place(x, scale[0]),
    (y) => place(y, scale[1]),
  );
}

/** Enlarges linearly (INTER_LINEAR). */
export function enlargeLinear(source, width, height) {
  const [across, down] = ratio(source, width, height);
  const place = (index, scale) => {
    const at = (index + 0.5) * scale - 0.5;
    return [Math.floor(at), f(at - Math.floor(at))];
  };
  return linear(
    source,
    width,
    height,
    (x) => place(x, across),
    (y) => place(y, down),
  );
}

function linear(source, width, height, across, down) {
  const result = image(width, height, source.data.constructor);
  const finish = rounding(source.data);
  const limited = ([from, share], size) =>
    from < 0 ? [0, 0, 0] : from >= size - 1 ? [size - 1, size - 1, 0] : [from, from + 1, share];
  const columns = Array.from({ length: width }, (_, x) => limited(across(x), source.width));
  for (let y = 0; y < height; y += 1) {
    const [upper, lower, share] = limited(down(y), source.height);
    const [above, below] = [upper * source.width, lower * source.width];
    for (let x = 0; x < width; x += 1) {
      const left = columns[x][0],
        right = columns[x][1],
        part = columns[x][2];
      const one = between(source.data[above + left], source.data[above + right], part);
      const other = between(source.data[below + left], source.data[below + right], part);
      result.data[y * width + x] = finish(between(one, other, share));
    }
  }
  return result;
}

const between = (one, other, share) => f(f(one * f(1 - share)) + f(other * share));

/**
 * Enlarges an 8-bit image with a cubic kernel (INTER_CUBIC).
 * @param {[number, number]} scale source pixels per pixel in x and y; by default, the ratio of the sizes.
 */
export function enlargeCubic(source, width, height, scale = ratio(source, width, height)) {
  const columns = Array.from({ length: width }, (_, x) => cubic(x, scale[0], source.width));
  const wide = new Float64Array(width * source.height);
  for (let y = 0; y < source.height; y += 1) {
    const start = y * source.width;
    for (let x = 0; x < width; x += 1) {
      const { places, weights } = columns[x];
      wide[y * width + x] =
        source.data[start + places[0]] * weights[0]
        + source.data[start + places[1]] * weights[1]
        + source.data[start + places[2]] * weights[2]
        + source.data[start + places[3]] * weights[3];
    }
  }
  const result = image(width, height);
  for (let y = 0; y < height; y += 1) {
    const { places, weights } = cubic(y, scale[1], source.height);
    const [a, b, c, d] = places.map((place) => place * width);
    for (let x = 0; x < width; x += 1) {
      const sum =
        wide[a + x] * weights[0]
        + wide[b + x] * weights[1]
        + wide[c + x] * weights[2]
        + wide[d + x] * weights[3];
      result.data[y * width + x] = clip(round(sum), 0, 255);
    }
  }
  return result;
}

/** Returns the four source pixels under the kernel, and their weights (Keys 1981). */
function cubic(index, scale, size) {
  const at = (index + 0.5) * scale - 0.5;
  const from = Math.floor(at);
  const x = at - from;
  const outer = (z) => ((CUBIC * z - 5 * CUBIC) * z + 8 * CUBIC) * z - 4 * CUBIC;
  const inner = (z) => ((CUBIC + 2) * z - (CUBIC + 3)) * z * z + 1;
  const kernel = [outer(x + 1), inner(x), inner(1 - x)];
  return {
    places: [-1, 0, 1, 2].map((offset) => clip(from + offset, 0, size - 1)),
    weights: [...kernel, 1 - kernel[0] - kernel[1] - kernel[2]],
  };
}

/**
 * Samples an 8-bit image linearly at any places; beyond it, its border is repeated.
 * @param {(x: number, y: number) => [number, number]} place the source's coordinates of each new pixel.
 */
export function sample(source, width, height, place) {
  const result = image(width, height);
  const { data } = source;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [across, down] = place(x, y);
      const [left, top] = [Math.floor(across), Math.floor(down)];
      const [share, part] = [f(across - left), f(down - top)];
      const [x0, x1] = [clip(left, 0, source.width - 1), clip(left + 1, 0, source.width - 1)];
      const [upper, lower] = [
        clip(top, 0, source.height - 1) * source.width,
        clip(top + 1, 0, source.height - 1) * source.width,
      ];
      const above = f(data[upper + x0] + f(share * (data[upper + x1] - data[upper + x0])));
      const below = f(data[lower + x0] + f(share * (data[lower + x1] - data[lower + x0])));
      result.data[y * width + x] = round(f(above + f(part * f(below - above))));
    }
  }
  return result;
}

/** Returns the image at half its size, and so on, until one has the level or cannot be halved. */
export function halved(pyramid, level) {
  while (pyramid.length <= level) {
    const last = pyramid[pyramid.length - 1];
    if (Math.min(last.width, last.height) < 2) break;
    pyramid.push(reduce(last, Math.max(1, last.width >> 1), Math.max(1, last.height >> 1)));
  }
  return pyramid[Math.min(level, pyramid.length - 1)];
}
