/** A row of digits as a text field; Enter saves it, Escape cancels. */

import { el } from "./dom.js";

export class RowEditor {
  /** @param {{line: number, text: string, save: () => void, cancel: () => void}} options */
  constructor({ line, text, save, cancel }) {
    this.line = line;
    this.input = el("input", {
      type: "text",
      inputmode: "numeric",
      autocomplete: "off",
      maxlength: 200,
      pattern: "[0-9 .,:\\/\\-]*",
      title: "Digits",
      value: text,
      "aria-label": `Digits of row ${line + 1}: Enter saves, Escape cancels`,
      on: { keydown: (event) => onKey(event, save, cancel) },
    });
    this.root = el("div", { class: "line editor" },
      el("span", {}, this.input),
      el("button", { type: "button", class: "button primary", on: { click: save } }, "Save"),
      el("button", { type: "button", class: "button quiet", on: { click: cancel } }, "Cancel"));
  }

  /** The digits that were typed. */
  get digits() { return this.input.value.replace(/[^0-9]/g, ""); }
}

function onKey(event, save, cancel) {
  if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
  event.preventDefault();
  event.stopPropagation();
  if (event.key === "Enter") save();
  else cancel();
}
