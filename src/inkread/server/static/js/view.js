/** The panel next to a picture: text, confidence, probabilities, and corrections. */

import { Bars } from "./bars.js";
import { $, el, icon, say } from "./dom.js";
import { optionControls } from "./options.js";
import { Pad } from "./pad.js";
import * as readings from "./reading.js";
import { Results } from "./results.js";
import { RowEditor } from "./row_editor.js";
import { size } from "./rows.js";
import { sentence } from "./words.js";

export class ReadingView {
  #item = null;
  #selected = null;
  #boxes = null;
  #marking = null; // {box} while a box is being drawn; box is null at first
  #editor = null; // a RowEditor while a row is being edited
  #spoken = 0;
  #lastWords = "";

  /**
   * @param {HTMLElement} container
   * @param {Object} options
   * @param {import("./options.js").ReadingOptions} options.options
   * @param {import("./corrections.js").Corrections} [options.corrections] required for corrections.
   * @param {string} [options.seen] the caption of the glyph.
   * @param {() => string} options.invitation shown while there is no reading.
   * @param {import("./alphabet.js").Alphabet} options.alphabet what is read.
   * @param {(item: Object) => void} [options.changed] called after a correction.
   * @param {(item: Object) => Promise<Blob>} [options.drawn] see `Results`.
   */
  constructor(container, {
    options, alphabet, corrections = null, invitation, seen = "The model’s input", changed = () => {}, drawn = null,
  }) {
    Object.assign(this, { options, alphabet, corrections, invitation, changed });
    const tell = (words) => this.#say(words);
    this.results = new Results({ item: () => this.#item, options, tell, drawn });
    this.#build(container, seen);
    this.clear();
    options.addEventListener("change", () => this.#item && this.#render());
    alphabet.addEventListener("change", () => this.#item || this.clear());
  }

  get item() { return this.#item; }
  get selected() { return this.#selected; }

  /** Links boxes that show the same reading and the same selected digit. */
  link(boxes) {
    this.#stop();
    this.#boxes = boxes;
  }

  clear(words = this.invitation()) {
    this.#stop();
    this.#item = null;
    this.#selected = null;
    this.#calm();
    this.root.dataset.kind = "empty";
    this.text.replaceChildren(el("span", { class: "nothing", "aria-hidden": "true" }, "–"));
    say(this.verdict, words);
    say(this.facts, "");
    this.#say("");
    this.#detail(null);
    this.#boxes?.clear();
  }

  /** Updates notes that depend on more than the reading, such as whether the server collects corrections. */
  refresh() {
    if (this.#item) this.#render();
    else this.#detail(null);
  }

  /** Shows that a picture is being read; an older reading stays until then. */
  busy() {
    if (!this.#item) this.clear("");
    this.retry.hidden = true;
    this.root.setAttribute("aria-busy", "true");
    this.waiting.hidden = false;
    this.facts.hidden = true;
  }

  /** Ends `busy` without a reading. */
  #calm() {
    this.root.setAttribute("aria-busy", "false");
    this.waiting.hidden = true;
    this.facts.hidden = false;
    this.retry.hidden = true;
  }

  /**
   * Shows a problem instead of a reading.
   * @param {?() => void} again tries again, if that can help.
   */
  problem(error, again = null) {
    this.clear("");
    this.root.dataset.kind = "problem";
    say(this.verdict, sentence(error.message));
    this.again = again;
    this.retry.hidden = !again;
    this.#say(sentence(error.message));
  }

  /**
   * Shows an item {reading, picture, name, model}.
   * @param {?{line: number, position: number}} select the digit to select; default: the last selected or the
   *   least probable one.
   */
  show(item, select = undefined) {
    const same = this.#item === item;
    if (!same) this.#stop();
    this.#item = item;
    this.#calm();
    this.#selected = this.#present(select)
      ?? (same ? this.#present(this.#selected) : null)
      ?? readings.leastSure(item.reading)
      ?? readings.digitsOf(item.reading)[0]
      ?? null;
    this.#render();
    this.#say(readings.spoken(item.reading));
  }

  select({ line, position }) {
    this.#selected = this.#present({ line, position });
    this.#render();
  }

  /** Handles keys on a digit: 0–9 and Backspace correct it, arrows select the next. */
  key(event, place) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const canCorrect = !this.#item.reading.isText;
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (step) this.#go(place, step, event.currentTarget);
    else if (canCorrect && /^[0-9]$/.test(event.key)) this.#correct(place, event.key);
    else if (canCorrect && (event.key === "Backspace" || event.key === "Delete")) this.#correct(place, "");
    else return;
    event.preventDefault();
  }

  #build(container, seen) {
    this.verdict = el("p", { class: "verdict" });
    this.text = el("div", { class: "text", role: "group", "aria-label": "Text read" });
    this.facts = el("p", { class: "facts-line" });
    this.choices = el("p", { class: "choices faint" });
    this.waiting = el("p", { class: "waiting", hidden: true },
      el("span", { class: "spinner", "aria-hidden": "true" }), "Reading …");
    this.retry = el(
      "button",
      { type: "button", class: "button retry", hidden: true, on: { click: () => this.again?.() } },
      "Try again",
    );
    this.live = el("p", { class: "visually-hidden", role: "status" });
    this.bars = new Bars(seen);
    this.pad = this.corrections && new Pad({
      collects: () => this.corrections.collects(),
      press: (label) => this.#press(label),
      withdraw: () => this.#withdraw(),
      toggleMark: () => this.#toggleMark(),
    });
    this.root = el("section", { class: "reading", "aria-label": "Reading" },
      el("div", { class: "reading-top" },
        el("h2", { class: "eyebrow" }, "Reading"), this.facts, this.waiting),
      this.text,
      this.verdict,
      this.choices,
      this.retry,
      this.live,
      this.results.root,
      optionControls(this.options, this.alphabet),
      this.bars.root,
      this.pad?.root);
    container.replaceChildren(this.root);
  }

  #press(label) {
    if (this.#marking) this.#mark(label);
    else if (this.#selected) this.#correct(this.#selected, label);
  }

  #present(place) {
    return place && this.#item?.reading.lines[place.line]?.digits[place.position]
      ? { line: place.line, position: place.position }
      : null;
  }

  #render() {
    const { reading } = this.#item;
    const { kind, text } = readings.verdict(reading);
    this.root.dataset.kind = kind;
    this.root.classList.toggle("is-text", Boolean(reading.isText));
    const count = readings.digitsOf(reading).length;
    this.text.dataset.size = reading.isText ? "small" : count <= 3 ? "large" : count <= 12 ? "middle" : "small";
    this.#renderText(reading);
    say(this.verdict, text);
    say(this.facts, [reading.model, duration(reading.milliseconds)].filter(Boolean).join(" · "));
    this.#detail(
      this.#selected
        ? reading.lines[this.#selected.line].digits[this.#selected.position]
        : (reading.drawn ?? null),
    );
    this.#boxes?.show(reading, this.#selected, this.options);
  }

  #renderText(reading) {
    const { place, edit } = this.text.contains(document.activeElement) ? document.activeElement.dataset : {};
    if (!readings.digitsOf(reading).length) {
      this.text.replaceChildren(el("span", { class: "nothing", "aria-hidden": "true" }, "–"));
      return;
    }
    const writing = this.#editor && document.activeElement === this.#editor.input;
    this.text.replaceChildren(...reading.lines.map((row, line) => this.#row(row, line)).filter(Boolean));
    if (place) this.text.querySelector(`[data-place="${place}"]`)?.focus();
    if (edit) this.#focusRow(edit);
    if (writing) this.#editor.input.focus();
  }

  #row(row, line) {
    if (this.#editor?.line === line) return this.#editor.root;
    if (!row.digits.length) return null;
    const parts = readings.partsOf(row, this.options).map(({ digit, position, sign }) => (
      digit ? this.#chip(digit, { line, position }) : el("span", { class: "sign" }, sign.label)
    ));
    const words = `Edit row ${line + 1}: ${[...readings.rowText(row)].join(" ") || "no digit"}`;
    const edit = this.corrections && !this.#item.reading.isText && el("button", {
      type: "button",
      class: "button quiet edit",
      title: "Edit row",
      "aria-label": words,
      data: { edit: line },
      on: { click: () => this.#edit(line) },
    }, icon("pen"));
    return el("div", { class: "line" }, ...parts, edit);
  }

  /** Shows a row as a text field; Enter saves it, Escape cancels. */
  #edit(line) {
    this.#stop();
    this.#editor = new RowEditor({
      line,
      text: readings.rowText(this.#item.reading.lines[line]),
      save: () => this.#write(),
      cancel: () => this.#leave(),
    });
    const { input } = this.#editor;
    this.#render();
    input.focus();
    input.select();
  }

  #leave() {
    const { line } = this.#editor;
    this.#stop();
    this.#render();
    this.#focusRow(line);
  }

  async #write() {
    const { line, input, digits } = this.#editor;
    if (!input.reportValidity()) return;
    this.#stop();
    const done = this.#change(this.#item, this.#selected, () =>
      this.corrections.write(this.#item, line, digits),
    );
    this.#focusRow(line);
    await done;
  }

  #focusRow(line) {
    this.text.querySelector(`[data-edit="${line}"]`)?.focus();
  }

