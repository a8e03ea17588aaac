// A real Redis in a folder of its own, reached by a unix socket in it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { start } from './process.mjs';
import { eventually } from './waiting.mjs';

export class Redis {
  #folder = mkdtempSync(path.join(tmpdir(), 'hubbub-'));
  #process;

  static async start() {
    const redis = new Redis();
    const flags = { port: '0', save: '', dir: redis.#folder, unixsocket: redis.#socket };
    const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
    redis.#process = start('redis-server', args, { stdio: 'ignore' });
    await once(redis.#process, 'spawn');
    await eventually(() => assert(existsSync(redis.#socket), 'Redis does not listen'));
    return redis;
  }

  /** What `--redis` takes. */
  get url() {
    return `unix:${this.#socket}`;
  }

  get #socket() {
    return path.join(this.#folder, 'redis.sock');
  }

  async kill() {
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exit;
    rmSync(this.#folder, { recursive: true });
  }
}
