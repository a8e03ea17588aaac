// A test as a story: servers of its own, people at their pages, and evidence when it does not end well.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Person } from './person.mjs';
import { Redis } from './redis.mjs';
import { Script } from './script.mjs';
import { Server } from './server.mjs';
import { eventually } from './waiting.mjs';

const STORY_MS = 60_000;
/** For how long a server may be silent before it is dead for the others. */
const LEASE = '2s';
const SCREENSHOTS = fileURLToPath(new URL('../../../target/browser/', import.meta.url));

/**
 * Registers a test; `tell` gets a scene, whose server has these flags. It also fails when a page complains of anything
 * unexpected.
 */
export function story(sentence, tell, flags = []) {
  perform(sentence, tell, (scene) => scene.startServer(flags));
}

/** The same with two servers that are one hub. */
export function storyOfTwoServers(sentence, tell) {
  perform(sentence, tell, async (scene) => {
    const flags = ['--redis', await scene.startRedis(), '--redis-lease', LEASE];
    for (const _ of ['one', 'another']) {
      const { url } = await scene.startServer(flags);
      await eventually(async () => assert((await fetch(`${url}/healthz`)).ok, 'the server is not one of the hub'));
    }
  });
}

function perform(sentence, tell, set) {
  test(sentence, { timeout: STORY_MS }, async () => {
    const scene = new Scene();
    try {
      await set(scene);
      await tell(scene);
      scene.assertNoComplaints();
    } catch (error) {
      await scene.showEvidence(sentence);
      throw error;
    } finally {
      await scene.close();
    }
  });
}

class Scene {
  #people = [];
  #scripts = [];
  #redis;

  servers = [];

  /** The only server, or the first. */
  get server() {
    return this.servers[0];
  }

  async startServer(flags) {
    const server = await Server.start(flags);
    this.servers.push(server);
    return server;
  }

  /** Starts what several servers share; where it is. */
  async startRedis() {
    this.#redis = await Redis.start();
    return this.#redis.url;
  }

  /** Someone before the joining screen; `path` is what the address has after the host, `base` what before. */
  async visit(name, { base = this.server.url, path: place = '/', ...options } = {}) {
    const person = await Person.open(name, base + place, options);
    this.#people.push(person);
    return person;
  }

  /** Someone who has signed in, and is in the channel `general`. */
  async arrive(name, { email, ...options } = {}) {
    const person = await this.visit(name, options);
    await person.signIn(email);
    await person.isIn('general');
    return person;
  }

  /** Ada and Bob, who see each other in the channel `general`. */
  async arriveBoth() {
    const ada = await this.arrive('Ada');
    const bob = await this.arrive('Bob');
    await ada.seeMembers('Bob');
    await bob.seeMembers('Ada');
    return [ada, bob];
  }

  /** A client without a page, in a channel. */
  async script(name, channel) {
    const script = await Script.connect(this.server.url, name, channel);
    this.#scripts.push(script);
    return script;
  }

  assertNoComplaints() {
    for (const { name, complaints } of this.#people) {
      assert.deepEqual(complaints, [], `what the page of ${name} complained of`);
    }
  }

  async showEvidence(sentence) {
    console.error(`\n${sentence}: what is left of it`);
    await mkdir(SCREENSHOTS, { recursive: true });
    for (const [index, { name, page, complaints }] of this.#people.entries()) {
      const file = path.join(SCREENSHOTS, `${sentence} ${index + 1}`.replace(/[^a-z0-9]+/gi, '-') + '.png');
      const failure = await page.screenshot({ path: file }).then(() => null, (error) => error.message);
      console.error(`${name}: ${failure ?? file}`);
      for (const complaint of complaints) console.error(`  ${complaint}`);
    }
    for (const { url, log } of this.servers) console.error(`the log of the server at ${url}:\n${log.trimEnd()}\n`);
  }

  async close() {
    for (const { page } of [...this.#people, ...this.#scripts]) await page.context().close();
    for (const server of this.servers) await server.kill();
    await this.#redis?.kill();
  }
}
