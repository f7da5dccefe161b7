/** The frames that were captured with the camera: a strip of pictures with their readings. */

import { $, el, say } from "./dom.js";
import { shownText } from "./reading.js";
import { sentence } from "./words.js";

export class Shots {
  #files = [];

  /**
   * @param {Object} options
   * @param {(file: File) => Promise<Object>} options.read returns a reading.
   * @param {(files: File[]) => void} options.add opens them on the Upload tab.
   */
  constructor({ read, add }) {
    this.read = read;
    $("shots-open").addEventListener("click", () => add(this.#take()));
    $("shots-discard").addEventListener("click", () => this.#take());
  }

  async add(file) {
    this.#files.push(file);
    const words = el("figcaption", {}, "Reading …");
    const image = el("img", { src: URL.createObjectURL(file), alt: file.name });
    $("shots-list").append(el("li", {}, el("figure", {}, image, words)));
    this.#update();
    try {
      say(words, shownText(await this.read(file)).replaceAll("\n", " / ") || "no digit");
    } catch (error) {
      say(words, sentence(error.message));
    }
  }

  /** Empties the strip and returns its files. */
  #take() {
    for (const image of $("shots-list").querySelectorAll("img")) URL.revokeObjectURL(image.src);
    $("shots-list").replaceChildren();
    const files = this.#files;
    this.#files = [];
    this.#update();
    return files;
  }

  #update() {
    const count = this.#files.length;
    $("shots").hidden = !count;
    say($("shots-title"), `${count} ${count === 1 ? "picture" : "pictures"} captured`);
  }
}
