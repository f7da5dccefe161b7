/** The choice of what to read, remembered by the browser, and the words of the page that depend on it. */

import { $ } from "./dom.js";
import { recall, remember } from "./memory.js";

const WORDS = {
  digits: {
    title: "Read handwritten numbers",
    sheet: "Write one or more digits",
    grid: "One digit of any size: it is scaled and centered for the model.",
    live: "Digits are read as you draw.",
    camera: "Hold digits in front of the camera to read them.",
    single: "One digit",
    count: "Digits",
    nothing: "no digit",
  },
  letters: {
    title: "Read handwritten letters",
    sheet: "Write one or more letters",
    grid: "One letter of any size: it is scaled and centered for the model.",
    live: "Letters are read as you draw.",
    camera: "Hold letters in front of the camera to read them.",
    single: "One letter",
    count: "Words",
    nothing: "no letter",
  },
  alnum: {
    title: "Read handwritten digits and letters",
    sheet: "Write digits and letters",
    grid: "One character of any size: it is scaled and centered for the model.",
    live: "Digits and letters are read as you draw.",
    camera: "Hold digits and letters in front of the camera to read them.",
    single: "One character",
    count: "Words",
    nothing: "no text",
  },
  text: {
    title: "Read handwritten text",
    sheet: "Write a few words",
    grid: "One character of any size: it is scaled and centered for the model.",
    live: "Words are read as you write.",
    camera: "Hold a text in front of the camera to read it.",
    single: "One character",
    count: "Words",
    nothing: "no text",
  },
};

/** Dispatches "change" when the user chooses something else to read. */
export class Alphabet extends EventTarget {
  /** @param {HTMLSelectElement} select its options have the names of the alphabets. */
  constructor(select) {
    super();
    this.select = select;
    select.value = recall("alphabet") ?? "digits";
    if (!select.value) select.value = "digits";
    select.addEventListener("change", () => {
      remember("alphabet", select.value);
      this.#tell();
      this.dispatchEvent(new Event("change"));
    });
    this.#tell();
  }

  get isDigits() { return this.select.value === "digits"; }

  /** The alphabet as the API names it; null for digits. */
  get name() { return this.isDigits ? null : this.select.value; }

  /** The kind of model that reads it. */
  get kind() { return this.isDigits ? "glyphs" : "text"; }

  get words() { return WORDS[this.select.value]; }

  #tell() {
    for (const element of document.querySelectorAll("[data-words]"))
      element.textContent = this.words[element.dataset.words];
  }
}
