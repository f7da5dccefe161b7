/** Runs image operations on the arrays in a folder, and prints how far they are from the expected ones. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { boxMean, dilate, distances, greyOf, otsu } from "./reader/filters.js";
import { normalize } from "./reader/glyph.js";
import { glyphIn, tight } from "./reader/glyphs.js";
import { greyPixels } from "./pictures.js";
import { enlargeCubic, enlargeLinear, reduce, sample, turned } from "./reader/resize.js";

const folder = process.argv[2];
const Kinds = { uint8: Uint8Array, float32: Float32Array };

function load({ file, shape, dtype }) {
  const bytes = readFileSync(join(folder, file));
  const data = new Kinds[dtype](bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  return { data, height: shape[0], width: shape[1] };
}

const square = ({ data }) => data.map((value) => value * value);
const scaled = ({ width, height }, scale) => [Math.round(width * scale), Math.round(height * scale)];

const operations = {
  reduce: (source, { size }) => reduce(source, ...size),
  reduceBy: (source, { scale }) => reduce(source, ...scaled(source, scale), [1 / scale, 1 / scale]),
  enlargeCubic: (source, { size }) => enlargeCubic(source, ...size),
  enlargeLinear: (source, { size }) => enlargeLinear(source, ...size),
  boxMean: (source, { side }) => ({ data: boxMean(source.data, source.width, source.height, side) }),
  boxMeanOfSquares: (source, { side }) => ({
    data: boxMean(square(source), source.width, source.height, side),
  }),
  dilate: (source) => dilate(source),
  distances: (source) => distances(source),
  otsu: (source) => ({ data: [otsu(source)] }),
  turned: (source, { turns }) => turned(source, turns),
  greyOf: ({ data, width, height }) => greyOf(data, width, height),
  greyPixels: ({ data, width, height }) => greyPixels(data, width, height),
  normalize: (source) => ({ data: normalize(source) }),
  glyphIn: (source, { box }) => ({ data: glyphIn(source, Float32Array.from(box)) }),
  tight: (source, { box }) => ({ data: tight(source, Float32Array.from(box)) }),
  sample: (source, { size, maps }) => {
    const [x, y] = maps.map((map) => load(map).data);
    return sample(source, ...size, (column, row) => [x[row * size[0] + column], y[row * size[0] + column]]);
  },
};

const cases = JSON.parse(readFileSync(join(folder, "input.json"), "utf-8"));
const results = cases.map(({ operation, source, expected, ...options }) => {
  const found = operations[operation](load(source), options).data;
  const wanted = load(expected).data;
  if (found.length !== wanted.length)
    return { operation, values: wanted.length, differ: wanted.length, most: 1e9 };
  let [differ, most] = [0, 0];
  wanted.forEach((value, at) => {
    const away = Math.abs(value - found[at]);
    if (away) differ += 1;
    most = Math.max(most, away);
  });
  return { operation, values: wanted.length, differ, most };
});
console.log(JSON.stringify(results));
