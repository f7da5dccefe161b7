/** Scales of a picture in octaves, so that the detector can find each digit in at least one of them. */

import { round, shareOf } from "./arrays.js";
import { boxMean } from "./filters.js";
import { enlargeCubic, padded, reduce } from "./resize.js";

export const MARGIN = 16; // pixels by which the border is repeated
const LARGEST_DIGIT = 32;
const MULTIPLE = 16;
const WINDOW = 65; // side of a pixel's surroundings
const LEAST_DEVIATION = 0.03;
const LIMIT = 3;

/** Returns the picture at each scale of the first pass, the largest first. */
export function pyramidLevels(grey, config) {
  const longer = Math.max(grey.width, grey.height);
  let scale = 1;
  while (longer * scale * 2 <= config.first_side && scale * 2 <= config.most_enlarged) scale *= 2;
  while (longer * scale > config.first_side) scale /= 2;
  const levels = [levelOf(grey, scale)];
  while (Math.min(grey.width, grey.height) * scale > LARGEST_DIGIT) {
    scale /= 2;
    levels.push(levelOf(grey, scale, levels.at(-1)));
  }
  return levels;
}

/** Returns the picture one octave larger, or null if that exceeds the original or the pixel limit. */
export function finerLevel(grey, level, config) {
  const scale = 2 * level.octave;
  const isTooLarge = grey.width * grey.height * scale * scale > config.most_pixels;
  return scale > 1 || isTooLarge ? null : levelOf(grey, scale);
}

/** Returns the picture at a scale; a smaller one is made from `larger`, which is 16 times as fast. */
function levelOf(grey, scale, larger = null) {
  const [width, height] = [grey.width, grey.height].map((side) => Math.max(1, round(side * scale)));
  const source = larger && larger.octave <= 1 ? larger.picture : grey;
  const resized = scale === 1 ? grey : (scale < 1 ? reduce : enlargeCubic)(source, width, height);
  const [right, below] = [width, height].map((side) => MARGIN + ((MULTIPLE - (side % MULTIPLE)) % MULTIPLE));
  return {
    picture: resized,
    grey: padded(resized, MARGIN, MARGIN, right, below),
    octave: scale,
    scale: [width / grey.width, height / grey.height],
    size: [width, height],
  };
}

/** Makes the detector's two planes: grey values, and grey values relative to their surroundings. */
export function planesOf({ data, width, height }) {
  const size = width * height;
  const planes = new Float32Array(2 * size);
  const value = shareOf(data);
  const mean = boxMean(value, width, height, WINDOW);
  const square = boxMean(
    value.map((each) => each * each),
    width,
    height,
    WINDOW,
  );
  for (let at = 0; at < size; at += 1) {
    const deviation = Math.sqrt(Math.max(0, Math.fround(square[at] - Math.fround(mean[at] * mean[at]))));
    const local = (value[at] - mean[at]) / ((deviation + LEAST_DEVIATION) * LIMIT);
    planes[at] = 2 * value[at] - 1;
    planes[size + at] = local < -1 ? -1 : local > 1 ? 1 : local;
  }
  return planes;
}
