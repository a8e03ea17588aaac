// What the operator's page makes of figures: their lines, their scales, their words.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIGURES, standing } from '../../src/page/admin/figures.js';
import { pathOf, roundTop, Samples, SPAN_MS } from '../../src/page/admin/samples.js';
import { age, bytes, count, micros, millis, plural, rate, UNKNOWN } from '../../src/page/admin/words.js';

const BOX = { width: 120, height: 10 };

const STATS = {
  time: 1_700_000_000_000,
  uptime_seconds: 3_700,
  server: { name: 'hubbub', version: '0.1.0' },
  node: null,
  draining: false,
  connections: { open: 12, accepted: 30, turned_away: 0 },
  people: 1,
  messages: { received: { relay: 1, echo: 2, chat: 3 }, delivered: { relay: 0, echo: 0, chat: 9 }, skipped: 0, received_per_second: null, delivered_per_second: null },
  bytes: { received: 10, sent: 2_048 },
  fanout: { count: 6, p50_us: 90, p99_us: 1_500, p999_us: 2_000_000 },
  turns: { count: 9, p50_us: 40, p99_us: 41, p999_us: 42 },
  memory: { connections: 1_024, logs: 4_096, people: 512 },
  unsent_bytes: 0,
  lagging: { clients: 0, longest_ms: 0, peers: [] },
  channels: { chat: 1, relay: 0, kept_bytes: 9, kept_messages: 1, busiest: [{ channel: '__proto__', dialect: 'chat', count: 1, messages_per_second: 3 }] },
  redis: null,
  process: null,
};

test('a line has the samples of two minutes, each once', () => {
  const samples = new Samples();
  assert(samples.add(STATS.time, 1_000, { one: 1, none: null }));
  assert(!samples.add(STATS.time, 1_500, { one: 2 }));
  assert(samples.add(STATS.time + SPAN_MS, 1_000 + SPAN_MS, { one: 3 }));
  assert.deepEqual(samples.of('one'), [[1_000, 1], [1_000 + SPAN_MS, 3]]);
  assert(samples.add(STATS.time + SPAN_MS + 1, 1_001 + SPAN_MS, {}));
  assert.deepEqual(samples.of('one'), [[1_000 + SPAN_MS, 3]]);
  assert.deepEqual(samples.of('none'), []);
});

test('a line goes on where the clock of the server is set back, or forth', () => {
  const samples = new Samples();
  assert(samples.add(STATS.time, 1_000, { one: 1 }));
  assert(samples.add(STATS.time - 3_600_000, 2_000, { one: 2 }));
  assert(samples.add(STATS.time + 3_600_000, 3_000, { one: 3 }));
  assert.deepEqual(samples.of('one'), [[1_000, 1], [2_000, 2], [3_000, 3]]);
  assert.equal(samples.latest, 3_000);
});

test('a figure may be called whatever it likes', () => {
  const samples = new Samples();
  samples.add(1, 1, Object.fromEntries([['__proto__', 1], ['constructor', 2]]));
  assert.deepEqual(samples.of('__proto__'), [[1, 1]]);
  assert.deepEqual(samples.of('toString'), []);
});

test('a line ends at the right, and is broken where nothing was asked', () => {
  const path = pathOf([[0, 0], [1_000, 5], [60_000, 10]], { ...BOX, top: 10, latest: 60_000 });
  assert.equal(path, 'M60 10L61 5M120 0');
  assert.equal(pathOf([], { ...BOX, top: 1, latest: 0 }), '');
});

test('a line that is logarithmic shows what is a hundred times less as well', () => {
  const path = pathOf([[0, 0], [1_000, 9], [2_000, 99]], { ...BOX, top: 99, latest: 2_000, isLogarithmic: true });
  assert.equal(path, 'M118 10L119 5L120 0');
});

test('a scale reaches a little above the most', () => {
  for (const [most, top] of [[0, 1], [1, 1], [1.2, 2], [3, 5], [6, 10], [0.03, 0.05], [99_999, 100_000]]) {
    assert.equal(roundTop(most), top, `${most}`);
  }
  assert.equal(bytes(roundTop(700 * 1_024, 1_024)), '1,000 KiB');
  assert.equal(bytes(roundTop(3 * 1_024 ** 2, 1_024)), '5 MiB');
});

test('every figure is told of a server that is alone and has just begun', () => {
  const told = FIGURES.filter((figure) => figure.is?.(STATS) ?? true).map((figure) => {
    const lines = figure.lines(STATS);
    assert(lines.every((line) => line.name !== '' && line.text !== ''), figure.title);
    return [figure.key, figure.value(STATS), figure.note(STATS)];
  });
  assert.deepEqual(told.map(([key]) => key), ['connections', 'in', 'out', 'fanout', 'turns', 'memory', 'lagging', 'busiest']);
  assert(told.every(([, value]) => value !== '' && !/undefined|NaN|null/.test(value)), `${told}`);
  assert(told.every(([, , note]) => !/undefined|NaN|null/.test(note)), `${told}`);
});

test('one of several servers tells which it is, and how it is with Redis', () => {
  const redis = { up: false, nodes: 3, queue_bytes: 0, oldest_ms: 12, lag_bytes: 0 };
  const nodes = FIGURES.find(({ key }) => key === 'nodes');
  assert.equal(nodes.value({ ...STATS, redis }), '3 nodes, Redis is away');
  assert.equal(standing({ ...STATS, node: 2, draining: true }), 'node 2 · hubbub 0.1.0 · up 1 h 1 min · draining');
});

test('figures are written for people', () => {
  assert.deepEqual([count(12), count(null), rate(undefined)], ['12', UNKNOWN, UNKNOWN]);
  assert.deepEqual([bytes(0), bytes(1_023), bytes(1_536), bytes(5 * 1_024 ** 3)], ['0 B', '1,023 B', '1.5 KiB', '5 GiB']);
  assert.deepEqual([micros(7), micros(1_500), micros(2_000_000), millis(12)], ['7 µs', '1.5 ms', '2 s', '12 ms']);
  assert.deepEqual([age(0), age(59), age(3_600), age(90_061)], ['0 s', '59 s', '1 h', '1 d 1 h']);
  assert.deepEqual([plural(1, 'session'), plural(2, 'session')], ['1 session', '2 sessions']);
});
