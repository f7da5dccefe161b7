/**
 * The whole pipeline from a picture to its digits, as in inkread.reader, for browsers and Node. The modules
 * here port those of inkread.pipeline; tests compare their arrays and readings.
 */

import { argmax, argsort, shareOf } from "./arrays.js";
import { CLASSES, NONE } from "./boxes.js";
import { choose } from "./choice.js";
import { normalize } from "./glyph.js";
import { tight } from "./glyphs.js";
import { classify, opinionsOf } from "./opinions.js";
import { crop, turned } from "./resize.js";
import { bestTurn, confidence, isDoubtful, tellingPart } from "./turning.js";

const ALTERNATIVES = 3;
const LABELS = [..."0123456789", ""];

export class Reader {
  /**
   * @param {Object} networks by name: functions (input, dims) -> Promise of {data, dims}.
   * @param {Object} settings the content of settings.json, which `inkread site` writes.
   */
  constructor(networks, settings) {
    Object.assign(this, { networks, settings });
  }

  /**
   * Reads a picture.
   * @param {Object} grey {data, width, height}, the upright picture at working size.
   * @param {Object} [options]
   * @param {[number, number]} [options.size] width and height of the upright source picture.
   * @param {boolean} [options.single] read it as one digit.
   * @param {boolean} [options.detail] add all probabilities and the glyph to each digit.
   * @returns {Promise<Object>} width, height, text, written, and lines, as in the API.
   */
  async read(grey, { size = [grey.width, grey.height], single = false, detail = false } = {}) {
    let [opinions, choice] = await this.#predict(grey, { single, thorough: true });
    const turns = single ? 0 : await this.#turns(grey, opinions, choice);
    if (turns) [opinions, choice] = await this.#predict(turned(grey, turns), { single, thorough: true });
    const upright = turned(grey, turns);
    const boxOf = frame(grey, size, turns);
    const lines = choice.rows.map((row, at) => {
      const digits = row.map((index) => digitOf(upright, opinions, choice, index, boxOf, detail));
      const signs = choice.signs[at].map((index) => signOf(opinions.found[index], boxOf));
      return {
        text: digits.map(({ label }) => label).join(""),
        written: written(digits, signs),
        digits,
        signs,
      };
    });
    const joined = (key) => lines.map((line) => line[key]).join("\n");
    return { width: size[0], height: size[1], text: joined("text"), written: joined("written"), lines };
  }

  /** Classifies a drawing of one digit: 28×28 numbers 0..255, ink bright, row by row. */
  async classify(values) {
    const ink = shareOf(values);
    const glyph = normalize({ data: ink, width: 28, height: 28 });
    const { temperature, adjustment } = this.settings;
    const [probabilities] = await classify([glyph], this.networks.classifier, temperature, adjustment);
    return {
      labels: LABELS,
      probabilities: [rounded(probabilities)],
      digits: [LABELS[argmax(probabilities)]],
    };
  }

  /** Returns the quarter turns, counterclockwise, that make a page upright, by its reading as it is. */
  async #turns(grey, opinions, choice) {
    const { config, fusion } = this.settings;
    if (!isDoubtful(confidence(opinions, choice, config), config)) return 0;
    const part = tellingPart(opinions, grey, config);
    const cut = crop(grey, part.left, part.top, part.right, part.bottom);
    const found = [confidence(opinions, choice, config, part)];
    for (const each of [1, 2, 3]) {
      const look = await this.#predict(turned(cut, each), { single: false, thorough: false });
      found.push(confidence(...look, config));
    }
    return bestTurn(found, fusion.turning, config);
  }

  async #predict(grey, options) {
    const opinions = await opinionsOf(grey, this.networks, this.settings, options);
    return [opinions, await choose(opinions, this.settings, this.networks.rescoring, options.single)];
  }
}

const rounded = (values) => Array.from(values, (value) => Math.round(value * 1e6) / 1e6);

function digitOf(grey, { found, glyphs }, { probabilities }, index, boxOf, detail) {
  const shares = probabilities[index].subarray(0, NONE);
  const [best, ...others] = argsort(NONE, (label) => -shares[label]).map((label) => ({
    label: CLASSES[label],
    probability: rounded([shares[label]])[0],
  }));
  const digit = {
    ...best,
    box: boxOf(tight(grey, found[index].box)),
    alternatives: others.slice(0, ALTERNATIVES),
  };
  if (!detail) return digit;
  return { ...digit, probabilities: rounded(shares), glyph: btoa(String.fromCharCode(...glyphs[index])) };
}

function signOf({ box, logits }, boxOf) {
  const best = argmax(logits);
  return {
    label: CLASSES[best],
    probability: rounded([1 / (1 + Math.exp(-logits[best]))])[0],
    box: boxOf(box),
  };
}

/** Joins digits and signs along the row, which on a turned page does not run from left to right. */
function written(digits, signs) {
  const middle = ({ box }) => [box[0] + box[2], box[1] + box[3]];
  const [first, last] = [digits[0], digits.at(-1)].map(middle);
  const way = [last[0] - first[0], last[1] - first[1]];
  const axis = Math.abs(way[0]) >= Math.abs(way[1]) ? 0 : 1;
  const along = (part) => (way[axis] < 0 ? -1 : 1) * middle(part)[axis];
  const parts = [...digits, ...signs];
  return argsort(parts.length, (index) => along(parts[index]))
    .map((index) => parts[index].label)
    .join("");
}

/** Returns a function that maps boxes in working pixels, which may be turned, to the source picture. */
function frame(grey, [wide, high], turns) {
  return (box) => {
    let [x0, y0, x1, y1] = box;
    let [width, height] = turns % 2 ? [grey.height, grey.width] : [grey.width, grey.height];
    for (let turn = 0; turn < turns; turn += 1) {
      [x0, y0, x1, y1] = [height - y1, x0, height - y0, x1];
      [width, height] = [height, width];
    }
    const [across, down] = [wide / grey.width, high / grey.height];
    return [
      Math.max(0, Math.trunc(x0 * across)),
      Math.max(0, Math.trunc(y0 * down)),
      Math.min(wide, Math.ceil(x1 * across)),
      Math.min(high, Math.ceil(y1 * down)),
    ];
  };
}
