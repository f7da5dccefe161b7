/** The Upload tab: reads one or more pictures, each separately. */

import { isAbort, mayPass } from "./api.js";
import { $, download, el, say } from "./dom.js";
import * as exports from "./exports.js";
import { enlarge } from "./lightbox.js";
import { PictureTools } from "./picture_tools.js";
import { pictureWithBoxes } from "./picture.js";
import { digitsOf, leastSure, level, percent, shownText } from "./reading.js";
import { ReadingView } from "./view.js";
import { sentence } from "./words.js";
import { Turns } from "./work.js";

const AT_ONCE = 3;
const STATES = { waiting: "waiting", reading: "reading …", read: "read", failed: "failed" };

function newItem(picture, order, name) {
  const url = URL.createObjectURL(picture);
  return { picture, order, name, url, state: "waiting", reading: null, error: null };
}

export class UploadTab {
  #items = [];
  #turns = new Turns(AT_ONCE);
  #added = 0;
  #shown = null;
  #order = { by: "order", descending: false };
  #frame = 0;
  #rows = new Map();

  constructor({ api, corrections, options, alphabet, model, answered, info }) {
    Object.assign(this, { api, corrections, options, alphabet, model, answered, info });
    this.view = new ReadingView($("upload-reading"), {
      options,
      corrections,
      alphabet,
      invitation: () => "Choose a picture.",
      changed: () => this.refresh(),
      drawn: (item) => this.#drawn(item),
    });
    this.tools = new PictureTools((item, picture) => this.#replace(item, picture));
    $("files").addEventListener("change", () => {
      this.add($("files").files);
      $("files").value = "";
    });
    $("export-csv").addEventListener("click", () =>
      download("inkread.csv", exports.toCsv(this.#sorted(), this.options), "text/csv"),
    );
    $("export-json").addEventListener("click", () =>
      download("inkread.json", exports.toJson(this.#sorted()), "application/json"),
    );
    $("export-copy").addEventListener("click", () => this.#copy());
    $("retry-failed").addEventListener("click", () => {
      for (const item of this.#items.filter(({ mayPass }) => mayPass)) this.#again(item);
    });
    $("remove-all").addEventListener("click", () => this.removeAll());
    $("stages-button").addEventListener("click", () => this.#toggleStages());
    for (const button of document.querySelectorAll("#batch [data-sort]"))
      button.addEventListener("click", () => this.#sort(button));
    this.#dropping();
  }

  /** Adds pictures to the list and reads them. @param {Iterable<File>} files */
  add(files) {
    const added = Array.from(files, (file) => newItem(file, (this.#added += 1), file.name || "picture.png"));
    if (!added.length) return;
    this.#items.push(...added);
    added.forEach((item) => this.#read(item));
    if (!this.#shown || added.length === 1) this.#show(added[0]);
    this.refresh();
  }

  /** Adds the other pages of a document, once its first page was read. */
  #addPages(first) {
    const { name, order, picture, reading } = first;
    if (first.page || !(reading.pages > 1)) return;
    Object.assign(first, { name: `${name}#1`, page: 1 });
    const others = Array.from({ length: reading.pages - 1 }, (_, index) => {
      const page = index + 2;
      return { ...newItem(picture, order + (page - 1) / reading.pages, `${name}#${page}`), page };
    });
    this.#items.push(...others);
    others.forEach((item) => this.#read(item));
    if (this.#shown === first) say($("preview-name"), first.name);
  }

  removeAll() {
    for (const item of this.#items) {
      item.controller?.abort();
      URL.revokeObjectURL(item.url);
    }
    this.#items = [];
    this.#rows.clear();
    this.#shown = null;
    $("preview").hidden = true;
    this.view.clear();
    this.refresh();
    $("files").focus();
  }

  /** Reads all pictures again with another model. */
  again() {
    for (const item of this.#items) this.#again(item);
  }

  #again(item) {
    item.controller?.abort();
    Object.assign(item, { state: "waiting", reading: null, error: null, mayPass: false });
    this.#read(item);
    if (this.#shown === item) this.#show(item);
    this.refresh();
  }

  #read(item) {
    const controller = new AbortController();
    item.controller = controller;
    const { signal } = controller;
    item.done = this.#turns.run(async () => {
      await this.answered; // now the server's limits are known
      if (signal.aborted) return;
      item.state = "reading";
      item.model = this.model();
      this.refresh();
      try {
        this.#requireSize(item);
        item.reading = await this.api.read(item.picture, {
          name: item.name,
          page: item.page,
          model: item.model,
          detail: true,
          patient: true,
          signal,
        });
        item.state = "read";
        this.#addPages(item);
      } catch (error) {
        if (isAbort(error) || signal.aborted) return;
        item.state = "failed";
        item.error = sentence(error.message);
        item.mayPass = mayPass(error);
      }
      if (this.#shown === item) this.#showReading(item);
      this.refresh();
    });
  }

  /** @throws if the server would refuse the picture for its size. */
  #requireSize({ name, picture }) {
    const most = this.info()?.limits?.bytes;
    if (!most || picture.size <= most) return;
    const limit = `the server’s limit of ${Math.floor(most / 2 ** 20)} MiB`;
    throw new Error(`${name} exceeds ${limit}. Reduce the picture.`);
  }

  #show(item) {
    this.#shown = item;
    $("preview").hidden = false;
    say($("preview-name"), item.name);
    this.#closeStages();
    const { root, image, boxes } = pictureWithBoxes({
      src: item.drawn ?? item.url,
      name: item.name,
      view: this.view,
    });
    this.tools.show(item, image, boxes);
    image.addEventListener("error", () => this.#fallBack(item, image, root), { once: true });
    $("preview-stage").replaceChildren(root);
    this.#showReading(item);
    this.refresh();
  }

  /** Reads another picture in the place of an item's, such as a part of it. */
  #replace(item, picture) {
    URL.revokeObjectURL(item.url);
    Object.assign(item, { picture, url: URL.createObjectURL(picture), drawn: undefined, page: undefined });
    this.#again(item);
  }

  #showReading(item) {
    $("stages-button").disabled = item.state !== "read";
    if (item.state === "read") this.view.show(item);
    else if (item.state === "failed")
      this.view.problem(new Error(item.error), item.mayPass ? () => this.#again(item) : null);
    else {
      this.view.clear("");
      this.view.busy();
    }
  }

  /** Gets the picture with its boxes from the server, for formats that the browser cannot show. */
  #drawn({ name, picture, model, page }) {
    return this.api.drawn(picture, { name, model, page, keep: this.corrections.passing() });
  }

  /** If the browser cannot show this format, gets the picture with its boxes from the server. */
  async #fallBack(item, image, picture) {
    try {
      await item.done;
      if (item.state !== "read") throw new Error(item.error); // the server would not show it either
      item.drawn ??= URL.createObjectURL(await this.#drawn({ ...item, model: this.model() }));
      image.src = item.drawn;
      picture.classList.add("drawn");
      if (this.#shown === item) this.tools.enable(false);
    } catch {
      picture.replaceChildren(el("p", { class: "placeholder" }, "This picture cannot be shown."));
    }
  }

  async #toggleStages() {
    const box = $("stages");
    if (!box.hidden) {
      this.#closeStages();
      return;
    }
    const item = this.#shown;
    box.hidden = false;
    $("stages-button").setAttribute("aria-expanded", "true");
    box.replaceChildren(el("p", { class: "faint" }, "Reading again …"));
    reveal(box);
    try {
      const { name, model, picture, page } = item;
      const options = { name, model, page, stages: true, keep: this.corrections.passing(), patient: true };
      const { stages } = await this.api.read(picture, options);
      if (this.#shown !== item) return;
      box.replaceChildren(
        ...stages.map(({ title, image }) =>
          el("figure", {}, el("figcaption", {}, title), el("button", {
            type: "button",
            class: "enlarge",
            "aria-label": `Enlarge: ${title}`,
            on: { click: () => enlarge(image, title) },
          }, el("img", { src: image, alt: title }))),
        ),
      );
      reveal(box);
    } catch (error) {
      if (this.#shown === item) box.replaceChildren(el("p", {}, sentence(error.message)));
    }
  }

  #closeStages() {
    $("stages").hidden = true;
    $("stages").replaceChildren();
    $("stages-button").setAttribute("aria-expanded", "false");
  }

  #sorted() {
    return exports.sorted(this.#items, this.#order.by, this.#order.descending);
  }

  #sort(button) {
    const by = button.dataset.sort;
    this.#order = { by, descending: this.#order.by === by && !this.#order.descending };
    for (const head of document.querySelectorAll("#batch th")) head.removeAttribute("aria-sort");
    button.closest("th").setAttribute("aria-sort", this.#order.descending ? "descending" : "ascending");
    this.refresh();
  }

  async #copy() {
    const button = $("export-copy");
    try {
      await navigator.clipboard.writeText(exports.toText(this.#sorted(), this.options));
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not allowed";
    }
    say($("batch-status"), button.textContent);
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  }

  /** Updates the table and the progress, once per frame. */
  refresh() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#render();
    });
  }

  #render() {
    const total = this.#items.length;
    const failed = this.#items.filter(({ state }) => state === "failed").length;
    const done = failed + this.#items.filter(({ state }) => state === "read").length;
    $("drop").classList.toggle("compact", total > 0);
    $("retry-failed").hidden = !this.#items.some((item) => item.mayPass);
    $("batch").hidden = total < 2;
    if (total < 2) return;
    const read = done < total ? `${done} of ${total} read` : `${total} pictures`;
    const words = failed ? `${read}, ${failed} with an error` : read;
    say($("batch-title"), words);
    if (done === total) say($("batch-status"), `All read. ${words}.`);
    $("batch-progress").max = total;
    $("batch-progress").value = done;
    $("batch-progress").classList.toggle("done", done === total);
    const rows = this.#sorted().map((item) => this.#row(item));
    const body = $("batch-rows");
    if (rows.length !== body.children.length || rows.some((row, index) => row !== body.children[index]))
      body.replaceChildren(...rows);
  }

  #row(item) {
    let row = this.#rows.get(item);
    if (!row) {
      const name = el(
        "button",
        { type: "button", class: "link", on: { click: () => this.#open(item) } },
        item.name,
      );
      row = el(
        "tr",
        {},
        el("td", { class: "number faint" }, String(Math.floor(item.order))), // of a document for all its pages
        el("td", { class: "name" }, name),
        el("td", { class: "reading-cell" }),
        el("td", { class: "number" }),
        el("td", { class: "number" }),
        el("td", { class: "state" }),
      );
      this.#rows.set(item, row);
    }
    const [, name, text, digits, least, state] = row.children;
    const { reading } = item;
    const weakest = leastSure(reading)?.digit.probability;
    if (item === this.#shown) name.firstChild.setAttribute("aria-current", "true");
    else name.firstChild.removeAttribute("aria-current");
    row.classList.toggle("current", item === this.#shown);
    const words = shownText(reading, this.options).replaceAll("\n", " / ");
    say(text, reading ? words || this.alphabet.words.nothing : "");
    text.classList.toggle("faint", Boolean(reading) && !words);
    say(digits, reading ? String(digitsOf(reading).length) : "");
    say(least, weakest === undefined ? "" : percent(weakest));
    least.className = `number ${weakest === undefined ? "" : level(weakest)}`;
    say(state, item.error ?? STATES[item.state]);
    state.dataset.state = item.state;
    return row;
  }

  #open(item) {
    this.#show(item);
    reveal($("preview"));
  }

  #dropping() {
    const drop = $("drop");
    let depth = 0;
    const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
    document.addEventListener("dragenter", (event) => {
      if (hasFiles(event)) drop.classList.toggle("over", (depth += 1) > 0);
    });
    document.addEventListener("dragleave", (event) => {
      if (hasFiles(event)) drop.classList.toggle("over", (depth -= 1) > 0);
    });
    document.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
    document.addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      drop.classList.remove("over");
      this.take(event.dataTransfer.files);
    });
    document.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length) return;
      event.preventDefault();
      this.take(
        files.map((file) =>
          file.name && file.name !== "image.png"
            ? file
            : new File([file], `pasted-${this.#added + 1}.png`, { type: file.type }),
        ),
      );
    });
  }

  /** Adds pictures from another tab and shows them. */
  take(files) {
    location.hash = "#upload";
    this.add(files);
  }
}

function reveal(element) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
}
