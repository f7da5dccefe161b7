/** The Draw tab: a sheet that is read while you draw, and a grid of 28×28 pixels. */

import { isAbort, mayPass } from "./api.js";
import { Boxes } from "./boxes.js";
import { $, el, toBlob } from "./dom.js";
import { Pen } from "./pen.js";
import { Pixels, SIDE } from "./pixels.js";
import { carryOver, nearest, readingOfGlyph } from "./reading.js";
import { paint, Sheet } from "./strokes.js";
import { ReadingView } from "./view.js";
import { Latest } from "./work.js";

const LONGER_SIDE = 800; // pixels of the picture sent; the reader enlarges smaller ones, which takes longer
const PAUSE = 160; // milliseconds without movement after which a stroke is read even if the pen is still down

export class DrawTab {
  #sheet = new Sheet();
  #pixels = new Pixels();
  #latest = new Latest();
  #pause = 0;
  #frame = 0;
  #width = 0;
  #height = 0;

  constructor({ api, corrections, options, alphabet, model }) {
    Object.assign(this, { api, corrections, alphabet, model });
    this.view = new ReadingView($("draw-reading"), {
      options,
      alphabet,
      corrections,
      invitation: () => alphabet.words.live,
    });
    this.gridView = new ReadingView($("draw-reading"), {
      options,
      alphabet,
      invitation: () => "Fill pixels, then classify them.",
      seen: "Your drawing",
    });
    const boxes = document.createElement("div");
    $("sheet").append(boxes);
    this.boxes = new Boxes(boxes, { live: true, markable: true });
    this.view.link(this.boxes);
    this.#pens();
    this.#tools();
    this.#surface();
    new ResizeObserver(() => this.#resize()).observe($("sheet"));
    document.addEventListener("themechange", () => this.#repaint());
    document.addEventListener("keydown", (event) => this.#shortcut(event));
  }

  get isGrid() { return !$("grid").hidden; }
  get #model() { return this.isGrid ? this.#pixels : this.#sheet; }

  /** Reads the drawing again with another model. */
  again() {
    if (this.isGrid) this.gridView.clear();
    else if (!this.#sheet.isEmpty) this.#read();
  }

  #pens() {
    const settings = () => ({
      width: Number($("width").value),
      erase: $("tool").querySelector("[value=eraser]").checked,
    });
    this.pen = new Pen($("canvas"), {
      model: () => this.#sheet,
      place: (position) => position,
      settings: () => ({ ...settings(), width: settings().width * (settings().erase ? 2 : 1) }),
      changed: (what) => this.#drawn(what),
    });
    this.gridPen = new Pen($("pixels"), {
      model: () => this.#pixels,
      place: ({ x, y }) => ({
        x: (x / $("pixels").clientWidth) * SIDE,
        y: (y / $("pixels").clientHeight) * SIDE,
      }),
      settings,
      changed: (what) => this.#drawn(what),
    });
  }

  #tools() {
    const change = (act) => () => {
      act(this.#model);
      this.#changed();
    };
    $("undo").addEventListener("click", change((model) => model.undo()));
    $("redo").addEventListener("click", change((model) => model.redo()));
    $("clear").addEventListener("click", change((model) => model.clear()));
    $("reset").addEventListener("click", change((model) => model.clear()));
    $("classify").addEventListener("click", () => this.#classify());
    $("width").addEventListener("input", () => { $("width-value").textContent = $("width").value; });
    $("surface").addEventListener("change", () => this.#surface());
    for (const canvas of [$("canvas"), $("pixels")]) {
      canvas.addEventListener("keydown", (event) => {
        if (event.key === "Escape") $("clear").click();
        if (event.key === "Enter" && this.isGrid) this.#classify();
      });
    }
  }

  #shortcut(event) {
    if ($("panel-draw").hidden || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key === "z") (event.shiftKey ? $("redo") : $("undo")).click();
    else if (key === "y") $("redo").click();
    else return;
    event.preventDefault();
  }

  #surface() {
    const isGrid = $("surface").querySelector("[value=grid]").checked;
    $("grid").hidden = !isGrid;
    $("grid-actions").hidden = !isGrid;
    $("sheet").hidden = isGrid;
    $("width").closest("label").hidden = isGrid;
    $("clear").hidden = isGrid;
    $("draw-reading").replaceChildren((isGrid ? this.gridView : this.view).root);
    this.#state();
    this.#repaint();
  }

  #drawn(what) {
    this.#repaint();
    if (what === "cursor") return;
    if (this.isGrid) this.#state();
    else if (what === "end") this.#changed();
    else {
      if (!this.#sheet.isEmpty) this.view.busy();
      clearTimeout(this.#pause);
      this.#pause = setTimeout(() => this.#read(), PAUSE);
    }
  }

  #changed() {
    this.#state();
    this.#repaint();
    if (this.isGrid) {
      if (this.#pixels.isEmpty) {
        this.#latest.stop();
        this.gridView.clear();
      }
    } else this.#read();
  }

  #state() {
    $("undo").disabled = !this.#model.canUndo;
    $("redo").disabled = !this.#model.canRedo;
    $("clear").disabled = this.#model.isEmpty;
    $("reset").disabled = $("classify").disabled = this.#pixels.isEmpty;
    $("sheet").classList.toggle("is-empty", this.#sheet.isEmpty);
  }

  async #read() {
    clearTimeout(this.#pause);
    if (this.#sheet.isEmpty) {
      this.#latest.stop();
      this.view.clear();
      return;
    }
    const sheet = this.#sheet;
    const last = sheet.strokes.at(-1).points.at(-1);
    const model = this.model();
    this.view.busy();
    try {
      const item = await this.#latest.run(async (signal) => {
        const { picture, scale } = await this.#picture();
        const reading = await this.api.read(picture, {
          name: "drawing.png",
          model,
          detail: true,
          keep: this.corrections.passing(),
          patient: true,
          signal,
        });
        return { reading, picture, scale, name: "drawing.png", model };
      });
      if (!item) return;
      carryOver(this.view.item?.reading, item.reading);
      this.view.show(item, nearest(item.reading, { x: last.x * item.scale, y: last.y * item.scale }));
    } catch (error) {
      if (!isAbort(error)) this.view.problem(error, mayPass(error) ? () => this.#read() : null);
    }
  }

  async #classify() {
    if (this.#pixels.isEmpty) return;
    this.gridView.busy();
    try {
      const reading = await this.#latest.run((signal) =>
        this.alphabet.isDigits ? this.#digit(signal) : this.#character(signal),
      );
      if (reading) this.gridView.show({ reading, picture: null, name: "grid" });
    } catch (error) {
      if (!isAbort(error)) this.gridView.problem(error, mayPass(error) ? () => this.#classify() : null);
    }
  }

  async #digit(signal) {
    const values = this.#pixels.values.slice();
    const answer = await this.api.glyphs([this.#pixels.rows], { model: this.model(), signal });
    return readingOfGlyph(answer, values);
  }

  /** Reads the grid as a picture of one character, black on white. */
  async #character(signal) {
    const canvas = el("canvas", { width: SIDE, height: SIDE });
    const context = canvas.getContext("2d");
    const image = context.createImageData(SIDE, SIDE);
    this.#pixels.values.forEach((ink, at) => image.data.set([255 - ink, 255 - ink, 255 - ink, 255], 4 * at));
    context.putImageData(image, 0, 0);
    const options = { name: "grid.png", model: this.model(), single: true, patient: true, signal };
    return this.api.read(await toBlob(canvas), options);
  }

  /** Renders the sheet as a picture: black ink on white in any theme. */
  async #picture() {
    const { clientWidth: width, clientHeight: height } = $("canvas");
    const scale = LONGER_SIDE / Math.max(width, height);
    const canvas = el("canvas", { width: Math.round(width * scale), height: Math.round(height * scale) });
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    paint(context, this.#sheet.strokes, "#000");
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "#fff";
    context.fillRect(0, 0, width, height);
    return { picture: await toBlob(canvas), scale };
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = $("canvas");
    if (!width || !height || (width === this.#width && height === this.#height)) return;
    [this.#width, this.#height] = [width, height];
    this.#sheet.fit(width, height);
    this.#repaint();
    if (!this.#sheet.isEmpty) this.#read();
  }

  #repaint() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.isGrid) this.#paintGrid();
      else this.#paintSheet();
    });
  }

  #paintSheet() {
    const canvas = $("canvas");
    const scale = devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    paint(context, this.#sheet.strokes, colour("--pen"));
    this.#paintCursor(context, this.pen.cursor);
    $("sheet").classList.toggle("is-empty", this.#sheet.isEmpty);
  }

  #paintCursor(context, cursor) {
    if (!cursor) return;
    context.strokeStyle = colour("--accent");
    context.lineWidth = 2;
    context.beginPath();
    context.arc(cursor.x, cursor.y, Math.max(6, Number($("width").value) / 2 + 3), 0, 2 * Math.PI);
    context.stroke();
  }

  #paintGrid() {
    const canvas = $("pixels");
    const cells = 20; // canvas pixels per cell
    if (canvas.width !== SIDE * cells) Object.assign(canvas, { width: SIDE * cells, height: SIDE * cells });
    const context = canvas.getContext("2d");
    const [paper, pen, line] = [colour("--sheet"), colour("--pen"), colour("--grid-line")];
    context.fillStyle = paper;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = pen;
    this.#pixels.values.forEach((value, index) => {
      if (!value) return;
      context.globalAlpha = value / 255;
      context.fillRect((index % SIDE) * cells, Math.floor(index / SIDE) * cells, cells, cells);
    });
    context.globalAlpha = 1;
    context.fillStyle = line;
    for (let each = 1; each < SIDE; each += 1) {
      context.fillRect(each * cells, 0, 1, canvas.height);
      context.fillRect(0, each * cells, canvas.width, 1);
    }
    const { cursor } = this.gridPen;
    if (cursor) {
      context.strokeStyle = colour("--accent");
      context.lineWidth = 3;
      const cell = (position, size) => Math.min(SIDE - 1, Math.floor((position / size) * SIDE)) * cells;
      context.strokeRect(
        cell(cursor.x, canvas.clientWidth),
        cell(cursor.y, canvas.clientHeight),
        cells,
        cells,
      );
    }
  }
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
