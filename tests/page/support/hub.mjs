// A hub on a fake socket, and what a test has to say to it.

import { connect } from '../../../src/page/hubbub.js';
import { FakeClock } from './clock.mjs';
import { fetchNothing, FakeSocket } from './socket.mjs';

/** Resolves when what was settled until now has been heard of. */
export const tick = () => new Promise(setImmediate);

export class Scene {
  clock = new FakeClock();
  /** What happened, in order: `[type, detail]`. */
  heard = [];

  constructor(options = {}) {
    this.hub = connect('ws://chat.example/ws', {
      name: 'Ada',
      WebSocket: FakeSocket,
      fetch: fetchNothing,
      clock: this.clock,
      random: () => 0.5,
      ...options,
    });
  }

  get socket() {
    return FakeSocket.last;
  }

  /** Joins a channel of which everything is listened to. */
  join(name, options) {
    const channel = this.hub.join(name, options);
    for (const type of ['joined', 'message', 'notice', 'gap', 'epoch', 'error', 'left']) {
      channel.addEventListener(type, ({ detail }) => this.heard.push([type, detail]));
    }
    return channel;
  }

  /** The server says welcome; each time to another id, if so wanted. */
  welcome(id = 'a', limits = {}) {
    this.socket.open();
    this.socket.say({ action: 'welcome', client: { id, name: 'Ada', avatar: id }, server: { name: 'hubbub', version: '1' }, limits });
  }

  /** The server answers the last request to join. */
  joined(seq, more = {}) {
    const { message: channel, ref } = this.#last('join-channel');
    this.socket.say({ action: 'joined', channel, members: [], count: 1, seq, epoch: 1, oldest: 1, ref, ...more });
  }

  /** Connects again after the connection was lost. */
  again(id) {
    this.socket.lose();
    this.clock.pass(30_000);
    this.welcome(id);
  }

  /** Somebody says something in the channel; ourselves with a `ref`. */
  said(seq, { target = 'tea', id = 'g', ref } = {}) {
    this.socket.say(message(seq, { target, id, ref }));
  }

  /** The `ref` of the last message that was handed over. */
  get ref() {
    return this.#last('send-message').ref;
  }

  /** The last request of this kind on this connection. */
  #last(wanted) {
    return this.socket.sent.filter(({ action }) => action === wanted).at(-1);
  }

  /** Answers the last request of this kind. */
  answer(action, more) {
    this.socket.say({ ref: this.#last(action).ref, ...more });
  }

  /** What was asked on this connection since the last time, without `ref`s. */
  asked() {
    return this.socket.sent.splice(0).map(({ ref, ...object }) => object);
  }

  /** What was heard since the last time, in short: numbers of messages, gaps and lives. */
  numbers() {
    return this.heard.splice(0).flatMap(([type, detail]) => {
      if (type === 'message' || type === 'notice') return [detail.seq];
      if (type === 'gap') return [`${detail.from}-${detail.to} ${detail.reason}`];
      if (type === 'epoch') return [`epoch ${detail.epoch} ${detail.reason}`];
      return [];
    });
  }
}

export function message(seq, { target = 'tea', id = 'g', ref } = {}) {
  return { action: 'send-message', message: `m${seq}`, target, sender: { id, name: id }, ref, seq, time: seq };
}

/** How a promise ended: its value, or the code of its error; `'pending'` if it has not. */
export async function outcome(promise) {
  return Promise.race([promise.then((value) => value, ({ code }) => code), tick().then(tick).then(() => 'pending')]);
}
