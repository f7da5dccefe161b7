/** Small functions of arrays, as NumPy has them. */

/** Rounds halves to even numbers, like Python's round and OpenCV's cvRound. */
export function round(value) {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

export const clip = (value, low, high) => (value < low ? low : value > high ? high : value);

/** Returns the indices 0..count-1 in ascending order of key; equal keys keep their order. */
export function argsort(count, key) {
  return Array.from({ length: count }, (_, index) => index).sort(
    (one, other) => key(one) - key(other) || one - other,
  );
}

export function argmax(values) {
  let best = 0;
  for (let index = 1; index < values.length; index += 1) if (values[index] > values[best]) best = index;
  return best;
}

export function max(values, initial = -Infinity) {
  let best = initial;
  for (const value of values) if (value > best) best = value;
  return best;
}

/** Maps an array to a typed one; faster than the from() of typed arrays. */
export function mapped(Kind, values, value) {
  const result = new Kind(values.length);
  for (let at = 0; at < result.length; at += 1) result[at] = value(values[at], at);
  return result;
}

/** Returns 0..255 as 0..1. */
export const shareOf = (bytes) => mapped(Float32Array, bytes, (byte) => byte / 255);

export function median(values) {
  const ordered = Float64Array.from(values).sort();
  const middle = ordered.length >> 1;
  return ordered.length % 2 ? ordered[middle] : (ordered[middle - 1] + ordered[middle]) / 2;
}

/** Converts logits to probabilities that sum to 1. */
export function softmax(logits) {
  const most = max(logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = powers.reduce((one, other) => one + other, 0);
  return Float32Array.from(powers, (power) => power / sum);
}

/** Returns the rows of a flat array. */
export function rows(flat, size) {
  return Array.from({ length: flat.length / size }, (_, row) => flat.subarray(row * size, (row + 1) * size));
}

/** Fits a polynomial by least squares; returns its coefficients, highest power first. */
export function polyfit(x, y, degree) {
  // Centered and scaled x keep the normal equations well conditioned.
  const middle = x.reduce((one, other) => one + other, 0) / x.length;
  const reach = Math.max(...x.map((value) => Math.abs(value - middle)));
  const usable = reach > 1e-9 ? degree : 0;
  const size = usable + 1;
  const matrix = Array.from({ length: size }, () => new Float64Array(size + 1));
  for (let point = 0; point < x.length; point += 1) {
    const at = usable ? (x[point] - middle) / reach : 0;
    for (let row = 0; row < size; row += 1) {
      for (let column = 0; column < size; column += 1) matrix[row][column] += at ** (row + column);
      matrix[row][size] += y[point] * at ** row;
    }
  }
  const scaled = solve(matrix);
  // Expand the powers of (x - middle) / reach.
  const [a = 0, b = 0, c = 0] = scaled.map((value, power) => value / (usable ? reach ** power : 1));
  return [c, b - 2 * c * middle, a - b * middle + c * middle * middle];
}

export const polyval = (coefficients, x) => coefficients.reduce((sum, each) => sum * x + each, 0);

/** Solves a small linear system by elimination; each row ends with its right side. */
function solve(matrix) {
  const size = matrix.length;
  for (let step = 0; step < size; step += 1) {
    let pivot = step;
    for (let row = step + 1; row < size; row += 1)
      if (Math.abs(matrix[row][step]) > Math.abs(matrix[pivot][step])) pivot = row;
    [matrix[step], matrix[pivot]] = [matrix[pivot], matrix[step]];
    if (Math.abs(matrix[step][step]) < 1e-12) continue;
    for (let row = 0; row < size; row += 1) {
      if (row === step) continue;
      const factor = matrix[row][step] / matrix[step][step];
      for (let column = step; column <= size; column += 1)
        matrix[row][column] -= factor * matrix[step][column];
    }
  }
  return matrix.map((row, index) => (Math.abs(row[index]) < 1e-12 ? 0 : row[size] / row[index]));
}
