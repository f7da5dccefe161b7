/** The Models tab: the models side by side, and which of them reads. */

import * as cards from "./cards.js";
import { $, el } from "./dom.js";
import { sentence } from "./view.js";

const KINDS = {
  glyphs: "Reads one digit at a time, from 28 × 28 pixels.",
  rows: "Reads whole rows uncut, where digits touch. It helps the others, and is not chosen by itself.",
};

export class ModelsTab {
  /** @param {Object} options `model()` names the chosen one, `choose(name)` changes it. */
  constructor({ api, model, choose }) {
    Object.assign(this, { api, model, choose });
  }

  async load() {
    try {
      this.#render(await this.api.models());
    } catch (error) {
      $("models-list").replaceChildren(el("p", { class: "empty" }, sentence(error.message)));
    }
  }

  #render({ default: standard, models }) {
    const chosen = this.model() ?? standard;
    const legend = el("legend", { class: "visually-hidden" }, "Model that reads");
    const parts = [
      el("fieldset", { class: "model-cards" }, legend, ...models.map((each) => this.#card(each, chosen, standard))),
      el("h2", {}, "Side by side"),
      el("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "Models side by side" }, table(models)),
      ...models.flatMap(pictures),
    ];
    $("models-list").replaceChildren(...parts);
  }

  #card({ name, kind, selectable, card }, chosen, standard) {
    const title = el("span", { class: "model-name" }, name);
    const change = () => this.choose(name === standard ? null : name);
    const use = selectable && el("input", { type: "radio", name: "model", value: name, checked: name === chosen, on: { change } });
    return el(selectable ? "label" : "div", { class: "model-card" },
      el("span", { class: "model-head" }, use, title, name === standard && el("span", { class: "badge" }, "standard")),
      el("span", { class: "model-kind" }, KINDS[kind] ?? kind),
      el("span", { class: "faint" }, [`${(card.parameters ?? 0).toLocaleString("en")} parameters`, card.created].filter(Boolean).join(" · ")));
  }
}

function table(models) {
  const row = (title, value, className = "number") => {
    const cells = models.map((model) => el("td", { class: className }, value(model)));
    return el("tr", {}, el("th", { scope: "row" }, title), ...cells);
  };
  const list = (entries) => el("ul", { class: "plain" }, ...entries.map((entry) => el("li", {}, entry)));
  const group = (title) => el("tr", { class: "group-row" }, el("th", { scope: "colgroup", colspan: models.length + 1 }, title));
  return el("table", { class: "compare" },
    el("thead", {}, el("tr", {}, el("td"), ...models.map(({ name }) => el("th", { scope: "col", class: "number" }, name)))),
    el("tbody", {},
      group("Scores on data kept apart"),
      ...cards.scoreKeys(models).map((key) => row(cards.scoreName(key), ({ card }) => cards.scoreValue(key, card.scores?.[key]) || "–")),
      group("Making"),
      row("Size", ({ size }) => (size ? `${(size / 1e6).toFixed(2)} MB` : "–")),
      row("Parameters", ({ card }) => (card.parameters ?? 0).toLocaleString("en")),
      row("Created", ({ card }) => card.created || "–"),
      row("Licence", ({ card }) => card.licence || "–"),
      row("Taught with", ({ card }) => list(cards.dataOf(card, "train")), "wrap"),
      row("Made by", ({ card }) => (card.command ? el("code", {}, card.command) : "–"), "wrap"),
      row("SHA-256", ({ card }) => el("code", { class: "hash" }, card.sha256 ?? "–"), "wrap")));
}

/** Confusion matrix and curves, where a card has them. */
function pictures(model) {
  const matrix = cards.confusionOf(model);
  const curves = cards.curvesOf(model);
  return [
    matrix && el("h2", {}, `${model.name}: what was taken for what`),
    matrix && el("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": `Confusions of ${model.name}` }, confusion(matrix)),
    curves.length > 0 && el("h2", {}, `${model.name}: training`),
    curves.length > 0 && el("div", { class: "curves" }, ...curves.map(curve)),
  ].filter(Boolean);
}

function confusion(matrix) {
  const labels = matrix.map((_, index) => (index < 10 ? String(index) : "none"));
  const most = Math.max(1, ...matrix.flatMap((row, written) => row.filter((_, read) => read !== written)));
  return el("table", { class: "confusion" },
    el("caption", { class: "faint" }, "Down the side what was written, along the top what was read."),
    el("thead", {}, el("tr", {}, el("td"), ...labels.map((label) => el("th", { scope: "col" }, label)))),
    el("tbody", {}, ...matrix.map((row, written) => el("tr", {}, el("th", { scope: "row" }, labels[written]), ...row.map((count, read) => {
      const cell = el("td", { class: read === written ? "right" : "" }, count ? String(count) : "");
      if (read !== written) cell.style.setProperty("--heat", `${Math.round((60 * count) / most)}%`);
      return cell;
    })))));
}

function curve({ name, values }) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const line = document.createElementNS(space, "polyline");
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const points = values.map((value, index) => `${(100 * index) / (values.length - 1)},${38 - (36 * (value - low)) / (high - low || 1)}`);
  line.setAttribute("points", points.join(" "));
  svg.setAttribute("viewBox", "0 0 100 40");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `${cards.scoreName(name)}: from ${values[0].toPrecision(4)} to ${values.at(-1).toPrecision(4)} in ${values.length} epochs`);
  svg.append(line);
  return el("figure", { class: "curve" }, el("figcaption", {}, `${cards.scoreName(name)}: ${values.at(-1).toPrecision(4)}`), svg);
}
