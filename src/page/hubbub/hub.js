// One who chats: the connection, the channels joined, private messages and lists.

import { Channel } from './channel.js';
import { HubError } from './error.js';
import { emit } from './event.js';
import { Lane, Room, WhenLost } from './lane.js';
import { Link } from './link.js';
import { wellFormed } from './text.js';

const SYSTEM_CLOCK = {
  now: () => Date.now(),
  setTimeout: (call, delay) => setTimeout(call, delay),
  clearTimeout: (timer) => clearTimeout(timer),
};

export class Hub extends EventTarget {
  /** `{id, name, avatar}`, `{name, version}` and the limits of the server, since the last welcome. */
  client = null;
  server = null;
  limits = {};
  #link;
  #lane;
  #room = new Room();
  #wire;
  /** What channels need of a hub. */
  #host;
  /** By name, those that are joined or wanted. */
  #channels = new Map();
  /** Those that wait for the answer to their leave. */
  #leaving = new Set();
  /** Every id that this hub had, as each connection may bring a new one. */
  #ids = new Set();

  constructor(url, options) {
    super();
    const { name, email, token, clock = SYSTEM_CLOCK, random = Math.random } = options;
    const { WebSocket = globalThis.WebSocket, fetch = globalThis.fetch } = options;
    this.#wire = {
      ref: refs(random),
      send: (text) => this.#link.send(text),
      largest: () => this.limits.message_bytes ?? Infinity,
    };
    this.#lane = new Lane(this.#wire, this.#room);
    this.#host = {
      wire: this.#wire,
      room: this.#room,
      clock,
      random,
      isConnected: () => this.isConnected,
      refusal: () => this.#refusal,
      isOwn: (id) => this.#ids.has(id),
      leaving: (channel) => this.#turnAway(channel),
      gone: (channel) => this.#forget(channel),
    };
    this.#link = new Link(address(url, { name, email }), {
      token,
      WebSocket,
      fetch,
      clock,
      random,
      on: { object: (object) => this.#receive(object), state: (state) => this.#linkIs(state) },
    });
    this.#link.connect();
  }

  /**
   * `'connecting'`, `'connected'`, `'waiting'` (to connect again), `'refused'` (as it will be again), `'asleep'` (as its page)
   * or `'closed'`.
   */
  get state() {
    return this.#link.state.state;
  }

  get isConnected() {
    return this.state === 'connected';
  }

  /** Whether it is this hub that has, or had, this id. */
  isOwn(id) {
    return this.#ids.has(id);
  }

  /**
   * Joins a channel, now and after each reconnection, until it is left. The same object for the same name. `last`: begin with
   * so many of the latest messages; `members`: list so many in `joined`.
   */
  join(name, { last, members } = {}) {
    const known = this.#channels.get(name);
    if (known) return known;
    const channel = new Channel(name, { last, members }, this.#host);
    if (this.state === 'closed') {
      channel.end(new HubError('closed'));
      return channel;
    }
    this.#channels.set(name, channel);
    if (this.#refusal) channel.shutOut(this.#refusal);
    channel.connected();
    return channel;
  }

  /** Says something to one person, by id or unambiguous name; resolves with the copy that came back. */
  sendPrivate(target, message, { retry = false } = {}) {
    return this.#ask({ action: 'send-private', target, message: wellFormed(message) }, { whenLost: WhenLost.doubt, retry });
  }

  /** The channels that have members. */
  async listChannels() {
    return (await this.#ask({ action: 'list-channels' }, { whenLost: WhenLost.repeat })).channels;
  }

  /** Connects now, if it waits to or was refused. */
  retryNow() {
    if (this.state === 'waiting' || this.state === 'refused') this.#link.connect();
  }

  /** Ends for good. */
  close() {
    if (this.state === 'closed') return;
    const error = new HubError('closed');
    this.#link.close();
    this.#lane.rejectAll(error);
    for (const channel of this.#all()) channel.end(error);
  }

  #ask(object, how) {
    const refusal = this.#refusal;
    return refusal ? Promise.reject(refusal) : this.#lane.ask(object, how);
  }

  /** Why it is of no use to wait for a connection; null if it is. */
  get #refusal() {
    const { state, refusal } = this.#link.state;
    if (state === 'closed') return new HubError('closed');
    return state === 'refused' ? refusal : null;
  }

  #all() {
    return [...this.#channels.values(), ...this.#leaving];
  }

  #linkIs(state) {
    if (state.state !== 'connected') {
      this.#lane.lose();
      // No replay shows what became of private messages.
      this.#lane.giveUp();
      for (const channel of this.#all()) channel.disconnected();
    }
    if (state.state === 'refused') {
      this.#lane.rejectAll(state.refusal);
      for (const channel of this.#all()) channel.shutOut(state.refusal);
    }
    emit(this, 'state', state);
  }

  #receive(object) {
    switch (object.action) {
      case 'welcome':
        this.#welcome(object);
        break;
      case 'send-message':
        this.#inChannel(object.target, object);
        break;
      case 'gap':
      case 'epoch':
        this.#inChannel(object.channel, object);
        break;
      case 'send-private':
        if (this.isOwn(object.sender.id)) this.#lane.answer(object.ref, object);
        emit(this, 'private', object);
        break;
      default:
        this.#answered(object);
    }
  }

  #welcome({ client, server, limits }) {
    Object.assign(this, { client, server, limits: limits ?? {} });
    this.#ids.add(client.id);
    this.#link.confirm();
    if (this.isConnected) this.#lane.open();
    for (const channel of this.#channels.values()) {
      if (this.isConnected) channel.connected();
    }
  }

  #inChannel(name, object) {
    this.#channels.get(name)?.receive(object);
    for (const channel of this.#leaving) {
      if (channel.name === name) channel.receive(object);
    }
  }

  #answered(object) {
    const { action, ref } = object;
    if (this.#all().some((channel) => channel.answer(object))) return;
    if (action !== 'error') {
      this.#lane.answer(ref, object);
      return;
    }
    const error = new HubError(object.code, object.message);
    if (!this.#lane.fail(ref, error)) emit(this, 'error', error);
  }

  #turnAway(channel) {
    this.#forget(channel);
    this.#leaving.add(channel);
  }

  #forget(channel) {
    if (this.#channels.get(channel.name) === channel) this.#channels.delete(channel.name);
    this.#leaving.delete(channel);
  }
}

/** Makes `ref`s that begin with chance, so that they are those of no other client with the same id. */
function refs(random) {
  const prefix = Math.floor(random() * 2 ** 52).toString(36);
  let count = 0;
  return () => {
    count += 1;
    return `${prefix}-${count.toString(36)}`;
  };
}

/** The address to connect to: in a browser beside the page, and encrypted if it came so. */
function address(url, named) {
  const whole = new URL(url, globalThis.location?.href);
  whole.protocol = whole.protocol.replace('http', 'ws');
  for (const [field, value] of Object.entries(named)) {
    if (value) whole.searchParams.set(field, value);
  }
  return whole;
}
