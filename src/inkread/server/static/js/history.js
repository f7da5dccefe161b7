/** The History tab: stored readings and corrections, if the server collects them. */

import { isAbort } from "./api.js";
import { $, el, say } from "./dom.js";
import { digitsOf, glyphOf, percent } from "./reading.js";
import { sentence } from "./words.js";
import { Latest } from "./work.js";

const PAGE = 30;
const TYPING = 250; // milliseconds between the last key and a search

export class HistoryTab {
  #latest = new Latest();
  #typing = 0;

  constructor({ api, info }) {
    Object.assign(this, { api, info });
    $("search").addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.load(), TYPING);
    });
  }

  /** Loads the first page of readings, and the newest corrections. */
  async load() {
    const collects = Boolean(this.info()?.collect);
    $("history-search").hidden = !collects;
    if (!collects) {
      $("history-list").replaceChildren(this.#off());
      return;
    }
    const search = $("search").value.trim();
    try {
      const found = await this.#latest.run(async (signal) => ({
        readings: await this.api.readings({ search, limit: PAGE, signal }),
        corrections: search ? null : await this.api.corrections({ limit: PAGE }),
      }));
      if (found) this.#render(found, search);
    } catch (error) {
      if (!isAbort(error))
        $("history-list").replaceChildren(el("p", { class: "empty" }, sentence(error.message)));
    }
  }

  #off() {
    return el("div", { class: "empty" },
      el("h2", {}, "Nothing is stored"),
      el("p", {}, "By default, this server does not store pictures, readings, or corrections."),
      el("p", {}, "Its operator can turn on history and corrections:"),
      el("pre", {}, el("code", {}, "inkread serve --collect")),
      el(
        "p",
        { class: "faint" },
        "Readings of uploads are then kept here until deleted, and corrections train the next model: ",
        el("code", {}, "inkread train --data corrections"),
      ),
    );
  }

  #render({ readings: { readings, next }, corrections }, search) {
    const list = el("ul", { class: "entries" }, ...readings.map((each) => this.#entry(each)));
    const parts = [list, this.#more(list, next, search)];
    if (!readings.length) {
      const words = search
        ? `No readings match “${search}”.`
        : "No readings yet. Upload a picture, or correct a digit that you drew.";
      parts.splice(0, 2, el("p", { class: "empty" }, words));
    }
    if (corrections?.corrections.length) {
      const items = el(
        "ul",
        { class: "entries" },
        ...corrections.corrections.map((each) => this.#correction(each)),
      );
      const words = "Corrections are used for training. Withdrawn corrections are not.";
      parts.push(el("h2", {}, "Corrections"), el("p", { class: "faint" }, words), items);
    }
    $("history-list").replaceChildren(...parts);
    say(
      $("history-status"),
      readings.length ? `${readings.length}${next ? " or more" : ""} readings` : "No readings",
    );
  }

  #more(list, next, search) {
    const button = el("button", { type: "button", class: "button", hidden: !next, on: { click: async () => {
      const page = await this.api.readings({ search, limit: PAGE, before: next });
      list.append(...page.readings.map((each) => this.#entry(each)));
      next = page.next;
      button.hidden = !next;
    } } }, "More");
    return button;
  }

  #entry(reading) {
    const text = reading.text.replaceAll("\n", " / ");
    const details = el("div", { class: "entry-digits", hidden: true });
    const open = el(
      "button",
      {
        type: "button",
        class: "entry-open",
        "aria-expanded": "false",
        on: { click: () => this.#open(reading, open, details) },
      },
      el("span", { class: "entry-text" }, text || "no digit"),
      facts(reading.source, when(reading.created), reading.model, many(reading.corrections, "correction")),
    );
    const entry = el(
      "li",
      { class: "entry" },
      open,
      this.#sure("Delete", `Delete the reading ${text || "without digits"}`, async () => {
        await this.api.forget(reading.id);
        await this.load();
        say($("history-status"), "Deleted.");
      }),
      details,
    );
    return entry;
  }

  async #open({ id }, button, details) {
    const opening = details.hidden;
    details.hidden = !opening;
    button.setAttribute("aria-expanded", String(opening));
    if (!opening || details.childElementCount) return;
    try {
      const reading = await this.api.reading(id);
      const digits = digitsOf(reading).map(({ digit }) => smallGlyph(digit));
      details.replaceChildren(
        ...(digits.length ? digits : [el("p", { class: "faint" }, "No digits found.")]),
      );
    } catch (error) {
      details.replaceChildren(el("p", {}, sentence(error.message)));
    }
  }

  #correction({ id, kind, read_as: read, label, created, by, model }) {
    const isMark = kind === "mark";
    const words = isMark ? `□ → ${label || "no digit"}` : `${read} → ${label || "no digit"}`;
    const name = isMark
      ? `Withdraw the box marked as ${label || "no digit"}`
      : `Withdraw the correction ${read} to ${label || "no digit"}`;
    return el(
      "li",
      { class: "entry" },
      el(
        "div",
        { class: "entry-open" },
        el("span", { class: "entry-text" }, words),
        facts(when(created), model, by),
      ),
      this.#sure("Withdraw", name, async () => {
        await this.api.withdraw(id);
        await this.load();
        say($("history-status"), "Withdrawn.");
      }));
  }

  /** Creates a button that requires a second press to confirm. */
  #sure(words, name, act) {
    let timer = 0;
    const calm = () => {
      clearTimeout(timer);
      button.classList.remove("danger");
      button.textContent = words;
      button.setAttribute("aria-label", name);
    };
    const button = el("button", { type: "button", class: "button quiet", "aria-label": name, on: {
      click: async () => {
        if (!button.classList.contains("danger")) {
          button.classList.add("danger");
          button.textContent = "Sure?";
          button.setAttribute("aria-label", `${name}: press again to confirm`);
          timer = setTimeout(calm, 5000);
          return;
        }
        calm();
        button.disabled = true;
        try {
          await act();
        } catch (error) {
          button.disabled = false;
          say($("history-status"), sentence(error.message));
        }
      },
      blur: calm,
    } }, words);
    return button;
  }
}

function facts(...words) {
  return el("span", { class: "entry-facts" }, words.filter(Boolean).join(" · "));
}

function smallGlyph(digit) {
  const caption = el("figcaption", {}, el("b", {}, digit.label), ` ${percent(digit.probability)}`);
  return el("figure", { class: "small-glyph" }, glyphCanvas(digit), caption);
}

/** Draws a glyph of 28×28 pixels on a canvas. */
function glyphCanvas(digit) {
  const canvas = el("canvas", {
    width: 28,
    height: 28,
    class: "glyph",
    role: "img",
    "aria-label": `Glyph read as ${digit.label}`,
  });
  const image = canvas.getContext("2d").createImageData(28, 28);
  glyphOf(digit)?.forEach((ink, index) => image.data.set([ink, ink, ink, 255], index * 4));
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

function when(created) {
  const date = new Date(created);
  return Number.isNaN(date.valueOf())
    ? ""
    : date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

function many(count, what) {
  return count ? `${count} ${what}${count === 1 ? "" : "s"}` : "";
}
