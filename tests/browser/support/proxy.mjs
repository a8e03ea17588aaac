// A reverse proxy, as operators put one in front: what is behind it appears below a path.

import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';

export class Proxy {
  #listener;
  #target;
  #path;
  #dropsPort;
  #isCut = false;
  #sockets = new Set();

  /** Shows the server at `target` below `path`. One that `dropsPort` passes the Host on without it, as nginx's `$host` does. */
  static async start(target, { path = '/', dropsPort = false } = {}) {
    const proxy = new Proxy();
    proxy.#target = new URL(target);
    proxy.#path = path;
    proxy.#dropsPort = dropsPort;
    proxy.#listener = http.createServer((request, response) => proxy.#ask(request, response));
    proxy.#listener.on('connection', (socket) => {
      proxy.#sockets.add(socket);
      socket.on('close', () => proxy.#sockets.delete(socket));
      if (proxy.#isCut) socket.destroy();
    });
    proxy.#listener.on('upgrade', (request, socket) => proxy.#join(request, socket));
    proxy.#listener.listen(0, '127.0.0.1');
    await once(proxy.#listener, 'listening');
    return proxy;
  }

  get url() {
    return `http://127.0.0.1:${this.#listener.address().port}`;
  }

  /** Cuts everyone off without a word, and lets nobody through until it is mended. */
  cut() {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend() {
    this.#isCut = false;
  }

  close() {
    this.#listener.close();
    this.#listener.closeAllConnections();
  }

  #ask(request, response) {
    if (!request.url.startsWith(this.#path)) {
      response.writeHead(404).end();
      return;
    }
    const { hostname, port } = this.#target;
    const { method } = request;
    const asked = http.request({ hostname, port, method, path: this.#behind(request.url), headers: this.#headers(request) });
    asked.on('response', (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    asked.on('error', () => response.destroy());
    asked.end();
  }

  #join(request, socket) {
    const { hostname, port } = this.#target;
    const behind = net.connect(port, hostname);
    const lines = Object.entries(this.#headers(request)).map(([name, value]) => `${name}: ${value}\r\n`);
    behind.write(`${request.method} ${this.#behind(request.url)} HTTP/1.1\r\n${lines.join('')}\r\n`);
    socket.pipe(behind).pipe(socket);
    for (const [one, other] of [[socket, behind], [behind, socket]]) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  }

  #behind(url) {
    return `/${url.slice(this.#path.length)}`;
  }

  #headers({ headers }) {
    return this.#dropsPort ? { ...headers, host: headers.host.split(':')[0] } : headers;
  }
}
