/** The keys that correct the selected digit or label a marked box, with a note on what happens to it. */

import { el, say } from "./dom.js";

const NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

export class Pad {
  /**
   * @param {Object} options
   * @param {() => boolean} options.collects whether the server stores corrections.
   * @param {(label: string) => void} options.press called with "0" to "9", or "" for no digit.
   * @param {() => void} options.withdraw
   * @param {() => void} options.toggleMark starts or cancels marking a missed digit.
   */
  constructor({ collects, press, withdraw, toggleMark }) {
    this.collects = collects;
    const keys = [..."0123456789", ""].map((label) => key(label, press));
    this.keys = el("div", { class: "pad", role: "group", "aria-label": "Correct digit" }, ...keys);
    this.note = el("p", { class: "note" });
    this.title = el("h3", {}, "Correct it to");
    this.withdraw = el(
      "button",
      { type: "button", class: "link", hidden: true, on: { click: withdraw } },
      "Withdraw",
    );
    this.mark = el(
      "button",
      { type: "button", class: "button", "aria-pressed": "false", on: { click: toggleMark } },
      "Mark a missed digit",
    );
    this.root = el("section", { class: "correction", "aria-label": "Correct the digit" },
      this.title,
      this.keys,
      el("div", { class: "note-line" }, this.note, this.withdraw),
      this.mark);
  }

  /**
   * @param {Object} state
   * @param {?Object} state.digit the digit to correct, if there is one.
   * @param {?string} state.label its current label.
   * @param {boolean} state.canMark whether missed digits can be marked.
   * @param {?{box: ?number[]}} state.marking the box being drawn.
   */
  show({ digit, label, canMark, marking }) {
    for (const each of this.keys.children) {
      each.disabled = marking ? !marking.box || !each.dataset.label : !digit;
      each.setAttribute("aria-pressed", String(Boolean(digit) && each.dataset.label === label));
    }
    say(this.title, marking ? "The box contains" : "Correct it to");
    this.mark.hidden = !canMark;
    this.mark.setAttribute("aria-pressed", String(Boolean(marking)));
    say(this.mark, marking ? "Cancel the box" : "Mark a missed digit");
    this.withdraw.hidden = !digit || digit.corrected === undefined;
    say(this.note, this.#words(digit, marking));
  }

  #words(digit, marking) {
    if (marking)
      return marking.box
        ? "Choose the digit in the box."
        : "Drag a box around the digit, or move one with the arrow keys (Shift: resize).";
    const collects = this.collects();
    if (!digit || digit.corrected === undefined) {
      return collects
        ? "Corrections are stored on this server for training."
        : "Corrections are only shown here; this server does not store them.";
    }
    const to = digit.corrected === "" ? "no digit" : digit.corrected;
    const what = digit.marked ? `Marked as ${to}.` : `${digit.label} corrected to ${to}.`;
    if (digit.correction) return `${what} Stored for training.`;
    return collects
      ? `${what} Storing …`
      : `${what} Shown here only; this server does not store corrections.`;
  }
}

function key(label, press) {
  return el("button", {
    type: "button",
    class: "key",
    data: { label },
    "aria-label": label ? `It is ${NAMES[label]}` : "It is not a digit",
    on: { click: () => press(label) },
  }, label || "none");
}
