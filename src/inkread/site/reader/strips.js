/** Strips: each run of neighboring digits, cut from the page at one height, and read by a network. */

import { argsort, median, polyfit, polyval, shareOf, softmax } from "./arrays.js";
import { NONE, rowsOf } from "./boxes.js";
import { halved, image, sample } from "./resize.js";

const HEIGHT = 40;
const TALL = 22;
const GAP = 1.2; // largest gap between neighbors of a run, in heights of the row
const BEYOND = 1; // margin before the first and after the last digit, in heights of the row
const NARROWEST = 24;
const LEAST_DEVIATION = 0.03;
const LIMIT = 3;
const LIKE = [0.4, 2.2]; // a box's height in a strip, relative to the strip's digits
const ASIDE = 0.5;
const CORE = 0.2; // distance from a box's center of the columns that judge it, relative to its width
const [ANSWERS, COLUMN, BATCH, WIDEST_BATCH] = [2, 2, 32, 16384];

/** Returns the strips' 11 probabilities for each box; uniform for a box outside every strip. */
export async function stripOpinions(grey, boxes, likely, run, config) {
  const pyramid = [grey];
  const strips = runsOf(likely, config).map((indices) =>
    cutStrip(
      pyramid,
      indices.map((index) => likely[index]),
    ),
  );
  const columns = await columnsOf(
    strips.map(({ pixels }) => pixels),
    run,
  );
  return boxes.map((box) => {
    let [owner, least, ends] = [-1, 1, null];
    strips.forEach((strip, index) => {
      const place = placeIn(strip, box);
      if (place.mismatch < least) [owner, least, ends] = [index, place.mismatch, place.ends];
    });
    return owner < 0 ? new Float32Array(11).fill(1 / 11) : judged(columns[owner], ends);
  });
}

/** Returns the indices of the boxes, run by run: rows split at wide gaps, and at boxes of other heights. */
function runsOf(boxes, config) {
  const runs = [];
  for (const row of rowsOf(boxes, config.row_apart)) {
    const tall = median(row.map((index) => boxes[index][3] - boxes[index][1]));
    let [run, end] = [[], 0];
    for (const index of row) {
      const [x0, y0, x1, y1] = boxes[index];
      if (!(LIKE[0] * tall < y1 - y0 && y1 - y0 < LIKE[1] * tall)) {
        runs.push([index]);
        continue;
      }
      if (run.length && x0 - end > GAP * tall) {
        runs.push(run);
        run = [];
      }
      end = run.length ? Math.max(end, x1) : x1;
      run.push(index);
    }
    if (run.length) runs.push(run);
  }
  return runs;
}

function cutStrip(pyramid, boxes) {
  const f = Math.fround;
  const [grey] = pyramid;
  const tall = Math.max(2, median(boxes.map(([, y0, , y1]) => f(y1 - y0))));
  const middle = (axis) => boxes.map((box) => f(box[axis] + box[axis + 2]) / 2);
  const course = polyfit(middle(0), middle(1), boxes.length < 3 ? 0 : boxes.length < 9 ? 1 : 2);
  const left = Math.max(Math.min(...boxes.map((box) => box[0])) - BEYOND * tall, (-BEYOND * tall) / 4);
  const right = Math.min(
    Math.max(...boxes.map((box) => box[2])) + BEYOND * tall,
    grey.width + (BEYOND * tall) / 4,
  );
  const scale = TALL / tall;
  const width = Math.max(NARROWEST, Math.ceil((right - left) * scale));
  const source = halved(pyramid, Math.max(0, Math.floor(-Math.log2(scale))));
  const pixels = sample(source, width, HEIGHT, (column, row) => {
    const x = left + (column + 0.5) / scale;
    const y = polyval(course, x) + (row + 0.5 - HEIGHT / 2) / scale;
    return [f((x * source.width) / grey.width - 0.5), f((y * source.height) / grey.height - 0.5)];
  });
  return { pixels, left, scale, course };
}

