/**
 * Corrections of digits, rows, and missed digits: shown at once, and stored if the server collects them.
 * Does not use the DOM.
 */

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
    this.sending = new WeakMap(); // pending requests to the server, by digit
  }

  /**
   * Returns the option `keep` for temporary readings, such as after each stroke; undefined if the server
   * stores nothing anyway.
   */
  passing() {
    return this.collects() ? false : undefined;
  }

  /**
   * Corrects one digit of an item {reading, picture, name, model}.
   * @param {string} label "0" to "9", or "" for no digit; the label read withdraws the correction.
   */
  correct(item, { line, position }, label) {
    return this.#correct(item, item.reading.lines[line].digits[position], { line, position }, label);
  }

  /**
   * Marks a missed digit; a box over a digit that was read corrects that digit instead.
   * @param {number[]} box in pixels of the picture.
   * @returns {{place: {line: number, position: number}, done: Promise}} the digit's place, available at once.
   */
  mark(item, box, label) {
    const covered = digitsOf(item.reading).find(({ digit }) => overlap(digit.box, box) > SAME_PLACE);
    return covered
      ? { place: covered, done: this.correct(item, covered, label) }
      : this.#mark(item, box, label);
  }

  /**
   * Changes a row's text by the fewest corrections and marks. They are stored one by one, so that the page
   * always shows the stored state.
   * @throws if a missed digit would be outside the picture.
   */
  async write(item, line, text) {
    const row = inOrder(item.reading.lines[line]).map(({ digit, position }) => ({
      digit,
      position,
      box: digit.box,
      label: labelOf(digit),
      // A mark has probability 0, so that it changes before digits that were read.
      probability: digit.marked ? 0 : digit.corrected === undefined ? digit.probability : 1,
    }));
    const all = edits(row, text, item.reading).map(({ index, box, label }) =>
      index === null
        ? this.#mark(item, box, label).done
        : this.#correct(item, row[index].digit, { line, position: row[index].position }, label),
    );
    const failed = (await Promise.allSettled(all)).find(({ status }) => status === "rejected");
    if (failed) throw failed.reason;
  }

  /** Withdraws the correction or the mark of a digit, on the server too. */
  async withdraw(item, digit) {
    await this.#sent(digit); // only then is the correction's id known
    if (digit.correction) await this.api.withdraw(digit.correction);
    if (digit.marked) takeMark(item.reading, digit);
    delete digit.corrected;
    delete digit.correction;
  }

  async #correct(item, digit, { line, position }, label) {
    if (label === digit.label) return this.withdraw(item, digit); // a mark's label is "", so this removes it
    const before = { corrected: digit.corrected, correction: digit.correction };
    digit.corrected = label;
    delete digit.correction; // the new label is not stored yet
    try {
      const where = digit.marked ? { box: digit.box } : { line, position };
      digit.correction =
        (await this.#inTurn(digit, () => this.#send(item, { ...where, label }))) ?? before.correction;
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

  /** Sends the corrections of a digit one after another, so that the last one wins. */
  #inTurn(digit, send) {
    const sent = this.#sent(digit).then(send);
    this.sending.set(digit, sent);
    return sent;
  }

  /** Waits until all requests for a digit are done, even if they failed. */
  async #sent(digit) {
    await this.sending.get(digit)?.catch(() => {});
  }

  /** Stores a correction on the server, if the server collects them. @returns its id. */
  async #send(item, correction) {
    if (!this.collects() || !item.picture) return undefined;
    try {
      // A live reading is stored only when somebody corrects it.
      item.reading.id ??= (await (item.storing ??= this.#store(item))).id;
      return (await this.api.correct({ reading: item.reading.id, ...correction })).id;
    } catch (error) {
      delete item.storing;
      throw error;
    }
  }

  /** Reads the picture again and stores the reading. */
  #store({ picture, name, model }) {
    return this.api.read(picture, { name, model, patient: true });
  }
}
