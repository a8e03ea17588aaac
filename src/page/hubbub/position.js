// Knows how far into the numbers of a channel one has come, and so what is new, what is doubled and what is missing.
//
// What is missing is told as losses, in order: `{type: 'gap', detail: {epoch, from, to, reason}}`, numbers that will not
// come; `{type: 'epoch', detail: {epoch, reason, before}}`, the channel began again, and of what followed `before`
// (`{epoch, seq}`) in the life it had, any end may be missing.

export class Position {
  #epoch = null;
  #seq = 0;

  /** The number of the last message that is accounted for. */
  get seq() {
    return this.#seq;
  }

  get epoch() {
    return this.#epoch;
  }

  /** What a join has to say to recover; null before the first one. */
  get since() {
    return this.#epoch === null ? null : { epoch: this.#epoch, seq: this.#seq };
  }

  /**
   * Takes in an answer to a join. What is between the position and what comes next is missing, whatever the answer calls it;
   * in another life of the channel that is all before what comes next.
   */
  join({ epoch, seq, replay, reason }) {
    const next = replay ? replay.from : seq + 1;
    if (this.#epoch === null) {
      this.#epoch = epoch;
      this.#seq = next - 1;
      return [];
    }
    if (reason === 'future') {
      const losses = this.restart(epoch, reason);
      this.#seq = seq;
      return losses;
    }
    const losses = this.restart(epoch, 'epoch');
    return [...losses, ...this.#skipTo(next - 1, 'trimmed')];
  }

  /** Takes in the number of a message: whether it is new, and what is missing before it without a word from the server. */
  advance(seq) {
    const losses = this.#skipTo(seq - 1, 'unexplained');
    const isNew = seq > this.#seq;
    if (isNew) this.#seq = seq;
    return { isNew, losses };
  }

  /** Takes in a gap that is told among the messages. */
  skip({ epoch, to, reason }) {
    return epoch === this.#epoch ? this.#skipTo(to, reason) : [];
  }

  /** The channel began again, if it did. */
  restart(epoch, reason) {
    if (epoch === this.#epoch && reason !== 'future') return [];
    const before = this.since;
    this.#epoch = epoch;
    this.#seq = 0;
    return [{ type: 'epoch', detail: { epoch, reason, before } }];
  }

  #skipTo(to, reason) {
    if (to <= this.#seq) return [];
    const from = this.#seq + 1;
    this.#seq = to;
    return [{ type: 'gap', detail: { epoch: this.#epoch, from, to, reason } }];
  }
}
