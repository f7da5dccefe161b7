/** Converts pointer and key events on a canvas to strokes of a model (`Sheet` or `Pixels`). */

const STEP = 12; // CSS pixels per press of an arrow key; a quarter of it with Shift

/**
 * Lets the user draw on a canvas with a mouse, pen, finger, or keyboard.
 * @param {HTMLCanvasElement} canvas
 * @param {Object} options
 * @param {() => Object} options.model with begin, extend, end, cancel.
 * @param {(position: {x: number, y: number}) => {x: number, y: number}} options.place converts CSS pixels of
 *   the canvas to the model's units.
 * @param {() => {width: number, erase: boolean}} options.settings
 * @param {(what: "move"|"end"|"cursor") => void} options.changed
 */
export class Pen {
  #pointer = null;
  #type = "";
  /** The position of the keyboard's pen, in CSS pixels; null while it is not in use. */
  cursor = null;
  #down = false;

  constructor(canvas, { model, place, settings, changed }) {
    Object.assign(this, { canvas, model, place, settings, changed });
    canvas.addEventListener("pointerdown", (event) => this.#begin(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#end(event));
    canvas.addEventListener("pointercancel", (event) => this.#cancel(event));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => this.#leave());
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  get isDown() { return this.#pointer !== null || this.#down; }

  #begin(event) {
    if (event.button > 0 && event.button !== 5) return; // 5: the eraser end of a pen
    if (this.#pointer !== null) {
      if (!(event.pointerType === "pen" && this.#type === "touch")) return;
      this.model().cancel(); // the palm touched the canvas before the pen
    }
    this.#leave();
    this.#pointer = event.pointerId;
    this.#type = event.pointerType;
    this.canvas.setPointerCapture?.(event.pointerId);
    const { width, erase } = this.settings();
    this.model().begin(this.#point(event), { width, erase: erase || event.button === 5 });
    this.changed("move");
  }

  #move(event) {
    if (event.pointerId !== this.#pointer) return;
    const events = event.getCoalescedEvents?.() ?? [];
    this.model().extend((events.length ? events : [event]).map((each) => this.#point(each)));
    this.changed("move");
  }

  #end(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = null;
    this.model().end();
    this.changed("end");
  }

  #cancel(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = null;
    this.model().cancel();
    this.changed("end");
  }

  #point(event) {
    const box = this.canvas.getBoundingClientRect();
    const force = event.pointerType === "pen" && event.pressure > 0 ? 0.5 + event.pressure : 1;
    return { ...this.place({ x: event.clientX - box.left, y: event.clientY - box.top }), force };
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? STEP / 4 : STEP;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (event.key in moves) this.#step(...moves[event.key]);
    else if (event.key === " ") this.#toggle();
    else return;
    event.preventDefault();
  }

  #step(dx, dy) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const from = this.cursor ?? { x: width / 2, y: height / 3 };
    this.cursor = {
      x: Math.min(width, Math.max(0, from.x + dx)),
      y: Math.min(height, Math.max(0, from.y + dy)),
    };
    if (this.#down) this.model().extend([{ ...this.place(this.cursor), force: 1 }]);
    this.changed(this.#down ? "move" : "cursor");
  }

  #toggle() {
    this.cursor ??= { x: this.canvas.clientWidth / 2, y: this.canvas.clientHeight / 3 };
    this.#down = !this.#down;
    if (this.#down) this.model().begin({ ...this.place(this.cursor), force: 1 }, this.settings());
    else this.model().end();
    this.changed(this.#down ? "move" : "end");
  }

  #leave() {
    const wasDown = this.#down;
    this.#down = false;
    if (wasDown) this.model().end();
    if (this.cursor) this.changed(wasDown ? "end" : "cursor");
    this.cursor = null;
  }
}
