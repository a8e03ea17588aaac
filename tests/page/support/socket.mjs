// A server in the place of the browser's WebSocket, which says what a test wants it to.

/** `fetch` where nobody answers. */
export async function fetchNothing() {
  throw new TypeError('no server');
}

export class FakeSocket extends EventTarget {
  /** The one that was opened last. */
  static last;
  /** All that the page has sent, and of that what a test has not taken yet. */
  requests = [];
  sent = [];
  /** Whether the page closed it. */
  isClosed = false;

  static install() {
    globalThis.WebSocket = FakeSocket;
    globalThis.addEventListener = () => {};
    globalThis.location = new URL('http://chat.example/');
  }

  constructor(url, protocols) {
    super();
    this.url = url;
    this.protocols = protocols;
    FakeSocket.last = this;
  }

  send(text) {
    const request = JSON.parse(text);
    this.requests.push(request);
    this.sent.push(request);
  }

  close() {
    this.isClosed = true;
  }

  /** What was sent since the last time: each action, and what it is about. */
  take() {
    return this.sent.splice(0).map(({ action, message, target }) => [action, target ?? message]);
  }

  open() {
    this.dispatchEvent(new Event('open'));
  }

  say(...objects) {
    const data = objects.map((object) => JSON.stringify(object)).join('\n');
    this.dispatchEvent(Object.assign(new Event('message'), { data }));
  }

  lose() {
    this.dispatchEvent(Object.assign(new Event('close'), { code: 1006 }));
  }
}
