/** Aligns a row's corrected text with its digits, like the server. Does not use the DOM. */

const USUAL_PITCH = 1.5; // distance between digits in digit widths, if a row is too short to measure it
const LEAST_VISIBLE = 0.25; // minimum fraction of a missed digit's box inside the picture

/**
 * Finds the fewest edits that change a row to a text (Levenshtein distance).
 * If there are several solutions, less probable digits change, and missed digits go where there is room.
 * @param {{label: string, box: number[], probability: number}[]} row at least one item; "" is not a digit.
 * @param {string} text digits.
 * @param {{width: number, height: number}} picture
 * @returns {{index: ?number, box: number[], label: string}[]} the changes; index null for a missed digit,
 *   label "" for no digit.
 */
export function edits(row, text, picture) {
  const found = [];
  const missed = Array.from({ length: row.length + 1 }, () => []);
  for (const { index, gap, label } of aligned(row, text, crowds(row, picture))) {
    if (index === null) missed[gap].push(label);
    else if (label !== row[index].label) found.push({ index, box: row[index].box, label });
  }
  missed.forEach((labels, gap) => {
    places(row, gap, labels.length).forEach((box, each) => {
      if (!isVisible(box, picture))
        throw new Error("A digit would be outside the picture. Mark it with a box instead");
      found.push({ index: null, box: clipped(box, picture), label: labels[each] });
    });
  });
  return found;
}

/** Returns the vector from one digit's center to the next; for a single digit, its width to the right. */
export function pitch(boxes) {
  const middles = boxes.map(middle);
  const steps = middles
    .slice(1)
    .map((to, index) => ({ x: to.x - middles[index].x, y: to.y - middles[index].y }));
  const step = { x: median(steps.map(({ x }) => x)), y: median(steps.map(({ y }) => y)) };
  return step.x || step.y ? step : { x: size(boxes).wide, y: 0 };
}

export function middle([x0, y0, x1, y1]) {
  return { x: (x0 + x1) / 2, y: (y0 + y1) / 2 };
}

/** Computes the median width and height of boxes. */
export function size(boxes) {
  return {
    wide: Math.max(1, median(boxes.map(([x0, , x1]) => x1 - x0))),
    high: Math.max(1, median(boxes.map(([, y0, , y1]) => y1 - y0))),
  };
}

function aligned(row, text, crowd) {
  const best = Array.from({ length: row.length + 1 }, () => []);
  for (let i = 0; i <= row.length; i += 1) {
    for (let j = 0; j <= text.length; j += 1) best[i][j] = cheapest(best, row, text, crowd, i, j);
  }
  const steps = [];
  for (let i = row.length, j = text.length; i || j;) {
    const { di, dj } = best[i][j];
    steps.push({ index: di ? i - 1 : null, gap: i, label: dj ? text[j - 1] : "" });
    i -= di;
    j -= dj;
  }
  return steps.reverse();
}

/** Finds the cheapest path to a cell of the table, and the number of items and labels its last step uses. */
function cheapest(best, row, text, crowd, i, j) {
  if (!i && !j) return { count: 0, unlikely: 0 };
  const ways = [];
  const item = row[i - 1];
  const add = ({ count, unlikely }, edited, more, di, dj) =>
    ways.push({ count: count + edited, unlikely: unlikely + edited * more, di, dj });
  if (i && j)
    add(best[i - 1][j - 1], Number(item.label !== text[j - 1]), item.label ? item.probability : 0, 1, 1);
  if (i) add(best[i - 1][j], Number(item.label !== ""), item.probability, 1, 0);
  if (j) add(best[i][j - 1], 1, crowd[i], 0, 1);
  return ways.reduce((one, other) =>
    other.count < one.count || (other.count === one.count && other.unlikely < one.unlikely) ? other : one,
  );
}

/** Rates the crowding of each gap, before the first item to after the last: 1 is full, 0 fits a digit. */
function crowds(row, picture) {
  const boxes = row.map(({ box }) => box);
  const way = pitch(boxes);
  // one gap is not enough to measure the pitch
  const step = row.length > 2 ? Math.hypot(way.x, way.y) : USUAL_PITCH * size(boxes).wide;
  const inner = boxes.slice(1).map((box, index) => {
    const [from, to] = [middle(boxes[index]), middle(box)];
    return 1 - Math.min(1, Math.max(0, Math.hypot(to.x - from.x, to.y - from.y) / step - 1));
  });
  const end = (gap) => (isVisible(places(row, gap, 1)[0], picture) ? 0.5 : 1);
  return [end(0), ...inner, end(row.length)];
}

/** Places boxes for missed digits in a gap, evenly spaced, with the size of the row's median digit. */
function places(row, gap, count) {
  const boxes = row.map(({ box }) => box);
  const { wide, high } = size(boxes);
  return Array.from({ length: count }, (_, each) => {
    const { x, y } = place(boxes, gap, each + 1, count);
    return [x - wide / 2, y - high / 2, x + wide / 2, y + high / 2];
  });
}

function place(boxes, gap, number, count) {
  const way = pitch(boxes);
  const shifted = ({ x, y }, share, step) => ({ x: x + share * step.x, y: y + share * step.y });
  if (gap === 0) return shifted(middle(boxes[0]), number - count - 1, way);
  if (gap === boxes.length) return shifted(middle(boxes.at(-1)), number, way);
  const [from, to] = [middle(boxes[gap - 1]), middle(boxes[gap])];
  return shifted(from, number / (count + 1), { x: to.x - from.x, y: to.y - from.y });
}

function isVisible([x0, y0, x1, y1], { width, height }) {
  const [wide, high] = [Math.min(width, x1) - Math.max(0, x0), Math.min(height, y1) - Math.max(0, y0)];
  return wide >= Math.max(1, LEAST_VISIBLE * (x1 - x0)) && high >= Math.max(1, LEAST_VISIBLE * (y1 - y0));
}

/** Rounds a box to whole pixels of the picture, at least one pixel wide and high. */
export function clipped(box, { width, height }) {
  const [x0, y0, x1, y1] = box.map(Math.round);
  const left = Math.min(width - 1, Math.max(0, x0));
  const top = Math.min(height - 1, Math.max(0, y0));
  return [left, top, Math.min(width, Math.max(x1, left + 1)), Math.min(height, Math.max(y1, top + 1))];
}

function median(values) {
  if (!values.length) return 0;
  const sorted = [...values].sort((one, other) => one - other);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
