/** Draws a reading on its picture. */

import { el } from "./dom.js";
import { digitsOf, level, shownLabel } from "./reading.js";

const COLOURS = { sure: "#0b6aa8", fair: "#0b6aa8", doubt: "#a65200", corrected: "#1c7a45" };

/**
 * Returns a canvas with the picture and a labelled box around each digit, with corrections.
 * @param {{reading: Object, picture: Blob}} item
 * @throws if the browser cannot decode the picture.
 */
export async function annotated({ reading, picture }, options) {
  const image = await createImageBitmap(picture);
  const canvas = el("canvas", { width: image.width, height: image.height });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  image.close();
  const scale = { x: canvas.width / reading.width, y: canvas.height / reading.height };
  for (const { digit } of digitsOf(reading)) drawBox(context, digit, scale, options);
  return canvas;
}

function drawBox(context, digit, scale, options) {
  const [x0, x1] = [digit.box[0] * scale.x, digit.box[2] * scale.x];
  const [y0, y1] = [digit.box[1] * scale.y, digit.box[3] * scale.y];
  const unit = Math.max(1, Math.max(context.canvas.width, context.canvas.height) / 500); // a line's width
  const kind = digit.corrected === undefined ? level(digit.probability) : "corrected";
  context.setLineDash(kind === "doubt" ? [4 * unit, 3 * unit] : []);
  for (const [colour, width] of [["#fff", 2.6 * unit], [COLOURS[kind], 1.4 * unit]]) {
    context.strokeStyle = colour; // the white edge shows the box on dark pictures
    context.lineWidth = width;
    context.strokeRect(x0 - unit, y0 - unit, x1 - x0 + 2 * unit, y1 - y0 + 2 * unit);
  }
  const text = shownLabel(digit, options) || "∅";
  const size = Math.min(Math.max(11 * unit, 9), Math.max(9, 0.5 * (y1 - y0)));
  context.font = `600 ${size}px system-ui, sans-serif`;
  const width = context.measureText(text).width + 0.5 * size;
  const top = y0 >= 1.3 * size ? y0 - unit - 1.3 * size : y0;
  context.fillStyle = COLOURS[kind];
  context.fillRect(x0 - unit, top, width, 1.3 * size);
  context.fillStyle = "#fff";
  context.fillText(text, x0 - unit + 0.25 * size, top + size);
}
