// Keeps a WebSocket to the server: sends and receives JSON objects, and connects again when it is lost.

import { Backoff, STABLE_MS } from './backoff.js';

const NORMAL = 1000;

export class Connection {
  /** `{phase: 'idle' | 'connecting' | 'connected' | 'waiting', code?, retryAt?}`; `code` is why the last one ended. */
  state = { phase: 'idle' };
  #url;
  #protocols;
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
    addEventListener('online', () => this.retryNow(), { signal: this.#ended.signal });
  }

  /** Connects from now on; the subprotocols are offered each time. */
  open(url, protocols) {
    this.#url = url;
    this.#protocols = protocols;
    this.#connect();
  }

  /** Sends an object, which takes a connection. */
  send(object) {
    this.#socket.send(JSON.stringify(object));
  }

  retryNow() {
    if (this.state.phase === 'waiting') this.#connect();
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
    const socket = new WebSocket(this.#url, this.#protocols);
    this.#socket = socket;
    const isCurrent = () => this.#socket === socket;
    socket.addEventListener('message', ({ data }) => {
      if (!isCurrent() || typeof data !== 'string') return;
      const objects = objectsIn(data);
      if (objects.some(({ action }) => action === 'welcome')) this.#welcomed();
      this.#onObjects(objects);
    });
    socket.addEventListener('close', ({ code }) => {
      if (isCurrent()) this.#wait(code);
    });
    this.#become({ phase: 'connecting' });
  }

  /** An open socket alone is none that one can speak on. */
  #welcomed() {
    this.#stable = setTimeout(() => this.#backoff.reset(), STABLE_MS);
    this.#become({ phase: 'connected' });
  }

  #wait(code) {
    clearTimeout(this.#stable);
    const delay = this.#backoff.next();
    this.#timer = setTimeout(() => this.#connect(), delay);
    this.#become({ phase: 'waiting', code, retryAt: Date.now() + delay });
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
