// What is asked of the server, in order: it waits while the lane is closed, and is settled by what answers it.

import { HubError } from './error.js';

/** What may wait for a connection. */
const WAITING_MAX = 1_000;
const WAITING_BYTES_MAX = 1_048_576;

/** What becomes of a request whose connection is lost before its answer. */
export const WhenLost = {
  /** It may have been done. What comes later shows that, or `giveUp` ends it. */
  doubt: 'doubt',
  /** It changes nothing, and is asked again. */
  repeat: 'repeat',
  /** It is of no use later. */
  reject: 'reject',
};

/** Nothing is in doubt of a request. */
const CERTAIN = { isDoubtful: false, missingFrom: null };

/** Room for what waits, which all lanes of a hub share. */
export class Room {
  #count = 0;
  #bytes = 0;

  has(bytes) {
    return this.#count < WAITING_MAX && this.#bytes + bytes <= WAITING_BYTES_MAX;
  }

  take({ bytes }) {
    this.#count += 1;
    this.#bytes += bytes;
  }

  release({ bytes }) {
    this.#count -= 1;
    this.#bytes -= bytes;
  }
}

export class Lane {
  #wire;
  #room;
  #isOpen = false;
  #waiting = [];
  /** What is unanswered, by its `ref`, in the order in which it was handed over. */
  #sent = new Map();

  /** `wire` has `ref()`, `send(text)` and `largest()`, the bytes that a request may have. */
  constructor(wire, room) {
    this.#wire = wire;
    this.#room = room;
  }

  /** Asks once the lane is open; resolves with what `answer` is given. `retry`: what is given up is sent again. */
  ask(object, { whenLost, retry = false }) {
    return new Promise((resolve, reject) => {
      const request = this.#request(object, { whenLost, retry, resolve, reject });
      if (this.#isOpen) return this.#handOver(request);
      if (!this.#room.has(request.bytes)) return reject(new HubError('queue-full'));
      this.#wait(request);
    });
  }

  /** Asks at once, on this connection only. */
  askNow(object) {
    return new Promise((resolve, reject) => {
      this.#handOver(this.#request(object, { whenLost: WhenLost.reject, retry: false, resolve, reject }));
    });
  }

  /** Hands over what waits, and from now on what is asked. */
  open() {
    this.#isOpen = true;
    for (const request of this.#waiting.splice(0)) {
      this.#room.release(request);
      this.#handOver(request);
    }
  }

  pause() {
    this.#isOpen = false;
  }

  /** Whether something was asked under this `ref`, which is then done. */
  answer(ref, value) {
    return this.#settle(ref, ({ resolve }) => resolve(value));
  }

  fail(ref, error) {
    return this.#settle(ref, (request) => {
      // The server itself may not know whether it was said.
      if (error.code !== 'unknown' || !request.retry) request.reject(error);
      else if (this.#isOpen) this.#handOver(Object.assign(request, CERTAIN));
      else this.#waitFirst([request]);
    });
  }

  /** The connection is lost. */
  lose() {
    this.#isOpen = false;
    const again = [];
    for (const request of [...this.#sent.values()]) {
      if (request.whenLost === WhenLost.doubt) {
        request.isDoubtful = true;
        continue;
      }
      this.#sent.delete(request.ref);
      if (request.whenLost === WhenLost.repeat) again.push(request);
      else request.reject(new HubError('offline'));
    }
    this.#waitFirst(again);
  }

  /** Messages from the number `from` on were skipped: the copy of anything that is unanswered may be among them. */
  doubt(from) {
    for (const request of this.#sent.values()) {
      if (request.whenLost !== WhenLost.doubt) continue;
      request.isDoubtful = true;
      request.missingFrom ??= from;
    }
  }

  /** The channel began again, and with it its numbers. */
  doubtAll() {
    for (const request of this.#sent.values()) request.missingFrom = null;
    this.doubt(1);
  }

  /** The first skipped number that may be that of something unanswered; null if there is none. */
  get missingFrom() {
    const numbers = [...this.#sent.values()].map(({ missingFrom }) => missingFrom).filter((number) => number !== null);
    return numbers.length > 0 ? Math.min(...numbers) : null;
  }

  /** Nothing showed what is in doubt. */
  giveUp() {
    const doubtful = [...this.#sent.values()].filter(({ isDoubtful }) => isDoubtful);
    for (const request of doubtful) {
      this.#sent.delete(request.ref);
      if (!request.retry) request.reject(new HubError('unknown'));
    }
    this.#waitFirst(doubtful.filter(({ retry }) => retry));
  }

  /** Rejects whatever waits or is unanswered; the latter may have been done. */
  rejectAll(error) {
    this.#isOpen = false;
    for (const request of this.#waiting.splice(0)) {
      this.#room.release(request);
      request.reject(error);
    }
    for (const { whenLost, reject } of this.#sent.values()) {
      reject(whenLost === WhenLost.doubt ? new HubError('unknown') : error);
    }
    this.#sent.clear();
  }

  #request(object, more) {
    const ref = this.#wire.ref();
    const text = JSON.stringify({ ...object, ref });
    const bytes = new TextEncoder().encode(text).length;
    return { ref, text, bytes, ...more, ...CERTAIN };
  }

  #handOver(request) {
    // It would cost the connection.
    if (request.bytes > this.#wire.largest()) {
      const most = this.#wire.largest();
      request.reject(new HubError('message-too-large', `too long: it takes ${request.bytes} bytes, and the server reads at most ${most}`));
      return;
    }
    this.#sent.set(request.ref, request);
    this.#wire.send(request.text);
  }

  #wait(request) {
    this.#room.take(request);
    this.#waiting.push(request);
  }

  /** Puts back what was handed over before anything that waits. It was let in already. */
  #waitFirst(requests) {
    for (const request of requests) {
      Object.assign(request, CERTAIN);
      this.#room.take(request);
    }
    this.#waiting.unshift(...requests);
  }

  #settle(ref, how) {
    const request = this.#sent.get(ref);
    if (!request) return false;
    this.#sent.delete(ref);
    how(request);
    return true;
  }
}
