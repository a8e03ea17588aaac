// Decides how long to wait before the next attempt to connect: exponential backoff with full jitter.

const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;
/** Connected for this long counts as a success; a server that accepts and drops at once is not hammered. */
export const STABLE_MS = 10_000;

export class Backoff {
  #failures = 0;
  #random;

  constructor(random = Math.random) {
    this.#random = random;
  }

  /** The wait before the next attempt, in milliseconds. */
  next() {
    const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#failures);
    this.#failures += 1;
    return Math.round(this.#random() * ceiling);
  }

  reset() {
    this.#failures = 0;
  }
}
