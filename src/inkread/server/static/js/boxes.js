/** Boxes over the digits of a picture. */

import { el } from "./dom.js";
import { digitsOf, labelOf, level, percent } from "./reading.js";

export class Boxes {
  /**
   * @param {HTMLElement} container covers the picture.
   * @param {Object} options
   * @param {boolean} [options.live] only to look at: it lets the pen through, and is silent for screen readers.
   * @param {(place: {line: number, position: number}) => void} [options.select]
   * @param {(event: KeyboardEvent, place: {line: number, position: number}) => void} [options.key]
   */
  constructor(container, { live = false, select = () => {}, key = () => {} } = {}) {
    Object.assign(this, { container, select, key });
    container.classList.add("boxes");
    this.live = live;
  }

  get live() { return this.container.classList.contains("live"); }
  set live(live) {
    this.container.classList.toggle("live", live);
    if (live) this.container.setAttribute("aria-hidden", "true");
    else this.container.removeAttribute("aria-hidden");
  }

  /** Shows the boxes of a reading; the focus stays on the digit where it was. */
  show(reading, selected = null) {
    const focused = this.container.contains(document.activeElement) ? document.activeElement.dataset.place : null;
    this.container.replaceChildren(...digitsOf(reading).map((each) => this.#box(each, reading, selected)));
    if (focused) this.focus(focused);
  }

  clear() {
    this.container.replaceChildren();
  }

  focus(place) {
    this.container.querySelector(`[data-place="${place}"]`)?.focus({ preventScroll: true });
  }

  #box({ digit, line, position }, { width, height }, selected) {
    const place = { line, position };
    const isSelected = selected?.line === line && selected?.position === position;
    const label = labelOf(digit);
    const kind = digit.corrected === undefined ? level(digit.probability) : "corrected";
    const text = el("span", { class: "box-label" }, label || "∅");
    const attributes = { class: `box ${kind}${isSelected ? " selected" : ""}`, data: { place: `${line}.${position}` } };
    const box = this.live
      ? el("div", attributes, text)
      : el("button", {
          ...attributes,
          type: "button",
          "aria-pressed": String(isSelected),
          "aria-label": `${label || "No digit"}, ${percent(digit.probability)}`,
          on: {
            click: () => this.select(place),
            focus: () => isSelected || this.select(place),
            pointerenter: (event) => event.pointerType === "mouse" && !isSelected && this.select(place),
            keydown: (event) => this.key(event, place),
          },
        }, text);
    const [x0, y0, x1, y1] = digit.box;
    for (const [name, share] of Object.entries({ x: x0 / width, y: y0 / height, w: (x1 - x0) / width, h: (y1 - y0) / height })) {
      box.style.setProperty(`--${name}`, `${share * 100}%`);
    }
    return box;
  }
}
