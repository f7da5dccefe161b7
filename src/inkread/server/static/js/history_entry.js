/** One stored reading: a row with its thumbnail, which opens to the picture, to be corrected there. */

import { el, say } from "./dom.js";
import { pictureWithBoxes } from "./picture.js";
import { digitsOf, textOf } from "./reading.js";
import { readingOfStored } from "./stored.js";
import { ReadingView } from "./view.js";
import { many, when, sentence } from "./words.js";

const THUMBNAIL = 160; // pixels of its longer side

export class HistoryEntry {
  #summary;
  #loaded = false;

  /**
   * @param {Object} summary an item of GET /v1/readings.
   * @param {Object} shared `api`, `corrections`, `options`.
   * @param {HTMLElement} remove the button that deletes it.
   * @param {() => void} changed called after a correction.
   */
  constructor(summary, { api, corrections, options, alphabet }, remove, changed) {
    Object.assign(this, { api, corrections, options, alphabet, changed });
    this.#summary = summary;
    this.thumbnail = el("img", { class: "thumbnail", alt: "", width: 72, height: 54, hidden: true });
    this.text = el("span", { class: "entry-text" }, summary.text.replaceAll("\n", " / ") || "no digit");
    this.facts = el("span", { class: "entry-facts" });
    this.button = el("button", {
      type: "button",
      class: "entry-open",
      "aria-expanded": "false",
      on: { click: () => this.#toggle() },
    }, this.thumbnail, el("span", { class: "entry-words" }, this.text, this.facts));
    this.details = el("div", { class: "entry-details", hidden: true });
    this.root = el("li", { class: "entry" }, this.button, remove, this.details);
    this.#tell(summary.corrections);
    if (summary.corrections) this.#correct();
    this.#picture(THUMBNAIL).then((blob) => {
      if (!blob) return;
      this.thumbnail.addEventListener("load", () => URL.revokeObjectURL(this.thumbnail.src), { once: true });
      this.thumbnail.src = URL.createObjectURL(blob);
      this.thumbnail.hidden = false;
    }, () => {}); // without a thumbnail, the text remains
  }

  #tell(corrections) {
    const { source, created, model } = this.#summary;
    const facts = [source, when(created), model, many(corrections, "correction")];
    say(this.facts, facts.filter(Boolean).join(" · "));
  }

  /** Shows the text with its corrections; the list has it as it was read. */
  async #correct() {
    try {
      this.#write(readingOfStored(await this.api.reading(this.#summary.id)));
    } catch {
      // the text as it was read remains
    }
  }

  #write(reading) {
    say(this.text, textOf(reading).replaceAll("\n", " / ") || "no digit");
    const count = digitsOf(reading).filter(({ digit }) => digit.corrected !== undefined).length;
    this.#tell(count);
    this.text.classList.toggle("is-corrected", count > 0);
  }

  #picture(side = undefined) {
    return this.api.storedPicture(this.#summary.id, side);
  }

  async #toggle() {
    const opening = this.details.hidden;
    this.details.hidden = !opening;
    this.button.setAttribute("aria-expanded", String(opening));
    if (!opening || this.#loaded) return;
    this.details.replaceChildren(el("p", { class: "faint" }, "Loading …"));
    try {
      const { id, source: name, model } = this.#summary;
      const [stored, picture] = await Promise.all([this.api.reading(id), this.#picture()]);
      this.#show({ reading: readingOfStored(stored), picture, name, model });
      this.#loaded = true;
    } catch (error) {
      this.details.replaceChildren(el("p", {}, sentence(error.message)));
    }
  }

  #show(item) {
    const panel = el("div", { class: "beside" });
    const view = new ReadingView(panel, {
      options: this.options,
      corrections: this.corrections,
      alphabet: this.alphabet,
      invitation: () => "",
      changed: () => {
        this.#write(item.reading);
        this.changed();
      },
    });
    this.details.replaceChildren(el("div", { class: "split" }, this.#stage(item, view), panel));
    view.show(item);
  }

  #stage({ picture, name }, view) {
    if (!picture) return el("p", { class: "faint" }, "No picture is stored.");
    const src = URL.createObjectURL(picture);
    const { root, image } = pictureWithBoxes({ src, name, view });
    image.addEventListener("load", () => URL.revokeObjectURL(src), { once: true });
    return el("div", { class: "stage" }, root);
  }
}
