// hubbub.js over connections that are cut at any message, with a log that is too short and a server that skips: over all of
// them every message is heard once and in order, or told to be missing, and every promise is kept.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../../src/page/hubbub.js';
import { CHANNEL, ChatServer } from './support/chat-server.mjs';
import { FakeClock } from './support/clock.mjs';
import { fetchNothing } from './support/socket.mjs';
import { tick } from './support/hub.mjs';

const SEEDS = Number(process.env.HUBBUB_SIM_SEEDS ?? 300);
const FIRST_SEED = Number(process.env.HUBBUB_SIM_SEED ?? 1);
const STEPS = 250;
const CLIENTS = 3;

/** Numbers in [0, 1) that depend on the seed alone (Mulberry32). */
function numbersFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One who chats, and holds what it hears to the promise. */
class Client {
  clock = new FakeClock();
  /** The last number that is accounted for; null before the first answer. */
  seq = null;
  epoch = null;
  /** What is wrong, first: exceptions of listeners would reach nobody. */
  flaw = null;
  reasons = new Set();
  outcomes = { said: 0, unknown: 0 };
  #server;
  #times = new Set();
  /** What was heard before this turn; in one turn the copy may come just after the promise was given up. */
  #texts = new Set();
  #fresh = [];
  #unsettled = 0;
  #count = 0;

  constructor(server, random, index) {
    this.#server = server;
    this.name = `n${index}`;
    this.hub = connect('ws://chat.example/ws', { WebSocket: server.WebSocket, fetch: fetchNothing, clock: this.clock, random });
    this.channel = this.hub.join(CHANNEL, index === 0 ? { last: 2 } : {});
    this.#on('joined', (joined) => this.#joined(joined));
    this.#on('message', (message) => this.#hear(message));
    this.#on('notice', (message) => this.#hear(message));
    this.#on('gap', (gap) => this.#miss(gap));
    this.#on('epoch', (epoch) => this.#begin(epoch));
  }

  get unsettled() {
    return this.#unsettled;
  }

  /** All that was settled has been heard of. */
  turn() {
    for (const text of this.#fresh.splice(0)) this.#texts.add(text);
  }

  say(retry) {
    this.#count += 1;
    this.#unsettled += 1;
    const text = `${this.name} ${this.#count}`;
    this.channel
      .send(text, { retry })
      .then(
        (place) => this.#wasSaid(text, place),
        (error) => this.#isUnknown(text, error, retry),
      )
      .finally(() => {
        this.#unsettled -= 1;
      });
  }

  #on(type, take) {
    this.channel.addEventListener(type, ({ detail }) => this.#holding(() => take(detail)));
  }

  #holding(check) {
    try {
      check();
    } catch (error) {
      this.flaw ??= error;
    }
  }

  #joined({ epoch, seq, replay }) {
    if (this.seq !== null) return;
    this.epoch = epoch;
    this.seq = (replay?.from ?? seq + 1) - 1;
  }

  #hear({ seq, time, message }) {
    const said = this.#server.said[time];
    assert.deepEqual([said.epoch, said.seq, said.message], [this.epoch, seq, message], 'what was said is heard');
    assert.equal(seq, this.seq + 1, 'nothing is left out in silence');
    assert.ok(!this.#times.has(time), 'nothing is heard twice');
    this.#times.add(time);
    this.#fresh.push(message);
    this.seq = seq;
  }

  #miss({ epoch, from, to, reason }) {
    assert.deepEqual([epoch, from], [this.epoch, this.seq + 1], 'a gap begins where one is');
    assert.ok(to >= from, 'a gap is not empty');
    this.reasons.add(reason);
    this.seq = to;
  }

  #begin({ epoch, before, reason }) {
    assert.deepEqual(before, { epoch: this.epoch, seq: this.seq }, 'a new life begins where one was in the old');
    this.reasons.add(reason);
    this.epoch = epoch;
    this.seq = 0;
  }

  #wasSaid(text, { epoch, seq }) {
    this.outcomes.said += 1;
    const isSaid = this.#server.said.some((said) => said.message === text && said.epoch === epoch && said.seq === seq);
    this.#holding(() => assert.ok(isSaid, 'what is acknowledged was said, there'));
  }

  #isUnknown(text, { code }, retry) {
    this.outcomes.unknown += 1;
    this.#holding(() => {
      assert.equal(code, 'unknown');
      assert.ok(!retry, 'what may be said again is');
      assert.ok(!this.#texts.has(text), 'what was heard is not unknown');
    });
  }
}

