// Does what a person asks for: joins, says, leaves. It ties the connection to the store.

import { Connection } from './connection.js';
import { flawOfName } from './names.js';
import { Store } from './state/store.js';
import { wordsForError } from './words.js';

export const FIRST_CHANNEL = 'general';
const MEMBERS_REFRESH_MS = 5_000;

export class Session {
  store = new Store((error) => this.#failed(error));
  connection;
  profile = null;
  #refs = 0;
  /** Names of channels by the `ref` of the request to join them. */
  #joining = new Map();
  /** When the members of a channel were last asked for, by the channel. */
  #membersAskedAt = new WeakMap();
  #membersTimer = null;
  #on;

  /**
   * `on` hears of what happens: `change()` when anything has, `connection(state, before)`, `alert(words, kind)`, and
   * `settle(kind)` when what an alert of that kind told of is over; those of the kind `connection` end with the trouble.
   */
  constructor(on) {
    this.#on = on;
    this.connection = new Connection({
      onObjects: (objects) => this.#receive(objects),
      onState: (state, before) => this.#connectionIs(state, before),
    });
  }

  get isConnected() {
    return this.connection.state.phase === 'connected';
  }

  start({ name, email, channels, current, token = null }) {
    this.profile = { name, email };
    for (const channel of channels) this.store.open(channel, channel === current);
    this.connection.open(this.#url(), token);
    this.#on.change();
  }

  end() {
    clearTimeout(this.#membersTimer);
    this.connection.close();
  }

  /** Joins a channel (once there is a connection) and turns to it; returns what is wrong with its name, or null. */
  join(name) {
    const flaw = flawOfName(name);
    if (flaw) return `A channel’s name ${flaw}`;
    const isNew = !this.store.channel(name);
    this.store.open(name, true);
    if (isNew && this.isConnected) this.#askToJoin(name);
    this.#on.change();
    return null;
  }

  /** Leaves a channel or closes a conversation: at once, so that it is not joined again whatever becomes of the request. */
  leave(conversation) {
    this.store.close(conversation);
    if (conversation.isJoined) this.#askToLeave(conversation.name);
    this.#on.change();
  }

  meet(member) {
    this.turnTo(this.store.meet(member));
  }

  turnTo(conversation) {
    this.store.turnTo(conversation);
    this.#on.change();
  }

  /** Says something; whether it is on its way. If not, the words are still the sender's. */
  say(conversation, text) {
    const ref = this.#ref();
    const message = text.toWellFormed?.() ?? text;
    const object =
      conversation.kind === 'channel'
        ? { action: 'send-message', target: conversation.name, message, ref }
        : { action: 'send-private', target: conversation.id, message, ref };
    const bytes = new TextEncoder().encode(JSON.stringify(object)).length;
    const most = this.store.limits.message_bytes ?? Infinity;
    if (bytes > most) {
      this.#on.alert(`That is too long by ${kilobytes(bytes - most)} kB: a message has at most ${kilobytes(most)} kB.`);
      return false;
    }
    if (!this.isConnected) {
      this.#on.alert('Not connected: your message was not sent and is kept here.', 'connection');
      return false;
    }
    if (conversation.kind === 'channel' && !conversation.isJoined) {
      this.#on.alert('Still joining: your message was not sent and is kept here.', 'joining');
      return false;
    }
    this.connection.send(object);
    conversation.pending.push({ ref, text, state: 'sending' });
    this.#on.change();
    return true;
  }

  /** Drops a message that was not sent. */
  drop(conversation, { ref }) {
    conversation.settle(ref);
    this.#on.change();
  }

  /**
   * Asks for the members of a channel on screen where only sums were told of who came and went: now, or if it was asked
   * for a moment ago, it tells of a change when it is time to ask again.
   */
  refreshMembers(channel, now = Date.now()) {
    clearTimeout(this.#membersTimer);
    if (!channel.isStale || !channel.isJoined) return;
    const wait = (this.#membersAskedAt.get(channel) ?? -Infinity) + MEMBERS_REFRESH_MS - now;
    if (wait > 0) {
      this.#membersTimer = setTimeout(() => this.#on.change(), wait);
      return;
    }
    this.#membersAskedAt.set(channel, now);
    this.connection.send({ action: 'list-members', target: channel.name, ref: this.#ref() });
  }

  #receive(objects) {
    const now = Date.now();
    for (const object of objects) {
      this.store.receive(object, now);
      if (object.action === 'welcome') this.#welcome();
      if (object.action === 'joined') this.#joined(object);
    }
    this.#on.change();
  }

  #welcome() {
    for (const { name } of this.store.channels) this.#askToJoin(name);
  }

  #joined({ channel, ref }) {
    this.#joining.delete(ref);
    // It was left before it was joined.
    if (!this.store.channel(channel)) this.#askToLeave(channel);
    this.#on.settle('joining');
  }

  #askToJoin(name) {
    const ref = this.#ref();
    this.#joining.set(ref, name);
    this.connection.send({ action: 'join-channel', message: name, ref });
  }

  #askToLeave(name) {
    this.connection.send({ action: 'leave-channel', message: name, ref: this.#ref() });
  }

  #failed(error) {
    const name = this.#joining.get(error.ref);
    this.#joining.delete(error.ref);
    if (name !== undefined && this.store.channel(name)) this.store.close(this.store.channel(name));
    const words = wordsForError(error);
    this.#on.alert(name === undefined ? words : `“${name}” could not be joined. ${words}`);
  }

  #connectionIs(state, before) {
    if (before.phase === 'connected') {
      this.#joining.clear();
      this.store.disconnect();
    }
    this.#on.connection(state, before);
    this.#on.change();
  }

  /** Beside the page, which a proxy may have put below a path of its own. */
  #url() {
    const url = new URL('ws', location.href);
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    url.searchParams.set('name', this.profile.name);
    if (this.profile.email) url.searchParams.set('email', this.profile.email);
    return url;
  }

  #ref() {
    this.#refs += 1;
    return this.#refs.toString(36);
  }
}

function kilobytes(bytes) {
  return (bytes / 1000).toLocaleString(undefined, { maximumSignificantDigits: 3 });
}
