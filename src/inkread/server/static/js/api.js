/** The page's client of the HTTP API. Does not use the DOM. */

import { asText } from "./reading.js";
import { sentence } from "./words.js";

const TRIES = 6;
const LONGEST_WAIT = 20; // seconds

/** An error reported by the server (RFC 9457). */
export class Problem extends Error {
  constructor(status, { title = "", detail = "", remedy = "" } = {}) {
    super(
      [detail || title || `The server answered ${status}`, remedy].filter(Boolean).map(sentence).join(" "),
    );
    this.name = "Problem";
    this.status = status;
  }

  static async of(response) {
    const body = await response.json().catch(() => ({}));
    return new Problem(response.status, body);
  }
}

/** The server cannot be reached. */
export class Unreachable extends Error {
  constructor() {
    super("The server does not respond; check that it is running, then try again");
    this.name = "Unreachable";
  }
}

/** Whether the same request may succeed later: the server is gone, busy, or failed. */
export const mayPass = (error) => error instanceof Unreachable || error.status >= 500 || error.status === 429;

export const isAbort = (error) => error?.name === "AbortError";

/**
 * Returns the time to wait before the next attempt, in seconds.
 * @param {?string} retryAfter the header: seconds or a date.
 * @param {number} attempt from 0.
 */
export function wait(retryAfter, attempt, now = Date.now()) {
  const seconds = Number(retryAfter);
  const asked = retryAfter && !Number.isNaN(seconds) ? seconds : (Date.parse(retryAfter ?? "") - now) / 1000;
  return Math.min(LONGEST_WAIT, Number.isFinite(asked) ? Math.max(0, asked) : 0.25 * 2 ** attempt);
}

export class Api {
  /**
   * @param {Object} options
   * @param {string} options.base the page's URL; the API's URLs are relative to it.
   * @param {() => ?string} options.key the API key, if there is one.
   * @param {(refused: boolean) => Promise<?string>} options.askKey asks the user for a key; null for none.
   * @param {() => ?string} options.alphabet what to read besides digits; null for digits.
   * @param {() => boolean} options.single whether each picture is read as one digit.
   * @param {(request: import("./snippets.js").Request) => void} options.noted called with each request to
   *   read or correct something, as another program would send it.
   */
  constructor({
    base,
    key = () => null,
    askKey = async () => null,
    alphabet = () => null,
    single = () => false,
    noted = () => {},
    fetcher = (...all) => fetch(...all),
  }) {
    this.base = base;
    this.alphabet = alphabet;
    this.single = single;
    this.noted = noted;
    this.key = key;
    this.askKey = askKey;
    this.fetcher = fetcher;
  }

  info() { return this.#json("v1/info"); }
  models() { return this.#json("v1/models"); }
  openapi() { return this.#json("openapi.json"); }

  /** Returns the URL of a run's report. */
  reportOf(name) { return new URL(`v1/models/${encodeURIComponent(name)}/report`, this.base).href; }
  async report(name) { return (await this.#send(this.reportOf(name))).blob(); }

  /** Reads a picture with the options of POST /v1/read; `patient` retries while the server is busy. */
  async read(picture, { name = "picture.png", signal, patient = false, ...options } = {}) {
    const { model, min_probability, page, single } = options; // the others are for this page
    const file = page ? name.replace(/#\d+$/, "") : name; // pages are listed as scan.pdf#2
    const chosen = { ...this.#chosen(), ...(single ? { single } : {}) };
    this.#note("v1/read", { model, min_probability, page, ...chosen }, { file });
    const response = await this.#picture(picture, { name, signal, patient, ...options });
    const reading = await response.json();
    return this.alphabet() ? asText(reading) : reading;
  }

  /** Returns the picture with its boxes drawn on it, for formats that the browser cannot show. */
  async drawn(picture, { name = "picture.png", signal, ...options } = {}) {
    return (await this.#picture(picture, { name, signal, patient: true, ...options, draw: true })).blob();
  }

  /** Classifies 28×28 drawings, rows of numbers 0..255. */
  glyphs(glyphs, { model, signal } = {}) {
    this.#note("v1/glyphs", { normalize: true, model }, { json: { glyphs } });
    return this.#json(`v1/glyphs${query({ normalize: true, model })}`, {
      ...json({ glyphs }),
      signal,
      patient: true,
    });
  }

  correct(correction) {
    this.#note("v1/corrections", {}, { json: correction });
    return this.#json("v1/corrections", { ...json(correction), patient: true });
  }
  withdraw(id) { return this.#send(`v1/corrections/${encodeURIComponent(id)}`, { method: "DELETE" }); }
  corrections(options = {}) { return this.#json(`v1/corrections${query(options)}`); }
  readings({ signal, ...options } = {}) { return this.#json(`v1/readings${query(options)}`, { signal }); }
  reading(id) { return this.#json(`v1/readings/${encodeURIComponent(id)}`); }
  forget(id) { return this.#send(`v1/readings/${encodeURIComponent(id)}`, { method: "DELETE" }); }

  forgetAll() { return this.#send("v1/readings?all=true", { method: "DELETE" }); }
  /** Returns the picture of a stored reading; null if none is stored. */
  async storedPicture(id, side) {
    const answer = await this.#send(`v1/readings/${encodeURIComponent(id)}/picture${query({ side })}`);
    return answer.status === 204 ? null : answer.blob();
  }

  #picture(picture, { name, signal, patient, ...options }) {
    const body = new FormData();
    body.append("picture", picture, name);
    const all = query({ ...this.#chosen(), ...options });
    return this.#send(`v1/read${all}`, { method: "POST", body, signal, patient });
  }

  /** Returns the options that the user has chosen for all pictures. */
  #chosen() {
    return { single: this.single() || undefined, alphabet: this.alphabet() };
  }

  #note(path, options, body) {
    const given = Object.entries(options).filter(([, value]) => value !== undefined && value !== null);
    this.noted({ method: "POST", path, options: Object.fromEntries(given), ...body });
  }

  async #json(path, options) {
    return (await this.#send(path, options)).json();
  }

  async #send(path, { patient = false, ...options } = {}) {
    for (let attempt = 0, asked = false; ; attempt += 1) {
      const response = await this.#fetch(path, options);
      if (response.ok) return response;
      if (response.status === 401 && !asked) {
        asked = true;
        if (await this.askKey(Boolean(this.key()))) continue;
      } else if (patient && (response.status === 503 || response.status === 429) && attempt + 1 < TRIES) {
        await sleep(wait(response.headers.get("Retry-After"), attempt), options.signal);
        continue;
      }
      throw await Problem.of(response);
    }
  }

  async #fetch(path, options) {
    const headers = new Headers(options.headers);
    if (this.key()) headers.set("Authorization", `Bearer ${this.key()}`);
    try {
      return await this.fetcher(new URL(path, this.base), { ...options, headers });
    } catch (error) {
      if (isAbort(error)) throw error;
      throw new Unreachable();
    }
  }
}

function json(value) {
  return { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) };
}

/** Formats the given options as "?single=true&…"; skips empty ones. */
export function query(options) {
  const given = Object.entries(options).filter(
    ([, value]) => value !== undefined && value !== null && value !== "",
  );
  return given.length ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : "";
}

function sleep(seconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new DOMException("no longer wanted", "AbortError"));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
  });
}
