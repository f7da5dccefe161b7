/** What can be taken from a reading: its text on the clipboard, its picture with boxes, CSV, and JSON. */

import { annotated } from "./annotate.js";
import { download, el, say, toBlob } from "./dom.js";
import { toCsv, toJson } from "./exports.js";
import { digitsOf, shownText } from "./reading.js";
import { sentence } from "./words.js";

const TOLD = 2000; // milliseconds for which a button says what it did

export class Results {
  /**
   * @param {Object} options
   * @param {() => ?Object} options.item the item shown: {reading, picture, name}.
   * @param {import("./options.js").ReadingOptions} options.options
   * @param {(words: string) => void} options.tell tells screen readers what was done.
   * @param {(item: Object) => Promise<Blob>} [options.drawn] draws the boxes on a picture that the browser
   *   cannot show.
   */
  constructor({ item, options, tell, drawn = null }) {
    Object.assign(this, { item, options, tell, drawn });
    this.copyButton = this.#button("Copy", "Copy the text", () => this.#copy());
    const picture = () => this.#picture();
    this.pictureButton = this.#button("Picture", "Download the picture with its boxes", picture);
    const look = { class: "results", role: "group", "aria-label": "Copy and download", hidden: true };
    this.root = el("div", look,
      this.copyButton,
      this.pictureButton,
      this.#button("CSV", "Download as CSV", () => this.#save("csv", toCsv, "text/csv")),
      this.#button("JSON", "Download as JSON", () => this.#save("json", toJson, "application/json")));
  }

  update() {
    const item = this.item();
    this.root.hidden = !item || !digitsOf(item.reading).length;
    this.pictureButton.hidden = !item?.picture;
  }

  #button(words, title, act) {
    return el("button", { type: "button", class: "button small", title, on: { click: act } }, words);
  }

  async #copy() {
    const text = shownText(this.item().reading, this.options);
    try {
      await navigator.clipboard.writeText(text);
      this.#told(this.copyButton, "Copied");
    } catch {
      this.#told(this.copyButton, "Not allowed");
    }
  }

  async #picture() {
    const item = this.item();
    try {
      let picture;
      try {
        picture = await toBlob(await annotated(item, this.options));
      } catch (error) {
        if (!this.drawn) throw error;
        picture = await this.drawn(item); // a format that the browser cannot show
      }
      download(`${stem(item.name)}-read.png`, picture, "image/png");
    } catch (error) {
      this.#told(this.pictureButton, "Not possible", sentence(error.message));
    }
  }

  #save(suffix, format, type) {
    const item = this.item();
    download(`${stem(item.name)}.${suffix}`, format([item], this.options), type);
  }

  #told(button, words, spoken = words) {
    const before = button.dataset.words ?? button.textContent;
    button.dataset.words = before;
    say(button, words);
    this.tell(spoken);
    setTimeout(() => say(button, before), TOLD);
  }
}

function stem(name) {
  return name.replace(/\.[^.]*$/, "") || name;
}
