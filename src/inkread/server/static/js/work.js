/** Asynchronous tasks: only the newest, or several at a time. */

/** Runs one task at a time: a newer task aborts the older one and discards its result. */
export class Latest {
  #controller = null;

  /**
   * @param {(signal: AbortSignal) => Promise<T>} work
   * @returns {Promise<T|undefined>} undefined if newer work or `stop` interrupted it.
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

/** A queue of tasks: at most `limit` run at once, in order of arrival. */
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
