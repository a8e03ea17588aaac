// Keeps a WebSocket to the server: sends and receives JSON objects, and connects again when it is lost.

import { Backoff, STABLE_MS } from './backoff.js';
import { refusalAt } from './refusal.js';

const NORMAL = 1000;

export class Connection {
  /**
   * `{phase: 'idle' | 'connecting' | 'connected' | 'waiting' | 'refused', code?, refusal?, retryAt?}`: `code` is why the last
   * one ended, `refusal` why none began. One that is refused does not try again by itself.
   */
  state = { phase: 'idle' };
  #url;
  #token;
  #socket = null;
  #timer = null;
  #stable = null;
  #backoff = new Backoff();
  #onObjects;
  #onState;
  #ended = new AbortController();

  constructor({ onObjects, onState }) {
    this.#onObjects = onObjects;
    this.#onState = onState;
    addEventListener('online', () => this.state.phase === 'waiting' && this.retryNow(), { signal: this.#ended.signal });
  }

  /** Connects from now on, with a token if there is one. */
  open(url, token) {
    this.#url = url;
    this.#token = token;
    this.#connect();
  }

  /** Sends an object, which takes a connection. */
  send(object) {
    this.#socket.send(JSON.stringify(object));
  }

  retryNow() {
    if (['waiting', 'refused'].includes(this.state.phase)) this.#connect();
  }

  /** Ends for good. */
  close() {
    this.#ended.abort();
    clearTimeout(this.#timer);
    clearTimeout(this.#stable);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(NORMAL);
    this.#become({ phase: 'idle' });
  }

  #connect() {
    clearTimeout(this.#timer);
    // A browser has no other place for a token in a handshake, but the address, which ends up in logs.
    const protocols = this.#token ? ['hubbub', `hubbub.token.${this.#token}`] : [];
    const socket = new WebSocket(this.#url, protocols);
    this.#socket = socket;
    let hasBegun = false;
    const isCurrent = () => this.#socket === socket;
    socket.addEventListener('message', ({ data }) => {
      if (!isCurrent() || typeof data !== 'string') return;
      const objects = objectsIn(data);
      if (objects.some(({ action }) => action === 'welcome')) this.#welcomed();
      this.#onObjects(objects);
    });
    socket.addEventListener('open', () => { hasBegun = true; });
    socket.addEventListener('close', async ({ code }) => {
      const refusal = hasBegun || !isCurrent() ? null : await refusalAt(this.#url, this.#token);
      if (!isCurrent()) return;
      if (refusal?.isFinal) this.#become({ phase: 'refused', refusal });
      else this.#wait({ code, refusal });
    });
    this.#become({ phase: 'connecting' });
  }

  /** An open socket alone is none that one can speak on. */
  #welcomed() {
    this.#stable = setTimeout(() => this.#backoff.reset(), STABLE_MS);
    this.#become({ phase: 'connected' });
  }

  #wait(reason) {
    clearTimeout(this.#stable);
    const delay = this.#backoff.next();
    this.#timer = setTimeout(() => this.#connect(), delay);
    this.#become({ phase: 'waiting', ...reason, retryAt: Date.now() + delay });
  }

  #become(state) {
    const before = this.state;
    this.state = state;
    this.#onState(state, before);
  }
}

/** The objects of a frame, one to a line. */
function objectsIn(frame) {
  return frame
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
