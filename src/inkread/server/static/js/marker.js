/** An overlay on which the user draws a box around a missed digit, with a mouse, pen, finger, or keys. */

import { el } from "./dom.js";
import { clipped } from "./rows.js";

const TAP = 6; // CSS pixels; a shorter drag is a tap, which places a box of the usual size
const STEP = 0.01; // fraction of the picture's longer side per press of an arrow key
const WORDS =
  "Box around a missed digit. Arrow keys move it; with Shift, they resize it. Press 0 to 9 to label it, "
  + "Escape to cancel.";
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Marker {
  #from = null;
  #box = null;

  /**
   * @param {Object} options
   * @param {{width: number, height: number}} options.picture
   * @param {{wide: number, high: number}} options.usual the usual digit size, in pixels of the picture.
   * @param {(box: ?number[]) => void} options.drawn called with the box in pixels of the picture, or null.
   * @param {(event: KeyboardEvent) => void} options.key called for any other key.
   * @param {string} [options.words] describes it to screen readers.
   */
  constructor({ picture, usual, drawn, key, words = WORDS }) {
    Object.assign(this, { picture, usual, drawn, key });
    this.frame = el("div", { class: "box marked", hidden: true });
    this.root = el("div", {
      class: "marker",
      tabindex: 0,
      role: "application",
      "aria-label": words,
      on: {
        pointerdown: (event) => this.#down(event),
        pointermove: (event) => this.#from && this.#drag(event),
        pointerup: (event) => this.#up(event),
        pointercancel: () => this.#set(null),
        keydown: (event) => this.#press(event),
      },
    }, this.frame);
  }

  #down(event) {
    if (!event.isPrimary || event.button !== 0) return;
    this.root.setPointerCapture(event.pointerId);
    this.root.focus({ preventScroll: true });
    this.#from = { ...this.#point(event), left: event.clientX, top: event.clientY };
    this.#set(null);
    event.preventDefault();
  }

  #drag(event) {
    const [{ x, y }, to] = [this.#from, this.#point(event)];
    this.#set([Math.min(x, to.x), Math.min(y, to.y), Math.max(x, to.x), Math.max(y, to.y)]);
  }

  #up(event) {
    if (!this.#from) return;
    if (Math.hypot(event.clientX - this.#from.left, event.clientY - this.#from.top) < TAP)
      this.#set(this.#around(this.#from));
    this.#from = null;
  }

  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (!arrow) {
      this.key(event);
      return;
    }
    event.preventDefault();
    const { width, height } = this.picture;
    if (!this.#box) {
      this.#set(this.#around({ x: width / 2, y: height / 2 }));
      return;
    }
    const [dx, dy] = arrow.map((way) => way * Math.max(1, STEP * Math.max(width, height)));
    const [x0, y0, x1, y1] = this.#box;
    if (event.shiftKey) this.#set([x0, y0, Math.max(x0 + 1, x1 + dx), Math.max(y0 + 1, y1 + dy)]);
    else if (x0 + dx >= 0 && x1 + dx <= width && y0 + dy >= 0 && y1 + dy <= height)
      this.#set([x0 + dx, y0 + dy, x1 + dx, y1 + dy]);
  }

  #around({ x, y }) {
    const { wide, high } = this.usual;
    return [x - wide / 2, y - high / 2, x + wide / 2, y + high / 2];
  }

  /** Returns the pointer's position in pixels of the picture. */
  #point({ clientX, clientY }) {
    const { left, top, width, height } = this.root.getBoundingClientRect();
    const within = (share) => Math.min(1, Math.max(0, share));
    return {
      x: within((clientX - left) / width) * this.picture.width,
      y: within((clientY - top) / height) * this.picture.height,
    };
  }

  #set(box) {
    this.#box = box && clipped(box, this.picture);
    this.frame.hidden = !box;
    if (box) placeBox(this.frame, this.#box, this.picture);
    this.drawn(this.#box);
  }
}

/** Positions an element over a box of a picture. */
export function placeBox(element, [x0, y0, x1, y1], { width, height }) {
  for (const [name, share] of Object.entries({
    x: x0 / width,
    y: y0 / height,
    w: (x1 - x0) / width,
    h: (y1 - y0) / height,
  })) {
    element.style.setProperty(`--${name}`, `${share * 100}%`);
  }
}