/** Plays one seed; the clients, after a calm end. */
async function play(seed, fault) {
  const random = numbersFrom(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const server = new ChatServer(random, fault);
  const clients = Array.from({ length: CLIENTS }, (_, index) => new Client(server, random, index));
  const withAny = (list, act) => list.length > 0 && act(pick(list));
  const connections = () => [...server.connections];
  const cut = () => connections().filter(({ isCut }) => isCut);
  const acts = [
    [30, () => withAny(connections(), (connection) => server.read(connection))],
    [30, () => withAny(connections(), (connection) => connection.deliver(1 + Math.floor(random() * 3)))],
    [12, () => pick(clients).say(random() < 0.3)],
    [6, () => pick(clients).clock.pass(1_000)],
    [4, () => withAny(connections(), (connection) => connection.cut(Math.floor(random() * 3)))],
    [4, () => withAny(cut(), (connection) => server.notice(connection))],
    [4, () => server.trim()],
    [3, () => withAny(connections(), (connection) => server.skip(connection))],
    [0.5, () => server.begin({ areMembersTold: true })],
    [0.3, () => restart(server)],
  ];
  const sum = acts.reduce((all, [weight]) => all + weight, 0);
  for (let step = 0; step < STEPS; step += 1) {
    let left = random() * sum;
    const [, act] = acts.find(([weight]) => (left -= weight) < 0);
    act();
    await turn(clients);
  }
  await calm(server, clients);
  return { server, clients };
}

async function turn(clients) {
  await tick();
  for (const client of clients) client.turn();
}

/** Cuts everybody, and knows nothing more. */
function restart(server) {
  for (const connection of [...server.connections]) {
    server.connections.delete(connection);
    connection.cut(0);
  }
  server.begin({ areMembersTold: false });
}

/** Lets everything that is on its way arrive. */
async function calm(server, clients) {
  for (let round = 0; round < 100; round += 1) {
    for (const { clock } of clients) clock.pass(30_000);
    for (const connection of [...server.connections]) {
      while (connection.requests.length > 0) server.read(connection);
      if (connection.isCut) server.notice(connection);
      connection.deliver(Infinity);
    }
    await turn(clients);
    const isQuiet = [...server.connections].every(({ requests, told }) => requests.length + told.length === 0);
    if (isQuiet && clients.every(({ hub, unsettled }) => hub.isConnected && unsettled === 0)) return;
  }
}

function holdsFor(server, clients, seed) {
  for (const client of clients) {
    if (client.flaw) throw new Error(`seed ${seed}: ${client.flaw.message}`, { cause: client.flaw });
    assert.equal(client.unsettled, 0, `seed ${seed}: every promise is kept`);
    assert.deepEqual([client.epoch, client.seq], [server.epoch, server.seq], `seed ${seed}: all is accounted for in the end`);
  }
}

test('over all its connections a hub hears everything once and in order, or is told what is missing', async () => {
  const reasons = new Set();
  const outcomes = { said: 0, unknown: 0 };
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
    const { server, clients } = await play(seed);
    holdsFor(server, clients, seed);
    for (const client of clients) {
      for (const reason of client.reasons) reasons.add(reason);
      outcomes.said += client.outcomes.said;
      outcomes.unknown += client.outcomes.unknown;
    }
  }
  assert.deepEqual([...reasons].sort(), ['epoch', 'lost', 'slow', 'trimmed'], 'all that a server may say was said, and nothing else');
  assert.ok(outcomes.said > 0 && outcomes.unknown > 0);
});

for (const fault of ['late', 'early', 'short']) {
  test(`a server that errs leaves no silence and no double: ${fault}`, async () => {
    const reasons = new Set();
    for (let seed = 1; seed <= 30; seed += 1) {
      const { server, clients } = await play(seed, fault);
      holdsFor(server, clients, seed);
      for (const client of clients) for (const reason of client.reasons) reasons.add(reason);
    }
    assert.equal(reasons.has('unexplained'), fault !== 'early');
  });
}