  #toggleMark() {
    if (this.#marking) {
      this.#leaveMark();
      return;
    }
    this.#stop();
    const { reading } = this.#item;
    const boxes = readings.digitsOf(reading).map(({ digit }) => digit.box);
    const usual = boxes.length ? size(boxes) : { wide: reading.width / 10, high: reading.height / 5 };
    this.#marking = { box: null };
    this.#render();
    this.#boxes.startMark({
      picture: reading,
      usual,
      drawn: (box) => this.#drawn(box),
      key: (event) => this.#markKey(event),
    });
    this.#say(this.pad.note.textContent);
  }

  #drawn(box) {
    if (!this.#marking) return;
    const changed = Boolean(box) !== Boolean(this.#marking.box);
    this.#marking.box = box;
    if (changed) this.#correction(null);
    if (changed && box) this.#say(this.pad.note.textContent);
  }

  /** Handles keys while a box is drawn: 0–9 label it, Enter moves to the pad, Escape cancels. */
  #markKey(event) {
    if (event.key === "Escape") this.#leaveMark();
    else if (this.#marking.box && /^[0-9]$/.test(event.key)) this.#mark(event.key);
    else if (this.#marking.box && event.key === "Enter") this.pad.keys.firstChild.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #leaveMark() {
    this.#stop();
    this.#render();
    this.pad.mark.focus();
  }

  async #mark(label) {
    const item = this.#item;
    const { box } = this.#marking;
    this.#stop();
    const { place, done } = this.corrections.mark(item, box, label);
    const changed = this.#change(item, place, () => done);
    this.text.querySelector(`[data-place="${place.line}.${place.position}"]`)?.focus();
    await changed;
  }

  /** Cancels editing a row or drawing a box. */
  #stop() {
    this.#editor = null;
    if (this.#marking) this.#boxes?.stopMark();
    this.#marking = null;
  }

  #chip(digit, place) {
    const isSelected = this.#selected?.line === place.line && this.#selected?.position === place.position;
    const label = readings.labelOf(digit);
    const kind = digit.corrected === undefined ? readings.level(digit.probability) : "corrected";
    const corrected = digit.marked ? "marked by you" : `corrected, read as ${digit.label}`;
    const how = digit.corrected === undefined ? readings.percent(digit.probability) : corrected;
    return el("button", {
      type: "button",
      class: `digit ${kind}`,
      "aria-pressed": String(isSelected),
      "aria-label": `${label || "no digit"}, ${how}`,
      data: { place: `${place.line}.${place.position}` },
      on: {
        click: () => this.select(place),
        focus: () => isSelected || this.select(place),
        keydown: (event) => this.key(event, place),
      },
    }, readings.shownLabel(digit, this.options) || "∅");
  }

  #detail(digit) {
    this.bars.show(digit, this.#which());
    say(this.choices, digit && this.#item?.reading.isText ? readings.choices(digit) : "");
    this.root.classList.toggle("has-digit", Boolean(digit));
    this.results.update();
    this.#correction(digit);
  }

  /** Says which of several digits is selected. */
  #which() {
    const all = this.#selected ? readings.digitsOf(this.#item.reading) : [];
    if (all.length < 2) return null;
    const { line, position } = this.#selected;
    const at = all.findIndex((each) => each.line === line && each.position === position);
    return `digit ${at + 1} of ${all.length}`;
  }

  #correction(digit) {
    const canCorrect = Boolean(digit && this.#selected && !this.#marking);
    this.pad?.show({
      digit: canCorrect ? digit : null,
      label: canCorrect ? readings.labelOf(digit) : null,
      canMark: Boolean(this.#item?.picture && this.#boxes?.canMark),
      marking: this.#marking,
    });
  }

  async #correct(place, label) {
    const item = this.#item;
    await this.#change(item, place, () => this.corrections?.correct(item, place, label));
  }

  async #withdraw() {
    const item = this.#item;
    const { line, position } = this.#selected;
    this.pad.withdraw.disabled = true;
    await this.#change(item, this.#selected, () =>
      this.corrections.withdraw(item, item.reading.lines[line].digits[position]),
    );
    this.pad.withdraw.disabled = false;
    (this.text.querySelector(`[data-place="${line}.${position}"]`) ?? this.pad.mark).focus();
  }

  async #change(item, place, work) {
    if (!item || !this.corrections) return;
    let problem = null;
    const done = work();
    if (this.#item === item) {
      this.#selected = this.#present(place);
      this.#render();
    }
    try {
      await done;
    } catch (error) {
      problem = error;
    }
    if (this.#item === item) {
      this.#selected = this.#present(this.#selected); // a mark may be gone
      this.#render();
    }
    if (this.#item === item && problem) say(this.pad.note, `Not stored: ${sentence(problem.message)}`);
    this.#say(this.pad.note.textContent);
    this.changed(item);
  }

  #go({ line, position }, step, from) {
    const all = readings.digitsOf(this.#item.reading);
    const at = all.findIndex((each) => each.line === line && each.position === position);
    const to = all[Math.min(all.length - 1, Math.max(0, at + step))];
    this.select(to);
    const place = `${to.line}.${to.position}`;
    if (from.classList.contains("box")) this.#boxes.focus(place);
    else this.text.querySelector(`[data-place="${place}"]`)?.focus();
  }

  /** Updates the live region after a short delay, so that drawing does not cause constant announcements. */
  #say(words) {
    if (words === this.#lastWords) return;
    this.#lastWords = words;
    clearTimeout(this.#spoken);
    this.#spoken = setTimeout(() => say(this.live, words), 400);
  }
}

function duration(milliseconds) {
  if (!Number.isFinite(milliseconds)) return "";
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
}

/** Shows a message at the top of the page; "" removes it. */
export function notice(text) {
  const line = $("notice");
  say(line, text);
  line.hidden = !text;
}
