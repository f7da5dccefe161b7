/** The Models tab: compares the models, selects one, and shows the scores and plots of a run. */

import * as cards from "./cards.js";
import { $, download, el } from "./dom.js";
import { plotsOf } from "./plots.js";
import { sentence } from "./words.js";

const KINDS = {
  glyphs: "Names one digit that was found.",
  text: "Reads letters, words, and lines, if they are chosen at the top of the page.",
  detector:
    "Finds the digits on a page and separates them from everything else. It is part of every reading.",
};

const STANDARD = { text: "text" }; // what reads if nothing is chosen, where it is not the server's default

export class ModelsTab {
  #open = false; // whether the figures are shown

  /**
   * @param {Object} options `chosen` has the name of the selected model by kind, null for the default;
   *   `choose(kind, name)` changes it.
   */
  constructor({ api, chosen, choose }) {
    Object.assign(this, { api, chosen, choose });
  }

  async load() {
    try {
      this.#render(await this.api.models());
    } catch (error) {
      $("models-list").replaceChildren(el("p", { class: "empty" }, sentence(error.message)));
    }
  }

  #render({ default: standard, models }) {
    const toggle = () => { this.#open = !this.#open; };
    const legend = el("legend", { class: "visually-hidden" }, "Model to read with");
    const parts = [
      el(
        "fieldset",
        { class: "model-cards" },
        legend,
        ...models.map((each) => this.#card(each, models, STANDARD[each.kind] ?? standard)),
      ),
      el("details", { class: "figures", open: this.#open },
        el("summary", { on: { click: toggle } }, "All figures, origins, and plots"),
        el("h2", {}, "Side by side"),
        el(
          "div",
          { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "Models side by side" },
          table(models),
        ),
        ...models.map((each) => this.#closer(each)).filter(Boolean)),
    ];
    $("models-list").replaceChildren(...parts);
  }

  #card({ name, kind, selectable, card }, models, standard) {
    const title = el("span", { class: "model-name" }, name);
    const change = () => this.choose(kind, name === standard ? null : name);
    const checked = name === (this.chosen[kind] ?? standard);
    const hasOthers = models.filter((each) => each.kind === kind && each.selectable).length > 1;
    const isChoice = selectable && (kind === "glyphs" || hasOthers);
    const use = isChoice && el("input", { type: "radio", name: kind, value: name, checked, on: { change } });
    return el(
      isChoice ? "label" : "div",
      { class: "model-card" },
      el(
        "span",
        { class: "model-head" },
        use,
        title,
        name === standard && el("span", { class: "badge" }, "default"),
      ),
      el("span", { class: "model-kind" }, KINDS[kind] ?? kind),
      el("span", { class: "model-words" }, cards.inWords({ card })),
      el(
        "span",
        { class: "faint" },
        [`${(card.parameters ?? 0).toLocaleString("en")} parameters`, card.created]
          .filter(Boolean)
          .join(" · "),
      ),
    );
  }

  /** Shows the plots and the report of a model, if it has them. */
  #closer({ name, report, ...model }) {
    const plots = model.kind === "text" ? [] : plotsOf({ name, ...model }); // 63 classes fill no screen
    if (!plots.length && !report) return null;
    return el("section", { class: "closer" },
      el("div", { class: "page-head" }, el("h2", {}, `Details of ${name}`), report && this.#report(name)),
      el("div", { class: "plots" }, ...plots));
  }

  /** Creates a link to a run's report; with a key, which a link cannot send, it downloads the file. */
  #report(name) {
    const save = async (event) => {
      if (!this.api.key()) return;
      event.preventDefault();
      download(`${name}-report.html`, await this.api.report(name), "text/html");
    };
    return el(
      "a",
      {
        class: "button",
        href: this.api.reportOf(name),
        target: "_blank",
        rel: "noopener",
        on: { click: save },
      },
      "Open the report",
    );
  }
}

function table(models) {
  const row = (title, value, className = "number") => {
    const cells = models.map((model) => el("td", { class: className }, value(model)));
    return el("tr", {}, el("th", { scope: "row" }, title), ...cells);
  };
  const list = (entries) => el("ul", { class: "plain" }, ...entries.map((entry) => el("li", {}, entry)));
  const group = (title) =>
    el("tr", { class: "group-row" }, el("th", { scope: "colgroup", colspan: models.length + 1 }, title));
  return el(
    "table",
    { class: "compare" },
    el(
      "thead",
      {},
      el("tr", {}, el("td"), ...models.map(({ name }) => el("th", { scope: "col", class: "number" }, name))),
    ),
    el(
      "tbody",
      {},
      group("Scores on held-out data"),
      ...cards
        .scoreKeys(models)
        .map((key) =>
          row(cards.scoreName(key), ({ card }) => cards.scoreValue(key, card.scores?.[key]) || "–"),
        ),
      group("Origin"),
      row("Size", ({ size }) => (size ? `${(size / 1e6).toFixed(2)} MB` : "–")),
      row("Parameters", ({ card }) => (card.parameters ?? 0).toLocaleString("en")),
      row("Created", ({ card }) => card.created || "–"),
      row("Licence", ({ card }) => card.licence || "–"),
      row("Training data", ({ card }) => list(cards.dataOf(card, "train")), "wrap"),
      row("Command", ({ card }) => (card.command ? el("code", {}, card.command) : "–"), "wrap"),
      row("SHA-256", ({ card }) => el("code", { class: "hash" }, card.sha256 ?? "–"), "wrap")));
}
