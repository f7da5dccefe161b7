/** The probabilities of one digit as ten bars, and the glyph that the model saw. */

import { el, say } from "./dom.js";
import { exactly, glyphOf, labelOf, percent, probabilitiesOf } from "./reading.js";

export class Bars {
  /** @param {string} seen the caption of the glyph. */
  constructor(seen) {
    this.seen = seen;
    this.bars = Array.from({ length: 10 }, (_, digit) => this.#bar(digit));
    this.title = el("h3", {}, "Probabilities");
    const look = { class: "glyph", role: "img", "aria-label": "No glyph yet" };
    this.glyph = el("canvas", { width: 28, height: 28, ...look });
    this.root = el("div", { class: "detail" },
      el("div", { class: "bars-box" },
        this.title,
        el("ol", { class: "bars", "aria-label": "Probability of each digit" }, ...this.bars)),
      el("figure", { class: "seen" }, this.glyph, el("figcaption", {}, seen)));
  }

  /**
   * Shows a digit; null for none.
   * @param {?string} which names the digit among others, such as "2nd of 5".
   */
  show(digit, which = null) {
    const probabilities = digit ? probabilitiesOf(digit) : null;
    // no model has read a mark
    const best = probabilities && !digit.marked ? probabilities.indexOf(Math.max(...probabilities)) : -1;
    this.bars.forEach((bar, each) => {
      const probability = probabilities?.[each] ?? 0;
      bar.style.setProperty("--value", probability);
      bar.classList.toggle("best", each === best);
      say(bar.querySelector(".bar-value"), digit ? percent(probability) : "");
      say(bar.querySelector(".bar-exact"), digit ? exactly(probability) : "no value");
    });
    const label = digit ? labelOf(digit) || "not a digit" : "";
    say(this.title, which ? `Probabilities: ${label} (${which})` : "Probabilities");
    this.#reach(Math.max(0, best));
    this.#draw(digit);
  }

  #bar(digit) {
    return el("li", {
      class: "bar",
      tabindex: digit === 0 ? 0 : -1,
      on: { keydown: (event) => this.#walk(event, digit) },
    },
    el("span", { class: "bar-digit" }, String(digit)),
    el("span", { class: "bar-track", "aria-hidden": "true" }, el("span", { class: "bar-fill" })),
    el("span", { class: "bar-value", "aria-hidden": "true" }),
    el("span", { class: "bar-exact" }));
  }

  #walk(event, digit) {
    const to = { ArrowDown: digit + 1, ArrowUp: digit - 1, Home: 0, End: 9 }[event.key];
    if (to === undefined) return;
    this.#reach(Math.min(9, Math.max(0, to))).focus();
    event.preventDefault();
  }

  /** Makes one bar focusable with the Tab key. */
  #reach(digit) {
    this.bars.forEach((bar, each) => bar.setAttribute("tabindex", each === digit ? 0 : -1));
    return this.bars[digit];
  }

  #draw(digit) {
    const glyph = digit ? glyphOf(digit) : null;
    drawGlyph(this.glyph, glyph);
    const words = `${this.seen}: a ${digit?.label || "drawing"} in 28 by 28 pixels`;
    this.glyph.setAttribute("aria-label", glyph ? words : "No glyph yet");
  }
}

/** Draws a glyph's 784 values on a canvas of 28 × 28 pixels; null clears it. */
export function drawGlyph(canvas, glyph) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(28, 28);
  glyph?.forEach((ink, index) => image.data.set([ink, ink, ink, 255], index * 4));
  context.putImageData(image, 0, 0);
}
