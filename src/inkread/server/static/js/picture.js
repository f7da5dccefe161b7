/** A picture on the page, with boxes over its digits. */

import { Boxes } from "./boxes.js";
import { el } from "./dom.js";

const TINY = 160; // pixels of the longer side; smaller pictures are shown pixelated

/**
 * Shows a picture whose digits can be selected and corrected.
 * @param {Object} options
 * @param {string} options.src
 * @param {string} options.name
 * @param {import("./view.js").ReadingView} options.view shows its reading.
 * @returns {{root: HTMLElement, image: HTMLImageElement, boxes: Boxes}}
 */
export function pictureWithBoxes({ src, name, view }) {
  const image = el("img", { src, alt: `The picture ${name}` });
  const over = el("div");
  const root = el("div", { class: "picture" }, image, over);
  const boxes = new Boxes(over, {
    select: (place) => view.select(place),
    key: (event, place) => view.key(event, place),
  });
  view.link(boxes);
  image.addEventListener("load", () => frame(root, image.naturalWidth, image.naturalHeight));
  return { root, image, boxes };
}

/** Sets a frame's aspect ratio to its picture's. */
function frame(picture, width, height) {
  picture.style.setProperty("--ratio", width / height);
  picture.classList.toggle("pixelated", Math.max(width, height) < TINY);
}
