/** Asynchronous work: the newest only, or several at a time. */

/** Runs one piece of work at a time: a newer one aborts the older, whose answer is never seen. */
export class Latest {
  #controller = null;

  /**
   * @param {(signal: AbortSignal) => Promise<T>} work
   * @returns {Promise<T|undefined>} undefined where newer work, or `stop`, came in between.
   */
  async run(work) {
    this.#controller?.abort();
    const controller = new AbortController();
    this.#controller = controller;
    try {
      const answer = await work(controller.signal);
      return controller.signal.aborted ? undefined : answer;
    } catch (error) {
      if (controller.signal.aborted) return undefined;
      throw error;
    }
  }

  stop() {
    this.#controller?.abort();
    this.#controller = null;
  }
}

/** Work that waits its turn: at most `limit` pieces run at once, in the order in which they came. */
export class Turns {
  #waiting = [];
  #running = 0;

  constructor(limit) {
    this.limit = limit;
  }

  run(work) {
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => work().then(resolve, reject));
      this.#next();
    });
  }

  #next() {
    while (this.#running < this.limit && this.#waiting.length) {
      this.#running += 1;
      this.#waiting.shift()().finally(() => {
        this.#running -= 1;
        this.#next();
      });
    }
  }
}
