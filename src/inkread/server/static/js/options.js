/** What is read and how it is shown, the same on every tab, remembered by the browser. */

import { el } from "./dom.js";
import { recall, remember } from "./memory.js";
import { percent } from "./reading.js";

const STEPS = 100;

export class ReadingOptions extends EventTarget {
  /** Whether each picture is read as one digit. */
  single = recall("single") === "true";
  /** Whether decimal points, minus signs, and the like are part of the text. */
  signs = recall("signs") !== "false";
  /** Digits less probable than this are shown as "?". */
  least = Math.min(1, Math.max(0, Number(recall("least")) || 0));

  /** Changes an option and dispatches "change"; its `detail` is the option's name. */
  set(name, value) {
    if (this[name] === value) return;
    this[name] = value;
    remember(name, String(value));
    this.dispatchEvent(new CustomEvent("change", { detail: name }));
  }
}

/** Creates the controls of the options; each copy follows the others. */
export function optionControls(options, alphabet) {
  const single = toggle("", "", options, "single");
  const signs = toggle("Signs (12.50)", "Show points, commas, and minus signs", options, "signs");
  const least = el("input", { type: "range", min: 0, max: STEPS, step: 1 });
  const value = el("output");
  least.addEventListener("input", () => options.set("least", least.valueAsNumber / STEPS));
  const update = () => {
    const one = alphabet.words.single;
    single.lastChild.textContent = one;
    single.title = `Read the whole picture as ${one.toLowerCase()}`;
    single.firstChild.checked = options.single;
    signs.firstChild.checked = options.signs;
    least.value = Math.round(options.least * STEPS);
    value.textContent = options.least ? percent(options.least, 0) : "off";
  };
  options.addEventListener("change", update);
  alphabet.addEventListener("change", update);
  update();
  return el("details", { class: "options" },
    el("summary", {}, "Options"),
    el("div", { class: "option-row" }, single, signs),
    el("label", { class: "least", title: "What is less probable than this is shown as “?”" },
      el("span", {}, "Least probability"), least, value));
}

function toggle(words, title, options, name) {
  const box = el("input", { type: "checkbox", role: "switch" });
  box.addEventListener("change", () => options.set(name, box.checked));
  return el("label", { class: "switch", title }, box, el("span", {}, words));
}
