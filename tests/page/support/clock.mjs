// A clock that stands still until a test moves it.

export class FakeClock {
  #now = 0;
  #timers = new Map();
  #count = 0;

  now() {
    return this.#now;
  }

  setTimeout(call, delay) {
    this.#count += 1;
    this.#timers.set(this.#count, { call, at: this.#now + delay });
    return this.#count;
  }

  clearTimeout(timer) {
    this.#timers.delete(timer);
  }

  /** Lets so many milliseconds pass, and what is due happen in its order. */
  pass(milliseconds) {
    const end = this.#now + milliseconds;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, one], [, other]) => one.at - other.at)[0];
      if (!due) break;
      const [timer, { call, at }] = due;
      this.#timers.delete(timer);
      this.#now = at;
      call();
    }
    this.#now = end;
  }
}
