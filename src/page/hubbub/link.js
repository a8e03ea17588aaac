// Keeps a WebSocket to the server: connects again when it is lost, and closes it while a page sleeps.

import { Backoff, STABLE_MS } from './backoff.js';
import { refusalAt } from './refusal.js';

const NORMAL = 1000;
/** From the attempt to connect to the server's welcome; networks that swallow everything say nothing. */
const WELCOME_MS = 20_000;

export class Link {
  /**
   * `{state: 'connecting' | 'connected' | 'waiting' | 'refused' | 'asleep' | 'closed', code?, refusal?, retryAt?}`: `code` is why
   * the last one ended, `refusal` the error with which the server let none begin.
   */
  state = { state: 'connecting' };
  #url;
  #token;
  #WebSocket;
  #fetch;
  #clock;
  #backoff;
  #on;
  #socket = null;
  #timer = null;
  #ended = new AbortController();

  /** `on` hears of what happens: `object(object)` and `state(state)`. */
  constructor(url, { token, WebSocket, fetch, clock, random, on }) {
    this.#url = url;
    this.#token = token;
    this.#WebSocket = WebSocket;
    this.#fetch = fetch;
    this.#clock = clock;
    this.#backoff = new Backoff(random);
    this.#on = on;
    this.#watchPage();
  }

  send(text) {
    this.#socket.send(text);
  }

  /** Connects now, instead of a connection that there is already. */
  connect() {
    this.#drop();
    // A browser has no other place for a token in a handshake, but the address, which ends up in logs.
    const protocols = this.#token ? ['hubbub', `hubbub.token.${this.#token}`] : [];
    const socket = new this.#WebSocket(this.#url, protocols);
    this.#socket = socket;
    let hasBegun = false;
    const isCurrent = () => this.#socket === socket;
    socket.addEventListener('open', () => { hasBegun = true; });
    socket.addEventListener('message', ({ data }) => {
      const objects = objectsIn(data);
      if (objects === null && isCurrent()) this.#wait();
      for (const object of objects ?? []) {
        if (isCurrent()) this.#on.object(object);
      }
    });
    const end = ({ code }) => {
      if (!isCurrent()) return;
      this.#wait(code);
      if (!hasBegun) this.#askWhy();
    };
    socket.addEventListener('close', end);
    // In Node.js 22 no `close` follows where a handshake fails.
    socket.addEventListener('error', () => !hasBegun && end({}));
    this.#after(WELCOME_MS, () => this.#wait());
    this.#become({ state: 'connecting' });
  }

  /** The server said welcome: an open socket alone is none that one can speak on. */
  confirm() {
    this.#after(STABLE_MS, () => this.#backoff.reset());
    this.#become({ state: 'connected' });
  }

  close() {
    this.#ended.abort();
    this.#drop();
    this.#become({ state: 'closed' });
  }

  #wait(code) {
    this.#drop();
    const delay = this.#backoff.next();
    this.#after(delay, () => this.connect());
    this.#become({ state: 'waiting', code, retryAt: this.#clock.now() + delay });
  }

  /** The wait, of which the server may say why it is, and that it is in vain. */
  async #askWhy() {
    const { state } = this;
    const refusal = await refusalAt(this.#url, this.#token, this.#fetch);
    if (refusal === null || this.state !== state) return;
    const { error, isFinal } = refusal;
    if (isFinal) this.#clock.clearTimeout(this.#timer);
    this.#become(isFinal ? { state: 'refused', refusal: error } : { ...state, refusal: error });
  }

  /** Whatever the old socket has still to say comes again on the next. */
  #drop() {
    this.#clock.clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(NORMAL);
  }

  #after(delay, call) {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#clock.setTimeout(call, delay);
  }

  /**
   * Browsers keep the socket of a page in the back/forward cache open, and lose its messages; a frozen page may lose the
   * socket unheard. After a change of networks the old socket may be dead, and nobody knows.
   */
  #watchPage() {
    if (typeof globalThis.addEventListener !== 'function') return;
    const { signal } = this.#ended;
    addEventListener('pagehide', () => this.#sleep(), { signal });
    addEventListener('pageshow', () => this.state.state === 'asleep' && this.connect(), { signal });
    addEventListener('online', () => this.state.state !== 'asleep' && this.connect(), { signal });
    globalThis.document?.addEventListener?.('resume', () => this.connect(), { signal });
  }

  #sleep() {
    this.#drop();
    this.#become({ state: 'asleep' });
  }

  #become(state) {
    this.state = state;
    this.#on.state(state);
  }
}

/** The objects of a frame, one to a line; null if that is not what it has. */
function objectsIn(frame) {
  try {
    return frame
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  } catch {
    return null;
  }
}
