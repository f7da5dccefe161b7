/** The panel next to a picture: text, confidence, ten probability bars, glyph, and a pad for corrections. */

import { $, el, icon, say } from "./dom.js";
import * as readings from "./reading.js";
import { size } from "./rows.js";
import { sentence } from "./words.js";

const NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

export class ReadingView {
  #item = null;
  #selected = null;
  #boxes = null;
  #marking = null; // {box} while a box is being drawn; box is null at first
  #editor = null; // {line, input, root} while a row is being edited
  #spoken = 0;
  #lastWords = "";

  /**
   * @param {HTMLElement} container
   * @param {Object} options
   * @param {import("./corrections.js").Corrections} [options.corrections] required for corrections.
   * @param {string} [options.seen] the caption of the glyph.
   * @param {string} options.invitation shown while there is no reading.
   * @param {(item: Object) => void} [options.changed] called after a correction.
   */
  constructor(container, { corrections = null, invitation, seen = "The model’s input", changed = () => {} }) {
    Object.assign(this, { corrections, invitation, seen, changed });
    this.#build(container);
    this.clear();
  }

  get item() { return this.#item; }
  get selected() { return this.#selected; }

  /** Links boxes that show the same reading and the same selected digit. */
  link(boxes) {
    this.#stop();
    this.#boxes = boxes;
  }

  clear(words = this.invitation) {
    this.#stop();
    this.#item = null;
    this.#selected = null;
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

  /** Shows a problem instead of a reading. */
  problem(error) {
    this.clear("");
    this.root.dataset.kind = "problem";
    say(this.verdict, sentence(error.message));
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

  #build(container) {
    this.verdict = el("p", { class: "verdict" });
    this.text = el("div", { class: "text", role: "group", "aria-label": "Digits read" });
    this.facts = el("p", { class: "facts-line" });
    this.live = el("p", { class: "visually-hidden", role: "status" });
    this.glyph = el("canvas", {
      class: "glyph",
      width: 28,
      height: 28,
      role: "img",
      "aria-label": "No glyph yet",
    });
    this.bars = NAMES.map((_, digit) => this.#bar(digit));
    this.barsTitle = el("h3", {}, "Probabilities");
    const keys = [..."0123456789", ""].map((label) => this.#key(label));
    this.pad = el("div", { class: "pad", role: "group", "aria-label": "Correct digit" }, ...keys);
    this.note = el("p", { class: "note" });
    this.withdrawButton = el(
      "button",
      { type: "button", class: "link", hidden: true, on: { click: () => this.#withdraw() } },
      "Withdraw",
    );
    this.correctTitle = el("h3", {}, "Correct it to");
    this.markButton = el(
      "button",
      { type: "button", class: "button", "aria-pressed": "false", on: { click: () => this.#toggleMark() } },
      "Mark a missed digit",
    );
    this.correction = el(
      "section",
      { class: "correction", "aria-label": "Correct the digit" },
      this.correctTitle,
      this.pad,
      el("div", { class: "note-line" }, this.note, this.withdrawButton),
      this.markButton,
    );
    this.root = el(
      "section",
      { class: "reading", "aria-label": "Reading" },
      el("div", { class: "reading-top" }, el("h2", { class: "eyebrow" }, "Reading"), this.facts),
      this.text,
      this.verdict,
      this.live,
      el(
        "div",
        { class: "detail" },
        el(
          "div",
          { class: "bars-box" },
          this.barsTitle,
          el("ol", { class: "bars", "aria-label": "Probability of each digit" }, ...this.bars),
        ),
        el("figure", { class: "seen" }, this.glyph, el("figcaption", {}, this.seen)),
      ),
      this.corrections && this.correction,
    );
    container.replaceChildren(this.root);
  }

  #bar(digit) {
    const bar = el("li", {
      class: "bar",
      tabindex: digit === 0 ? 0 : -1,
      on: { keydown: (event) => this.#walk(event, digit) },
    },
    el("span", { class: "bar-digit" }, String(digit)),
    el("span", { class: "bar-track", "aria-hidden": "true" }, el("span", { class: "bar-fill" })),
    el("span", { class: "bar-value", "aria-hidden": "true" }),
    el("span", { class: "bar-exact" }));
    return bar;
  }

  #key(label) {
    return el(
      "button",
      {
        type: "button",
        class: "key",
        data: { label },
        "aria-label": label ? `It is ${NAMES[label]}` : "It is not a digit",
        on: {
          click: () =>
            this.#marking ? this.#mark(label) : this.#selected && this.#correct(this.#selected, label),
        },
      },
      label || "none",
    );
  }

  #walk(event, digit) {
    const to = { ArrowDown: digit + 1, ArrowUp: digit - 1, Home: 0, End: 9 }[event.key];
    if (to === undefined) return;
    this.#reach(Math.min(9, Math.max(0, to))).focus();
    event.preventDefault();
  }

  /** Makes one bar focusable with the Tab key. */
  #reach(digit) {
    this.bars.forEach((bar, each) => bar.setAttribute("tabindex", each === digit ? 0 : -1));
    return this.bars[digit];
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
    this.#boxes?.show(reading, this.#selected);
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
    const parts = readings.partsOf(row).map(({ digit, position, sign }) => (
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
    const input = el("input", {
      type: "text",
      inputmode: "numeric",
      autocomplete: "off",
      maxlength: 200,
      pattern: "[0-9 .,:\\/\\-]*",
      title: "Digits",
      value: readings.rowText(this.#item.reading.lines[line]),
      "aria-label": `Digits of row ${line + 1}: Enter saves, Escape cancels`,
      on: { keydown: (event) => this.#editing(event) },
    });
    const save = el(
      "button",
      { type: "button", class: "button primary", on: { click: () => this.#write() } },
      "Save",
    );
    const cancel = el(
      "button",
      { type: "button", class: "button quiet", on: { click: () => this.#leave() } },
      "Cancel",
    );
    this.#editor = {
      line,
      input,
      root: el("div", { class: "line editor" }, el("span", {}, input), save, cancel),
    };
    this.#render();
    input.focus();
    input.select();
  }

  #editing(event) {
    if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Enter") this.#write();
    else this.#leave();
  }

  #leave() {
    const { line } = this.#editor;
    this.#stop();
    this.#render();
    this.#focusRow(line);
  }

  async #write() {
    const { line, input } = this.#editor;
    if (!input.reportValidity()) return;
    this.#stop();
    const done = this.#change(this.#item, this.#selected, () =>
      this.corrections.write(this.#item, line, input.value.replace(/[^0-9]/g, "")),
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
    this.#say(this.note.textContent);
  }

  #drawn(box) {
    if (!this.#marking) return;
    const changed = Boolean(box) !== Boolean(this.#marking.box);
    this.#marking.box = box;
    if (changed) this.#correction(null, null);
    if (changed && box) this.#say(this.note.textContent);
  }

  /** Handles keys while a box is drawn: 0–9 label it, Enter moves to the pad, Escape cancels. */
  #markKey(event) {
    if (event.key === "Escape") this.#leaveMark();
    else if (this.#marking.box && /^[0-9]$/.test(event.key)) this.#mark(event.key);
    else if (this.#marking.box && event.key === "Enter") this.pad.querySelector(".key").focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #leaveMark() {
    this.#stop();
    this.#render();
    this.markButton.focus();
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
    }, label || "∅");
  }

  #detail(digit) {
    const probabilities = digit ? readings.probabilitiesOf(digit) : null;
    const label = digit ? readings.labelOf(digit) : null;
    // no model has read a mark
    const best = probabilities && !digit.marked ? probabilities.indexOf(Math.max(...probabilities)) : -1;
    this.bars.forEach((bar, each) => {
      const probability = probabilities?.[each] ?? 0;
      bar.style.setProperty("--value", probability);
      bar.classList.toggle("best", each === best);
      say(bar.querySelector(".bar-value"), digit ? readings.percent(probability) : "");
      say(bar.querySelector(".bar-exact"), digit ? readings.exactly(probability) : "no value");
    });
    this.#reach(Math.max(0, best));
    this.root.classList.toggle("has-digit", Boolean(digit));
    this.#glyph(digit);
    this.#correction(digit, label);
  }

  #glyph(digit) {
    const glyph = digit ? readings.glyphOf(digit) : null;
    const context = this.glyph.getContext("2d");
    const image = context.createImageData(28, 28);
    glyph?.forEach((ink, index) => image.data.set([ink, ink, ink, 255], index * 4));
    context.putImageData(image, 0, 0);
    this.glyph.setAttribute(
      "aria-label",
      glyph ? `${this.seen}: a ${digit.label || "drawing"} in 28 by 28 pixels` : "No glyph yet",
    );
  }

  #correction(digit, label) {
    if (!this.corrections) return;
    const canCorrect = Boolean(digit && this.#selected && !this.#marking);
    for (const key of this.pad.children) {
      key.disabled = this.#marking ? !this.#marking.box || !key.dataset.label : !canCorrect;
      key.setAttribute("aria-pressed", String(canCorrect && key.dataset.label === label));
    }
    say(this.correctTitle, this.#marking ? "The box contains" : "Correct it to");
    this.markButton.hidden = !(this.#item?.picture && this.#boxes?.canMark);
    this.markButton.setAttribute("aria-pressed", String(Boolean(this.#marking)));
    say(this.markButton, this.#marking ? "Cancel the box" : "Mark a missed digit");
    this.withdrawButton.hidden = !(canCorrect && digit.corrected !== undefined);
    say(this.note, this.#words(canCorrect ? digit : null));
  }

  #words(digit) {
    if (this.#marking)
      return this.#marking.box
        ? "Choose the digit in the box."
        : "Drag a box around the digit, or move one with the arrow keys (Shift: resize).";
    const collects = this.corrections.collects();
    if (!digit || digit.corrected === undefined) {
      return collects
        ? "Corrections are stored on this server for training."
        : "Corrections are only shown here; this server does not store them.";
    }
    const to = digit.corrected === "" ? "no digit" : digit.corrected;
    const what = digit.marked ? `Marked as ${to}.` : `${digit.label} corrected to ${to}.`;
    if (digit.correction) return `${what} Stored for training.`;
    return collects
      ? `${what} Storing …`
      : `${what} Shown here only; this server does not store corrections.`;
  }

  async #correct(place, label) {
    const item = this.#item;
    await this.#change(item, place, () => this.corrections?.correct(item, place, label));
  }

  async #withdraw() {
    const item = this.#item;
    const { line, position } = this.#selected;
    this.withdrawButton.disabled = true;
    await this.#change(item, this.#selected, () =>
      this.corrections.withdraw(item, item.reading.lines[line].digits[position]),
    );
    this.withdrawButton.disabled = false;
    (this.text.querySelector(`[data-place="${line}.${position}"]`) ?? this.markButton).focus();
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
    if (this.#item === item && problem) say(this.note, `Not stored: ${sentence(problem.message)}`);
    this.#say(this.note.textContent);
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
