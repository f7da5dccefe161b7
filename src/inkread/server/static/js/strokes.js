/** The drawing sheet, stored as strokes. Does not use the DOM. */

/**
 * @typedef {{x: number, y: number, force: number}} Point in the sheet's units; force is the relative line
 *   width, about 1.
 * @typedef {{erase: boolean, width: number, points: Point[]}} Stroke
 */

/** A history of values with undo and redo. */
export class Past {
  #states;
  #at = 0;

  constructor(start) {
    this.#states = [start];
  }

  get now() { return this.#states[this.#at]; }
  get canUndo() { return this.#at > 0; }
  get canRedo() { return this.#at < this.#states.length - 1; }

  push(state) {
    this.#states = [...this.#states.slice(0, this.#at + 1), state];
    this.#at += 1;
  }

  undo() {
    if (this.canUndo) this.#at -= 1;
  }

  redo() {
    if (this.canRedo) this.#at += 1;
  }

  /** Every state, past and future. */
  get states() { return this.#states; }

  /** Changes every state without adding one. */
  map(change) {
    this.#states = this.#states.map(change);
  }
}

export class Sheet {
  #past = new Past([]);
  /** The stroke being drawn. @type {?Stroke} */
  live = null;

  /** All strokes, with the one being drawn. @returns {Stroke[]} */
  get strokes() { return this.live ? [...this.#past.now, this.live] : this.#past.now; }
  get isEmpty() { return !this.strokes.some((stroke) => !stroke.erase); }
  get canUndo() { return this.#past.canUndo; }
  get canRedo() { return this.#past.canRedo; }

  begin(point, { width, erase = false }) {
    this.live = { erase, width, points: [point] };
  }

  extend(points) {
    this.live?.points.push(...points);
  }

  end() {
    if (!this.live) return;
    this.#past.push(this.strokes);
    this.live = null;
  }

  cancel() {
    this.live = null;
  }

  clear() {
    this.cancel();
    if (this.#past.now.length) this.#past.push([]);
  }

  undo() {
    this.cancel();
    this.#past.undo();
  }

  redo() {
    this.cancel();
    this.#past.redo();
  }

  /** Shrinks the drawing, including undone strokes, if the sheet has become too small for its ink. */
  fit(width, height) {
    const strokes = [...new Set([...this.#past.states.flat(), ...this.strokes])];
    const factor = Math.min(1, width / reach(strokes, "x"), height / reach(strokes, "y"));
    if (factor === 1) return;
    const shrunk = new Map(strokes.map((stroke) => [stroke, scaled(stroke, factor)]));
    this.#past.map((state) => state.map((stroke) => shrunk.get(stroke)));
    this.live = shrunk.get(this.live) ?? null;
  }
}

/** Returns the extent of the strokes' ink to the right ("x") or down ("y"). */
function reach(strokes, axis) {
  let farthest = 0;
  for (const { erase, width, points } of strokes) {
    if (erase) continue;
    for (const point of points) farthest = Math.max(farthest, point[axis] + (width * point.force) / 2);
  }
  return farthest;
}

function scaled(stroke, factor) {
  const points = stroke.points.map(({ x, y, force }) => ({ x: x * factor, y: y * factor, force }));
  return { ...stroke, width: stroke.width * factor, points };
}

/** Paints strokes on a transparent 2D context; an eraser's stroke removes ink. */
export function paint(context, strokes, colour) {
  context.save();
  context.lineCap = "round";
  context.lineJoin = "round";
  context.strokeStyle = colour;
  context.fillStyle = colour;
  for (const stroke of strokes) {
    context.globalCompositeOperation = stroke.erase ? "destination-out" : "source-over";
    paintStroke(context, stroke);
  }
  context.restore();
}

function paintStroke(context, { width, points }) {
  const [first] = points;
  if (points.length === 1) {
    context.beginPath();
    context.arc(first.x, first.y, (width * first.force) / 2, 0, 2 * Math.PI);
    context.fill();
    return;
  }
  let from = first; // quadratic curves between midpoints round the corners of a slow mouse
  for (let i = 1; i < points.length; i += 1) {
    const to = i === points.length - 1 ? points[i] : middle(points[i], points[i + 1]);
    context.beginPath();
    context.lineWidth = width * points[i].force;
    context.moveTo(from.x, from.y);
    context.quadraticCurveTo(points[i].x, points[i].y, to.x, to.y);
    context.stroke();
    from = to;
  }
}

function middle(one, other) {
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
}
