/** Decodes pictures to upright grey pixels at working size; see inkread.picture. */

import { median, round } from "./reader/arrays.js";
import { greyOf } from "./reader/filters.js";
import { image, reduce } from "./reader/resize.js";

const WORKING_SIDE = 2000;
const LONG = 32; // length over height of a picture that is a single line; see inkread.picture.working_size
const LONGEST = 10 * WORKING_SIDE;
const MOST_PIXELS = 120e6;
const FAINT = 16; // alpha below which a pixel's color is mostly rounding error
const MARGIN = 0.1; // share of the frame that is transparent if only its margin is
const PAGE = 0.5; // share of its bounding box that a page fills, and pen strokes do not
const PAGE_CONTRAST = 48;
const PAGE_INK = 0.002;
const POLARITY = 0.1; // share of all ink that counts as ink of the opposite polarity

class PictureError extends Error {
  isPicture = true;
}

/**
 * Decodes a picture.
 * @param {Blob} picture in any format that the browser knows.
 * @returns {Promise<Object>} grey {data, width, height}, and size, [width, height] of the upright source.
 */
export async function decode(picture) {
  const bitmap = await open(picture);
  const { width, height } = bitmap;
  if (width * height > MOST_PIXELS) throw new PictureError("has more than 120 megapixels; reduce it");
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  return { grey: greyPixels(data, width, height), size: [width, height] };
}

async function open(picture) {
  try {
    return await createImageBitmap(picture, { colorSpaceConversion: "none" });
  } catch {
    throw new PictureError("cannot be decoded by this browser; use JPEG or PNG");
  }
}

/** Converts RGBA pixels, row by row, to grey at working size. */
export function greyPixels(data, width, height) {
  const isOpaque = everyFourth(data, 3, (alpha) => alpha === 255);
  const planes = [0, 1, 2, 3]
    .slice(0, isOpaque ? 3 : 4)
    .map((channel) => plane(data, width, height, channel));
  if (!isOpaque) multiply(planes);
  const reduced = planes.map(atWorkingSize);
  const [{ width: wide, height: high }] = reduced;
  const pixels = new Uint8Array(4 * wide * high);
  reduced.forEach((each, channel) =>
    each.data.forEach((value, at) => {
      pixels[4 * at + channel] = value;
    }),
  );
  if (!isOpaque) fill(pixels, backdrop(pixels, wide));
  return greyOf(pixels, wide, high);
}

function everyFourth(data, first, test) {
  for (let at = first; at < data.length; at += 4) if (!test(data[at])) return false;
  return true;
}

function plane(data, width, height, channel) {
  const result = image(width, height);
  for (let at = 0, from = channel; at < result.data.length; at += 1, from += 4) result.data[at] = data[from];
  return result;
}

/** Multiplies colors by alpha, so that hidden pixels do not bleed into visible ones. */
function multiply([red, green, blue, { data: alpha }]) {
  for (const { data } of [red, green, blue])
    for (let at = 0; at < data.length; at += 1) data[at] = round((data[at] * alpha[at]) / 255);
}

/** Returns the longest side to which a picture is reduced: a very long one keeps enough pixels of height. */
function longestSide({ width, height }) {
  const [shorter, longer] = [Math.min(width, height), Math.max(width, height)];
  return Math.max(WORKING_SIDE, Math.min(Math.ceil((WORKING_SIDE * longer) / (LONG * shorter)), LONGEST));
}

/** Reduces a large picture like Pillow, by whole numbers of pixels, and then like OpenCV. */
function atWorkingSize(source) {
  const ratio = Math.floor(Math.max(source.width, source.height) / longestSide(source));
  const blocks = ratio > 1 ? averaged(source, ratio) : source;
  const share = longestSide(blocks) / Math.max(blocks.width, blocks.height);
  if (share >= 1) return blocks;
  return reduce(blocks, ...[blocks.width, blocks.height].map((side) => Math.max(1, round(side * share))));
}

/** Averages blocks of pixels; rounds halves up, like Pillow. */
function averaged({ data, width, height }, ratio) {
  const [across, down] = [Math.min(ratio, width), Math.min(ratio, height)];
  const result = image(Math.ceil(width / across), Math.ceil(height / down));
  for (let y = 0; y < result.height; y += 1) {
    for (let x = 0; x < result.width; x += 1) {
      const [right, bottom] = [Math.min(width, (x + 1) * across), Math.min(height, (y + 1) * down)];
      let sum = 0;
      for (let row = y * down; row < bottom; row += 1)
        for (let column = x * across; column < right; column += 1) sum += data[row * width + column];
      const count = (right - x * across) * (bottom - y * down);
      result.data[y * result.width + x] = Math.floor((sum + (count >> 1)) / count);
    }
  }
  return result;
}

function fill(pixels, color) {
  for (let at = 0; at < pixels.length; at += 4) {
    const hidden = (255 - pixels[at + 3]) / 255;
    for (let channel = 0; channel < 3; channel += 1)
      pixels[at + channel] = Math.min(255, round(pixels[at + channel] + hidden * color[channel]));
  }
}

const luma = ([red, green, blue]) => 0.299 * red + 0.587 * green + 0.114 * blue;

/** Chooses the color behind a transparent picture, so that its ink shows; see inkread.picture.compositing. */
function backdrop(pixels, width) {
  const visible = [];
  for (let at = 0; at < pixels.length; at += 4) {
    const alpha = pixels[at + 3];
    if (alpha < FAINT) continue;
    const color = [0, 1, 2].map((channel) => (pixels[at + channel] * 255) / alpha);
    visible.push({ place: at / 4, alpha, color, tone: luma(color) });
  }
  if (!visible.length) return [255, 255, 255];
  const most = visible.reduce((one, { alpha }) => Math.max(one, alpha), 0);
  const solid = visible.filter(({ alpha }) => alpha >= 0.9 * most);
  const page = [0, 1, 2].map((channel) => median(solid.map(({ color }) => color[channel])));
  const inked = solid.filter(({ tone }) => Math.abs(tone - luma(page)) > PAGE_CONTRAST).length / solid.length;
  if (isPage(pixels, width, visible, inked)) return page;
  const weight = (some) => some.reduce((sum, { alpha }) => sum + alpha, 0);
  const light = weight(visible.filter(({ tone }) => tone >= 128)) / weight(visible);
  const value = POLARITY <= light && light <= 1 - POLARITY ? 128 : light > 0.5 ? 0 : 255;
  return [value, value, value];
}

/** Tests whether the opaque part is paper: nearly the whole frame, or a full shape with ink on it. */
function isPage(pixels, width, visible, inked) {
  let total = 0;
  for (let at = 3; at < pixels.length; at += 4) total += pixels[at] / 255;
  if (total >= ((1 - MARGIN) * pixels.length) / 4) return true;
  let [left, top, right, bottom] = [Infinity, Infinity, 0, 0];
  for (const { place } of visible) {
    const [x, y] = [place % width, Math.floor(place / width)];
    [left, top] = [Math.min(left, x), Math.min(top, y)];
    [right, bottom] = [Math.max(right, x + 1), Math.max(bottom, y + 1)];
  }
  return total >= PAGE * (right - left) * (bottom - top) && inked >= PAGE_INK;
}