/** Returns a box's start and end in a strip, and its mismatch, 1 if it is outside. */
function placeIn({ pixels, left, scale, course }, [x0, y0, x1, y1]) {
  const tall = TALL / scale;
  const aside = Math.abs((y0 + y1) / 2 - polyval(course, (x0 + x1) / 2)) / tall;
  const share = Math.max(y1 - y0, 1e-3) / tall;
  const ends = [(x0 - left) * scale, (x1 - left) * scale];
  const middle = (ends[0] + ends[1]) / 2;
  const fits = middle > 0 && middle < pixels.width && aside < ASIDE && share > LIKE[0] && share < LIKE[1];
  const mismatch = (aside / ASIDE + Math.abs(Math.log(share))) / (1 + Math.log(LIKE[1]));
  return { ends, mismatch: fits ? Math.min(mismatch, 0.999) : 1 };
}

/** Returns the probabilities of the column in a box's core that is the most confident of a digit. */
function judged(columns, [start, end]) {
  const [middle, reach] = [(start + end) / 2, CORE * (end - start)];
  const [first, last] = [middle - reach, middle + reach].map((place) =>
    Math.min(Math.max(0, Math.trunc(place / COLUMN)), columns.length - 1),
  );
  let best = columns[first];
  for (let each = first + 1; each <= last; each += 1)
    if (columns[each][NONE] < best[NONE]) best = columns[each];
  return best;
}

/** Returns the 11 probabilities of each column of 2 pixels, per strip. */
async function columnsOf(strips, run) {
  const result = [];
  let order = argsort(strips.length, (index) => strips[index].width);
  while (order.length) {
    const wide = strips[order[Math.min(BATCH, order.length) - 1]].width;
    const count = Math.min(BATCH, Math.max(1, Math.floor(WIDEST_BATCH / wide)));
    const chosen = order.slice(0, count).map((index) => strips[index]);
    const width =
      Math.ceil(Math.max(...chosen.map((strip) => strip.width)) / (ANSWERS * COLUMN)) * ANSWERS * COLUMN;
    const input = new Float32Array(chosen.length * HEIGHT * width);
    chosen.forEach((strip, row) => input.set(planeOf(strip, width), row * HEIGHT * width));
    const {
      data,
      dims: [, rows, , steps],
    } = await run(input, [chosen.length, 1, HEIGHT, width]);
    chosen.forEach((strip, row) => {
      const answer = data.subarray(row * rows * steps, (row + 1) * rows * steps);
      result[order[row]] = unfolded(answer, rows / ANSWERS, steps).slice(0, Math.ceil(strip.width / COLUMN));
    });
    order = order.slice(count);
  }
  return result;
}

function unfolded(answer, classes, steps) {
  return Array.from({ length: steps * ANSWERS }, (_, column) => {
    const [step, part] = [Math.floor(column / ANSWERS), column % ANSWERS];
    return softmax(
      Array.from({ length: classes }, (__, each) => answer[(part * classes + each) * steps + step]),
    );
  });
}

/** Makes the network's input of a strip: normalized contrast and bright ink, padded with 0. */
function planeOf({ data, width }, wide) {
  const value = shareOf(data);
  const mean = value.reduce((sum, each) => sum + each, 0) / value.length;
  const variance = value.reduce((sum, each) => sum + (each - mean) ** 2, 0) / value.length;
  const unit = (Math.sqrt(variance) + LEAST_DEVIATION) * LIMIT;
  const even = value.map((each) => Math.min(1, Math.max(-1, (each - mean) / unit)));
  // Ink covers less area than paper, so its side of the mean has the longer tail.
  const sign = even.reduce((sum, each) => sum + each ** 3, 0) < 0 ? -1 : 1;
  const plane = image(wide, HEIGHT, Float32Array);
  for (let y = 0; y < HEIGHT; y += 1)
    for (let x = 0; x < width; x += 1) plane.data[y * wide + x] = sign * even[y * width + x];
  return plane.data;
}
