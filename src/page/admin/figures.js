// The figures that are watched: what of the aggregate each is, and how it is written.

import { age, bytes, count, micros, millis, plural, rate } from './words.js';

/** Lines of one figure at most: colours beyond would be alike. */
const LINES_MAX = 6;

/**
 * Each has a `title`, and what it makes of the aggregate: `value` in large letters, `note` beneath, `lines`, each
 * `{name, value, label, text, write}`, and perhaps a `list` of `{name, label, text}`. A figure that `is` not there has none of
 * them; of one whose line `isAlone` that is the value.
 */
export const FIGURES = [
  {
    key: 'connections',
    title: 'Connections',
    value: ({ connections }) => count(connections.open),
    note: ({ people, connections }) => `${plural(people, 'session')} of the chat, ${count(connections.accepted)} accepted in all`,
    isAlone: true,
    lines: ({ connections }) => [line('open', connections.open, count)],
  },
  {
    key: 'in',
    title: 'Messages in',
    value: ({ messages }) => perSecond(messages.received_per_second),
    note: ({ messages, bytes: traffic }) => `${count(sum(messages.received))} in all, ${bytes(traffic.received)}`,
    isAlone: true,
    lines: ({ messages }) => [line('received', messages.received_per_second, perSecond)],
  },
  {
    key: 'out',
    title: 'Messages out',
    value: ({ messages }) => perSecond(messages.delivered_per_second),
    note: ({ messages, bytes: traffic }) => `${count(sum(messages.delivered))} in all, ${bytes(traffic.sent)}${skipped(messages)}`,
    isAlone: true,
    lines: ({ messages }) => [line('delivered', messages.delivered_per_second, perSecond)],
  },
  spread('fanout', 'Fan-out of the last minute', 'message'),
  spread('turns', 'Turns of the last minute', 'turn'),
  {
    key: 'memory',
    title: 'Memory by part',
    value: ({ memory }) => bytes(sum(memory)),
    note: ({ process }) => (process ? `${bytes(process.resident_bytes)} resident` : ''),
    lines: ({ memory }) => Object.entries(memory)
      .sort(([, one], [, other]) => other - one)
      .slice(0, LINES_MAX)
      .map(([part, held]) => line(part, held, bytes)),
  },
  {
    key: 'lagging',
    title: 'Lagging peers',
    value: ({ lagging }) => count(lagging.clients),
    note: ({ lagging, unsent_bytes: unsent }) => (lagging.clients === 0
      ? 'nothing waits for anyone'
      : `${bytes(unsent)} unsent, the oldest for ${millis(lagging.longest_ms)}`),
    isAlone: true,
    lines: ({ lagging }) => [line('lagging', lagging.clients, count)],
    list: ({ lagging }) => lagging.peers.slice(0, LINES_MAX).map(({ connection, name, id, lag_ms: lag }) => (
      { name: connection, label: name ?? id, text: millis(lag) })),
  },
  {
    key: 'busiest',
    title: 'Busiest channels',
    value: ({ channels }) => plural(channels.chat + channels.relay, 'channel'),
    note: ({ channels }) => `${plural(channels.kept_messages, 'message')} kept, ${bytes(channels.kept_bytes)}`,
    lines: ({ channels }) => channels.busiest
      .filter((busy) => busy.messages_per_second > 0)
      .slice(0, LINES_MAX)
      .map((busy) => line(`${busy.dialect} ${busy.channel}`, busy.messages_per_second, perSecond, busy.channel)),
  },
  {
    key: 'nodes',
    title: 'Nodes and Redis',
    is: ({ redis }) => redis !== null,
    isLogarithmic: true,
    value: ({ redis }) => `${plural(redis.nodes, 'node')}, ${redis.up ? 'Redis is up' : 'Redis is away'}`,
    note: ({ redis }) => (redis.queue_bytes === 0 ? 'nothing waits for Redis' : `what waits for Redis has done so for ${millis(redis.oldest_ms)}`),
    lines: ({ redis }) => [
      line('waiting', redis.queue_bytes, bytes),
      line('not read yet', redis.lag_bytes, bytes),
    ],
  },
];

/** What the page says of the server as a whole. */
export function standing({ node, uptime_seconds: uptime, draining, server }) {
  const words = [`${server.name} ${server.version}`, `up ${age(uptime)}`];
  if (node !== null) words.unshift(`node ${node}`);
  if (draining) words.push('draining');
  return words.join(' · ');
}

function spread(key, title, unit) {
  const points = [['p50', 'p50_us'], ['p99', 'p99_us'], ['p99.9', 'p999_us']];
  return {
    key,
    title,
    isLogarithmic: true,
    value: ({ [key]: lately }) => micros(lately.p99_us),
    note: ({ [key]: lately }) => `at p99, of ${plural(lately.count, unit)}`,
    lines: ({ [key]: lately }) => points.map(([name, of]) => line(name, lately[of], micros)),
  };
}

function line(name, value, write, label = name) {
  return { name, value, label, text: write(value), write };
}

function perSecond(messages) {
  return `${rate(messages)}/s`;
}

function skipped({ skipped: messages }) {
  return messages > 0 ? `, ${count(messages)} skipped` : '';
}

function sum(counts) {
  return Object.values(counts).reduce((all, one) => all + one, 0);
}
