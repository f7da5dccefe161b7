/** Pictures turned or cropped in the browser, before they are read. */

import { el, toBlob } from "./dom.js";

const QUALITY = 0.92;

/** Returns a picture turned by a quarter to the right. @param {File} file @returns {Promise<File>} */
export function turned(file) {
  return changed(file, ({ width, height }) => ({ width: height, height: width }), (context, image) => {
    context.translate(image.height, 0);
    context.rotate(Math.PI / 2);
  });
}

/** Returns a part of a picture. @param {number[]} box in pixels of the upright picture. */
export function cropped(file, [x0, y0, x1, y1]) {
  const size = () => ({ width: Math.max(1, Math.round(x1 - x0)), height: Math.max(1, Math.round(y1 - y0)) });
  return changed(file, size, (context) => context.translate(-Math.round(x0), -Math.round(y0)));
}

async function changed(file, size, place) {
  const image = await createImageBitmap(file);
  const canvas = el("canvas", size(image));
  const context = canvas.getContext("2d");
  place(context, image);
  context.drawImage(image, 0, 0);
  image.close();
  const type = file.type === "image/jpeg" ? file.type : "image/png";
  return new File([await toBlob(canvas, type, QUALITY)], file.name, { type });
}
