// A real `hubbub` in a process of its own, which can be killed, drained and started again where it was.

import assert from 'node:assert/strict';
import { once } from 'node:events';

import { start } from './process.mjs';
import { eventually } from './waiting.mjs';

const GREETING = /^hubbub listening on (http:\S+)\n/;
const ADMIN_GREETING = /^hubbub admin listening on (http:\S+)\n/m;

/** What browsers say on the console, and nobody can keep them from it, while a server is stopping, is not there, or has just come back. */
export const NO_SERVER = /^console: (WebSocket connection to '\S+' failed|Failed to load resource: (net::ERR_|.* (426|503) ))/;

export class Server {
  #flags;
  #process;
  #printed;

  /** Where it listens, and does so again after a new start. */
  url;
  /** Where the operator asks, if it has such a place. */
  get adminUrl() {
    return ADMIN_GREETING.exec(this.#printed)?.[1];
  }

  /** Everything it has logged, over all its starts. */
  log = '';

  static async start(flags = []) {
    const server = new Server();
    server.#flags = flags;
    await server.start();
    return server;
  }

  async start() {
    const address = this.url ? new URL(this.url).host : '127.0.0.1:0';
    const flags = ['serve', '--addr', address, '--drain-timeout', '1s', ...this.#flags];
    const child = start(process.env.SERVER, flags, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    this.#printed = '';
    child.stdout.setEncoding('utf8').on('data', (text) => { this.#printed += text; });
    child.stderr.setEncoding('utf8').on('data', (text) => { this.log += text; });
    await once(child, 'spawn');
    this.url = await eventually(() => {
      const greeting = GREETING.exec(this.#printed);
      const isAll = greeting && (this.adminUrl || !flags.includes('--admin-addr'));
      assert(isAll, `the server does not say where it listens: ${this.log}`);
      return greeting[1];
    });
  }

  /** Ends it as a crash would, with no word to anyone. */
  async kill() {
    await this.#end('SIGKILL');
  }

  /** Ends it as an operator does: everyone is told. */
  async drain() {
    assert.equal(await this.#end('SIGTERM'), 0, 'the exit status of a drained server');
  }

  async #end(signal) {
    const child = this.#process;
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    }
    return child.exitCode;
  }
}
