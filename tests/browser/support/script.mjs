// A client of the chat protocol without a page of its own: the browser's WebSocket in an otherwise empty tab.

import { openPage } from './browser.mjs';

/** Messages under way at most, so that nobody falls behind. */
const WINDOW = 200;

export class Script {
  constructor(page) {
    this.page = page;
  }

  /** Connects and joins a channel; a name may be anything that the protocol allows. */
  static async connect(url, name, channel = 'general') {
    const page = await openPage();
    // A page without a content security policy.
    await page.goto(`${url}/healthz`);
    await page.evaluate(async ([address, target]) => {
      const socket = new WebSocket(address);
      const listeners = new Set();
      socket.addEventListener('message', ({ data }) => {
        for (const line of data.split('\n')) {
          for (const listener of listeners) listener(JSON.parse(line));
        }
      });
      window.send = (action) => socket.send(JSON.stringify(action));
      window.received = (wanted) => new Promise((resolve, reject) => {
        socket.addEventListener('close', ({ code, reason }) => reject(new Error(`closed: ${code} ${reason}`)));
        listeners.add(function listen(object) {
          if (!wanted(object)) return;
          listeners.delete(listen);
          resolve(object);
        });
      });
      const joined = window.received(({ action }) => action === 'joined');
      socket.addEventListener('open', () => window.send({ action: 'join-channel', message: target }));
      await joined;
    }, [`${url.replace(/^http/, 'ws')}/ws?name=${encodeURIComponent(name)}`, channel]);
    const script = new Script(page);
    script.channel = channel;
    return script;
  }

  /** Sends messages as fast as they come back. */
  async say(...messages) {
    await this.page.evaluate(async ([target, all, window_]) => {
      for (let sent = 0; sent < all.length; sent += window_) {
        const batch = all.slice(sent, sent + window_);
        const ref = String(sent + batch.length);
        const echo = window.received((object) => object.ref === ref);
        batch.forEach((message, index) => {
          const last = index === batch.length - 1;
          window.send({ action: 'send-message', target, message, ...(last && { ref }) });
        });
        await echo;
      }
    }, [this.channel, messages, WINDOW]);
  }
}
