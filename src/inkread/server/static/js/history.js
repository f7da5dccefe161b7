/** The History tab: stored readings and corrections, if the server collects them. */

import { isAbort } from "./api.js";
import { drawGlyph } from "./bars.js";
import { $, download, el, say } from "./dom.js";
import { toCsv, toJson } from "./exports.js";
import { HistoryEntry } from "./history_entry.js";
import { glyphOf } from "./reading.js";
import { readingOfStored } from "./stored.js";
import { sureButton } from "./sure.js";
import { sentence, when } from "./words.js";
import { Latest, Turns } from "./work.js";

const PAGE = 30;
const EXPORT_PAGE = 200;
const AT_ONCE = 4;
const TYPING = 250; // milliseconds between the last key and a search

export class HistoryTab {
  #latest = new Latest();
  #typing = 0;

  constructor({ api, corrections, options, alphabet, info }) {
    Object.assign(this, { api, corrections, options, alphabet, info });
    this.given = el("div");
    $("search").addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.load(), TYPING);
    });
    $("history-csv").addEventListener("click", () => this.#export("csv", toCsv, "text/csv"));
    $("history-json").addEventListener("click", () => this.#export("json", toJson, "application/json"));
    $("history-actions").append(this.#sure("Clear all", "Delete all readings", async () => {
      await this.api.forgetAll();
      await this.load();
      say($("history-status"), "All readings deleted.");
    }));
  }

  /** Loads the first page of readings, and the newest corrections. */
  async load() {
    const collects = Boolean(this.info()?.collect);
    $("history-search").hidden = !collects;
    if (!collects) {
      $("history-actions").hidden = true;
      $("history-list").replaceChildren(off());
      return;
    }
    const search = $("search").value.trim();
    try {
      const found = await this.#latest.run((signal) => this.api.readings({ search, limit: PAGE, signal }));
      if (!found) return;
      this.#render(found, search);
      await this.#loadCorrections();
    } catch (error) {
      if (!isAbort(error))
        $("history-list").replaceChildren(el("p", { class: "empty" }, sentence(error.message)));
    }
  }

  #render({ readings, next }, search) {
    $("history-actions").hidden = !readings.length;
    const list = el("ul", { class: "entries" }, ...readings.map((each) => this.#entry(each)));
    const parts = [list, this.#more(list, next, search)];
    if (!readings.length) {
      const words = search
        ? `No readings match “${search}”.`
        : "No readings yet. Upload a picture, or correct a digit that you drew.";
      parts.splice(0, 2, el("p", { class: "empty" }, words));
    }
    $("history-list").replaceChildren(...parts, this.given);
    const words = readings.length ? `${readings.length}${next ? " or more" : ""} readings` : "No readings";
    say($("history-status"), words);
  }

  async #loadCorrections() {
    const { corrections } = await this.api.corrections({ limit: PAGE });
    if (!corrections.length || $("search").value.trim()) {
      this.given.replaceChildren();
      return;
    }
    this.given.replaceChildren(
      el("h2", {}, "Corrections"),
      el("p", { class: "faint" }, "Corrections are used for training. Withdrawn corrections are not."),
      el("ul", { class: "entries" }, ...corrections.map((each) => this.#correction(each))),
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
    const remove = this.#sure("Delete", `Delete the reading ${text || "without digits"}`, async () => {
      await this.api.forget(reading.id);
      await this.load();
      say($("history-status"), "Deleted.");
    });
    return new HistoryEntry(reading, this, remove, () => this.#loadCorrections()).root;
  }

  #correction({ id, kind, read_as: read, label, created, by, model, glyph }) {
    const isMark = kind === "mark";
    const to = label || "no digit";
    const name = isMark ? `Withdraw the box marked as ${to}` : `Withdraw the correction ${read} to ${to}`;
    const withdraw = this.#sure("Withdraw", name, async () => {
      await this.api.withdraw(id);
      await this.load();
      say($("history-status"), "Withdrawn.");
    });
    const facts = [when(created), model, by].filter(Boolean).join(" · ");
    const words = el("span", { class: "entry-words" },
      el("span", { class: "entry-text" }, isMark ? `□ → ${to}` : `${read} → ${to}`),
      el("span", { class: "entry-facts" }, facts));
    const row = el("div", { class: "entry-open" }, smallGlyph(glyph), words);
    return el("li", { class: "entry" }, row, withdraw);
  }

  #sure(words, name, act) {
    return sureButton(words, name, act, (error) => say($("history-status"), sentence(error.message)));
  }

  /** Downloads all readings that match the search, with their corrections. */
  async #export(suffix, format, type) {
    const buttons = $("history-actions").querySelectorAll("button");
    for (const button of buttons) button.disabled = true;
    try {
      const items = await this.#everything();
      download(`inkread-history.${suffix}`, format(items), type);
      say($("history-status"), `${items.length} readings exported.`);
    } catch (error) {
      say($("history-status"), sentence(error.message));
    }
    for (const button of buttons) button.disabled = false;
  }

  async #everything() {
    const search = $("search").value.trim();
    const turns = new Turns(AT_ONCE);
    const items = [];
    let before = null;
    do {
      const { readings, next } = await this.api.readings({ search, limit: EXPORT_PAGE, before });
      const loads = readings.map(({ id, source }) => turns.run(async () => (
        { name: source, reading: readingOfStored(await this.api.reading(id)), error: null }
      )));
      items.push(...(await Promise.all(loads)));
      before = next;
    } while (before);
    return items;
  }
}

function off() {
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

function smallGlyph(glyph) {
  if (!glyph) return null;
  const canvas = el("canvas", { class: "glyph thumbnail", width: 28, height: 28, "aria-hidden": "true" });
  drawGlyph(canvas, glyphOf({ glyph }));
  return canvas;
}
