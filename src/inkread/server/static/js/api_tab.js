/** The API tab: what the page just did as a program, and all requests of the server. */

import { $, el, say } from "./dom.js";
import { recall, remember } from "./memory.js";
import { reference } from "./reference.js";
import { FIRST, LANGUAGES } from "./snippets.js";
import { sentence } from "./words.js";

const TOLD = 2000; // milliseconds for which the button says what it did

export class ApiTab {
  #request = FIRST;
  #loaded = false;

  constructor({ api }) {
    this.api = api;
    const known = recall("language");
    const chosen = Object.hasOwn(LANGUAGES, known ?? "") ? known : "curl";
    $("language").append(...Object.keys(LANGUAGES).map((name) => choice(name, name === chosen)));
    $("language").addEventListener("change", ({ target }) => {
      remember("language", target.value);
      this.#show();
    });
    $("snippet-copy").addEventListener("click", () => this.#copy());
  }

  /** Remembers the page's newest request. @param {import("./snippets.js").Request} request */
  note(request) {
    this.#request = request;
    if (!$("panel-api").hidden) this.#show();
  }

  async load() {
    this.#show();
    if (this.#loaded) return;
    try {
      $("reference").replaceChildren(...reference(await this.api.openapi()));
      this.#loaded = true;
    } catch (error) {
      $("reference").replaceChildren(el("p", {}, sentence(error.message)));
    }
  }

  #show() {
    const language = $("language").querySelector(":checked").value;
    const { base } = this.api;
    say($("snippet"), LANGUAGES[language](this.#request, { base, key: Boolean(this.api.key()) }));
    say($("snippet-words"), this.#request === FIRST
      ? "Read something, and this becomes the request that the page made."
      : "This is the newest request that this page made.");
  }

  async #copy() {
    const button = $("snippet-copy");
    try {
      await navigator.clipboard.writeText($("snippet").textContent);
      say(button, "Copied");
    } catch {
      say(button, "Not allowed");
    }
    setTimeout(() => say(button, "Copy"), TOLD);
  }
}

function choice(name, checked) {
  const radio = el("input", { type: "radio", name: "language", value: name, checked });
  return el("label", {}, radio, el("span", {}, name));
}
