/** Corrections of digits: shown at once, and stored where the server collects them. Knows nothing of the document. */

export class Corrections {
  /**
   * @param {import("./api.js").Api} api
   * @param {() => boolean} collects whether the server stores corrections.
   */
  constructor(api, collects) {
    this.api = api;
    this.collects = collects;
  }

  /** The option `keep` of a reading that is not to be stored, such as of every stroke; nothing where nothing is stored anyway. */
  passing() {
    return this.collects() ? false : undefined;
  }

  /**
   * Corrects one digit of an item {reading, picture, name, model}.
   * @param {string} label "0" to "9", or "" for no digit; the label that was read withdraws the correction.
   */
  async correct(item, { line, position }, label) {
    const digit = item.reading.lines[line].digits[position];
    if (label === digit.label) return this.withdraw(digit);
    const before = { corrected: digit.corrected, correction: digit.correction };
    digit.corrected = label;
    if (!this.collects() || !item.picture) return undefined;
    try {
      // A live reading is not stored until somebody corrects it.
      item.reading.id ??= (await (item.storing ??= this.#store(item))).id;
      const { id } = await this.api.correct({ reading: item.reading.id, line, position, label });
      digit.correction = id;
    } catch (error) {
      Object.assign(digit, before);
      delete item.storing;
      throw error;
    }
    return undefined;
  }

  /** Reads the picture once more, this time to be kept. */
  #store({ picture, name, model }) {
    return this.api.read(picture, { name, model, patient: true });
  }

  /** Takes the correction of a digit back, on the server too. */
  async withdraw(digit) {
    const { correction } = digit;
    if (correction) await this.api.withdraw(correction);
    delete digit.corrected;
    delete digit.correction;
  }
}
