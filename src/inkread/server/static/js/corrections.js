/** Corrections of digits, rows, and digits that were missed: shown at once, and stored where the server collects. Knows nothing of the document. */

import { digitsOf, inOrder, labelOf, overlap, putMark, SAME_PLACE, takeMark } from "./reading.js";
import { edits } from "./rows.js";

export class Corrections {
  /**
   * @param {import("./api.js").Api} api
   * @param {() => boolean} collects whether the server stores corrections.
   */
  constructor(api, collects) {
    this.api = api;
    this.collects = collects;
    this.sending = new WeakMap(); // what is on its way to the server, by digit
  }

  /** The option `keep` of a reading that is not to be stored, such as of every stroke; nothing where nothing is stored anyway. */
  passing() {
    return this.collects() ? false : undefined;
  }

  /**
   * Corrects one digit of an item {reading, picture, name, model}.
   * @param {string} label "0" to "9", or "" for no digit; the label that was read withdraws the correction.
   */
  correct(item, { line, position }, label) {
    return this.#correct(item, item.reading.lines[line].digits[position], { line, position }, label);
  }

  /**
   * Marks a digit that was missed; a box over a digit that was read corrects that one.
   * @param {number[]} box in pixels of the picture.
   * @returns {{place: {line: number, position: number}, done: Promise}} the digit's place, at once.
   */
  mark(item, box, label) {
    const covered = digitsOf(item.reading).find(({ digit }) => overlap(digit.box, box) > SAME_PLACE);
    return covered ? { place: covered, done: this.correct(item, covered, label) } : this.#mark(item, box, label);
  }

  /**
   * Makes a row read as a text, by the fewest corrections and marks. They are stored one by one, so that what is shown is what is stored.
   * @throws if a missed digit would lie outside the picture.
   */
  async write(item, line, text) {
    const row = inOrder(item.reading.lines[line]).map(({ digit, position }) => ({
      digit,
      position,
      box: digit.box,
      label: labelOf(digit),
      probability: digit.marked ? 0 : digit.corrected === undefined ? digit.probability : 1, // a mark is taken back first
    }));
    const all = edits(row, text, item.reading).map(({ index, box, label }) => (
      index === null ? this.#mark(item, box, label).done : this.#correct(item, row[index].digit, { line, position: row[index].position }, label)
    ));
    const failed = (await Promise.allSettled(all)).find(({ status }) => status === "rejected");
    if (failed) throw failed.reason;
  }

  /** Takes the correction or the mark of a digit back, on the server too. */
  async withdraw(item, digit) {
    await this.#sent(digit); // only then is it known what is to be withdrawn
    if (digit.correction) await this.api.withdraw(digit.correction);
    if (digit.marked) takeMark(item.reading, digit);
    delete digit.corrected;
    delete digit.correction;
  }

  async #correct(item, digit, { line, position }, label) {
    if (label === digit.label) return this.withdraw(item, digit); // of a mark that is "": there is no digit after all
    const before = { corrected: digit.corrected, correction: digit.correction };
    digit.corrected = label;
    delete digit.correction; // what is shown as stored must be the new label
    try {
      const where = digit.marked ? { box: digit.box } : { line, position };
      digit.correction = await this.#inTurn(digit, () => this.#send(item, { ...where, label })) ?? before.correction;
    } catch (error) {
      Object.assign(digit, before);
      throw error;
    }
    return undefined;
  }

  #mark(item, box, label) {
    const mark = { marked: true, label: "", corrected: label, box, probability: 1, alternatives: [] };
    const place = putMark(item.reading, mark);
    const send = async () => {
      try {
        mark.correction = await this.#inTurn(mark, () => this.#send(item, { box, label }));
      } catch (error) {
        takeMark(item.reading, mark);
        throw error;
      }
    };
    return { place, done: send() };
  }

  /** Sends what is said of a digit after what was said of it before, so that the last word stands. */
  #inTurn(digit, send) {
    const sent = this.#sent(digit).then(send);
    this.sending.set(digit, sent);
    return sent;
  }

  /** Waits until nothing is on its way about a digit, whatever became of it. */
  async #sent(digit) {
    await this.sending.get(digit)?.catch(() => {});
  }

  /** Has the server store a correction, if it collects. @returns its id. */
  async #send(item, correction) {
    if (!this.collects() || !item.picture) return undefined;
    try {
      // A live reading is not stored until somebody corrects it.
      item.reading.id ??= (await (item.storing ??= this.#store(item))).id;
      return (await this.api.correct({ reading: item.reading.id, ...correction })).id;
    } catch (error) {
      delete item.storing;
      throw error;
    }
  }

  /** Reads the picture once more, this time to be kept. */
  #store({ picture, name, model }) {
    return this.api.read(picture, { name, model, patient: true });
  }
}
