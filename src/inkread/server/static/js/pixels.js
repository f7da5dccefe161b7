/** The drawing grid of 28×28 pixels. Does not use the DOM. */

import { Past } from "./strokes.js";

export const SIDE = 28;
const RADIUS = 1.25; // radius of the pen in pixels, for a line about as wide as in MNIST
const SOFT = 0.9; // width of its soft edge in pixels

export class Pixels {
  #past = new Past(new Uint8Array(SIDE * SIDE));
  #live = null;

  /** 784 values 0..255, row by row, ink bright. */
  get values() { return this.#live ?? this.#past.now; }
  get isEmpty() { return !this.values.some(Boolean); }
  get canUndo() { return this.#past.canUndo; }
  get canRedo() { return this.#past.canRedo; }

  /** 28 rows of 28 numbers, as the API takes them. */
  get rows() {
    return Array.from({ length: SIDE }, (_, row) =>
      Array.from(this.values.slice(row * SIDE, (row + 1) * SIDE)),
    );
  }

  begin(point, { erase = false } = {}) {
    this.#live = this.values.slice();
    this.erase = erase;
    this.at = point;
    this.extend([point]);
  }

  /** Extends the stroke to each point {x, y}, in pixels from the grid's corner. */
  extend(points) {
    if (!this.#live) return;
    for (const point of points) {
      const steps = Math.max(1, Math.ceil(Math.hypot(point.x - this.at.x, point.y - this.at.y) * 2));
      for (let step = 1; step <= steps; step += 1) {
        const share = step / steps;
        this.#stamp(this.at.x + (point.x - this.at.x) * share, this.at.y + (point.y - this.at.y) * share);
      }
      this.at = point;
    }
  }

  end() {
    if (!this.#live) return;
    this.#past.push(this.#live);
    this.#live = null;
  }

  cancel() {
    this.#live = null;
  }

  clear() {
    this.cancel();
    if (!this.isEmpty) this.#past.push(new Uint8Array(SIDE * SIDE));
  }

  undo() {
    this.cancel();
    this.#past.undo();
  }

  redo() {
    this.cancel();
    this.#past.redo();
  }

  #stamp(x, y) {
    const reach = RADIUS + SOFT;
    const clip = (value) => Math.min(SIDE - 1, Math.max(0, value));
    for (let row = clip(Math.floor(y - reach)); row <= clip(Math.floor(y + reach)); row += 1) {
      for (let column = clip(Math.floor(x - reach)); column <= clip(Math.floor(x + reach)); column += 1) {
        const distance = Math.hypot(column + 0.5 - x, row + 0.5 - y);
        const ink = Math.round(255 * Math.min(1, Math.max(0, (reach - distance) / SOFT)));
        const index = row * SIDE + column;
        this.#live[index] = this.erase
          ? Math.min(this.#live[index], 255 - ink)
          : Math.max(this.#live[index], ink);
      }
    }
  }
}
