/**
 * Takes the place of the client of the HTTP API, which the build renames: pictures are read by a worker in
 * this browser, and nothing is sent anywhere. Does not use the DOM.
 */

import { Api as HttpApi, Problem } from "./http_api.js";

export * from "./http_api.js";

const FORMATS = ["JPEG", "PNG", "WebP", "GIF", "BMP", "AVIF"];
const [UNREADABLE, FAILED] = [422, 500]; // the statuses of a server's answers

/** Tells how much of the reader is loaded: an event "progress" with {loaded, total}, in bytes. */
export const loading = new EventTarget();

export class Api extends HttpApi {
  #worker = null;
  #waiting = [];
  #current = null;
  #count = 0;

  /** @param {Object} options as of the other client; only `single` counts. */
  constructor({ base, single } = {}) {
    super({ base, single });
  }

  /** Describes this site like a server; also starts to load the reader. */
  async info() {
    this.#ask("open", {}).catch(() => null); // reading a picture reports the error
    return { version: "", collect: false, api_key: false, formats: FORMATS, limits: { pixels: 120e6 } };
  }

  async models() {
    return { default: "default", models: [] };
  }

  /** Reads a picture with the options `single` and `detail` of POST /v1/read. */
  async read(picture, { name = "picture.png", signal, single = this.single(), detail = false } = {}) {
    const reading = await this.#ask("read", { name, picture, options: { single, detail } }, signal);
    return { ...reading, id: null, source: name, model: "default", page: 1, pages: 1, error: null };
  }

  /** Classifies 28×28 drawings, rows of numbers 0..255. */
  async glyphs([glyph], { signal } = {}) {
    const content = { name: "drawing", values: glyph.flat() };
    return { model: "default", ...(await this.#ask("classify", content, signal)) };
  }

  async drawn(_picture, { name = "picture.png" } = {}) {
    throw new Problem(UNREADABLE, { detail: `${name} cannot be shown by this browser` });
  }

  /** Queues a task for the worker, which does one at a time; an aborted one that waits is not started. */
  #ask(task, content, signal) {
    return new Promise((resolve, reject) => {
      const job = { id: (this.#count += 1), task, content, resolve, reject };
      const stop = () => {
        this.#waiting = this.#waiting.filter((each) => each !== job);
        reject(new DOMException("no longer wanted", "AbortError"));
      };
      if (signal?.aborted) return stop();
      signal?.addEventListener("abort", stop, { once: true });
      this.#waiting.push(job);
      this.#next();
    });
  }

  #next() {
    if (this.#current || !this.#waiting.length) return;
    this.#current = this.#waiting.shift();
    const {
      id,
      task,
      content: { picture, values, options },
    } = this.#current;
    this.#worker ??= this.#start();
    this.#worker.postMessage({ id, task, picture, values, options });
  }

  #start() {
    const worker = new Worker(new URL("../site/worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }) => {
      if (data.total) loading.dispatchEvent(new CustomEvent("progress", { detail: data }));
      else this.#finish(data);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      worker.terminate();
      this.#worker = null;
      this.#finish({ error: { message: event.message || "the worker cannot be started" } });
    });
    return worker;
  }

  #finish({ result, error }) {
    const { task, content, resolve, reject } = this.#current;
    this.#current = null;
    if (!error) resolve(result);
    else if (error.isPicture) reject(new Problem(UNREADABLE, { detail: `${content.name} ${error.message}` }));
    else {
      const detail = `The reader does not work here: ${error.message}`;
      reject(new Problem(FAILED, { detail, remedy: "Reload the page" }));
    }
    if (task === "open" || !error)
      loading.dispatchEvent(new CustomEvent("progress", { detail: { done: !error, error } }));
    this.#next();
  }
}
