/** Shows boxes over the digits of a picture. */

import { el } from "./dom.js";
import { Marker, placeBox } from "./marker.js";
import { digitsOf, labelOf, level, percent, shownLabel } from "./reading.js";

export class Boxes {
  #marker = null;

  /**
   * @param {HTMLElement} container covers the picture.
   * @param {Object} options
   * @param {boolean} [options.live] display only: lets the pen through, and is hidden from screen readers.
   * @param {boolean} [options.markable] boxes can be drawn on it although it is display only.
   * @param {(place: {line: number, position: number}) => void} [options.select]
   * @param {(event: KeyboardEvent, place: {line: number, position: number}) => void} [options.key]
   */
  constructor(container, { live = false, markable = false, select = () => {}, key = () => {} } = {}) {
    Object.assign(this, { container, markable, select, key });
    container.classList.add("boxes");
    this.live = live;
  }

  get live() { return this.container.classList.contains("live"); }
  set live(live) {
    this.container.classList.toggle("live", live);
    this.#hide();
  }

  /** Whether the user can draw a box here now. */
  get canMark() { return this.markable || !this.live; }

  /** Lets the user draw a box over the picture, see `Marker`. */
  startMark(options) {
    this.stopMark();
    this.#marker = new Marker(options);
    this.container.append(this.#marker.root);
    this.#hide();
    this.#marker.root.focus(); // on a phone, the picture may be scrolled out of view
  }

  stopMark() {
    this.#marker?.root.remove();
    this.#marker = null;
    this.#hide();
  }

  /** Shows the boxes of a reading; keeps the focus on the same digit. */
  show(reading, selected = null, options = {}) {
    const focused = this.container.contains(document.activeElement)
      ? document.activeElement.dataset.place
      : null;
    for (const box of this.container.querySelectorAll(".box[data-place]")) box.remove();
    this.container.prepend(...digitsOf(reading).map((each) => this.#box(each, reading, selected, options)));
    if (focused) this.focus(focused);
  }

  clear() {
    this.stopMark();
    this.container.replaceChildren();
  }

  focus(place) {
    this.container.querySelector(`[data-place="${place}"]`)?.focus({ preventScroll: true });
  }

  #hide() {
    if (this.live && !this.#marker) this.container.setAttribute("aria-hidden", "true");
    else this.container.removeAttribute("aria-hidden");
  }

  #box({ digit, line, position }, { width, height }, selected, options) {
    const place = { line, position };
    const isSelected = selected?.line === line && selected?.position === position;
    const label = labelOf(digit);
    const kind = digit.corrected === undefined ? level(digit.probability) : "corrected";
    const text = el("span", { class: "box-label" }, shownLabel(digit, options) || "∅");
    const attributes = {
      class: `box ${kind}${isSelected ? " selected" : ""}`,
      data: { place: `${line}.${position}` },
    };
    const origin = digit.marked ? "marked by you" : percent(digit.probability);
    const box = this.live
      ? el("div", attributes, text)
      : el("button", {
          ...attributes,
          type: "button",
          "aria-pressed": String(isSelected),
          "aria-label": `${label || "No digit"}, ${origin}`,
          on: {
            click: () => this.select(place),
            focus: () => isSelected || this.select(place),
            pointerenter: (event) => event.pointerType === "mouse" && !isSelected && this.select(place),
            keydown: (event) => this.key(event, place),
          },
        }, text);
    placeBox(box, digit.box, { width, height });
    return box;
  }
}
