// Keeps what the page knows: who one is, the conversations, who is known. It takes in what the server says, and has no
// DOM.

import { wordsForError } from '../words.js';
import { Channel, Person } from './conversation.js';

/** Pictures remembered of people met, so that a long session does not grow for ever. */
const PICTURES_MAX = 5_000;
/** Private conversations, which anybody can begin. */
export const PEOPLE_MAX = 200;

export class Store {
  /** `{id, name, avatar}` since the last welcome. */
  self = null;
  limits = {};
  /** Whether the page can be seen: what arrives while it cannot is unread. */
  isVisible = true;
  current = null;
  #conversations = new Map();
  /** Seeds of people's pictures by their ids, those met last at the end. */
  #pictures = new Map();
  /** Every id that this page had, as each connection brings a new one. */
  #ownIds = new Set();
  #onError;

  /** `onError({code, message, ref})` hears of errors that belong to no message. */
  constructor(onError = () => {}) {
    this.#onError = onError;
  }

  get channels() {
    return [...this.#conversations.values()].filter(({ kind }) => kind === 'channel');
  }

  get people() {
    return [...this.#conversations.values()].filter(({ kind }) => kind === 'person');
  }

  get unread() {
    return [...this.#conversations.values()].reduce((sum, { unread }) => sum + unread, 0);
  }

  isOwn(id) {
    return this.#ownIds.has(id);
  }

  channel(name) {
    return this.#conversations.get(`#${name}`);
  }

  /** Adds a channel that is being joined, and turns to it if there is no other or `isWanted`. */
  open(name, isWanted) {
    if (!this.channel(name)) this.#conversations.set(`#${name}`, new Channel(name));
    if (isWanted || !this.current) this.turnTo(this.channel(name));
  }

  /** The conversation with a person, new or not. */
  meet({ id, name, avatar }) {
    const known = this.#conversations.get(`@${id}`);
    if (known) return known;
    const person = new Person({ id, name, avatar: avatar ?? this.avatarOf(id) });
    this.#forgetSurplus();
    this.#conversations.set(person.key, person);
    return person;
  }

  /** Makes room for one more private conversation, at the cost of the oldest in which nothing is being written. */
  #forgetSurplus() {
    const { people } = this;
    if (people.length < PEOPLE_MAX) return;
    const oldest = people.find((person) => person !== this.current && person.draft === '' && person.pending.length === 0);
    if (oldest) this.#conversations.delete(oldest.key);
  }

  /** The seed of a person's picture. */
  avatarOf(id) {
    return this.#pictures.get(id) ?? id;
  }

  turnTo(conversation) {
    if (this.current && this.current !== conversation) this.current.unreadFrom = null;
    this.current = conversation;
    this.#see();
  }

  show(isVisible) {
    this.isVisible = isVisible;
    if (!isVisible && this.current) this.current.unreadFrom = null;
    this.#see();
  }

  /** Forgets a conversation, and turns to the next one if it was current. */
  close(conversation) {
    const all = [...this.channels, ...this.people];
    const position = all.indexOf(conversation);
    this.#conversations.delete(conversation.key);
    if (this.current === conversation) this.turnTo(all[position + 1] ?? all[position - 1] ?? null);
  }

  /** The connection is gone: what was on its way may have arrived or not. */
  disconnect() {
    for (const channel of this.channels) channel.isJoined = false;
    for (const conversation of this.#conversations.values()) {
      for (const message of conversation.pending) {
        if (message.state === 'sending') conversation.fail(message.ref, 'The connection was lost. It may have arrived, or not.');
      }
    }
  }

  /** Takes in one object from the server. What is not known is ignored. */
  receive(object, now) {
    switch (object.action) {
      case 'welcome':
        this.self = object.client;
        this.limits = object.limits ?? {};
        this.#ownIds.add(object.client.id);
        this.#remember([object.client]);
        break;
      case 'joined':
        this.#joined(object, now);
        break;
      case 'left':
        this.#left(object);
        break;
      case 'members':
        this.#remember(object.members);
        this.channel(object.channel)?.list(object.members, object.count);
        break;
      case 'send-message':
        this.#inChannel(object);
        break;
      case 'send-private':
        this.#inPrivate(object);
        break;
      case 'error':
        this.#failed(object);
        break;
      default:
    }
  }

  #joined(object, now) {
    this.#remember(object.members);
    this.channel(object.channel)?.join(object, now);
  }

  #left({ channel: name }) {
    const channel = this.channel(name);
    // One that is not joined has been left and is being joined again.
    if (channel?.isJoined) this.close(channel);
  }

  #inChannel(object) {
    const channel = this.channel(object.target);
    if (!channel?.isJoined || !channel.advance(object.seq, object.time)) return;
    if (!object.sender) {
      if (object.member) this.#remember([object.member]);
      channel.note(object);
      return;
    }
    this.#hear(channel, object);
  }

  #inPrivate(object) {
    const isOwn = this.isOwn(object.sender.id);
    this.#hear(this.meet(isOwn ? object.target : object.sender), object);
  }

  #hear(conversation, { sender, message, time, ref }) {
    const isOwn = this.isOwn(sender.id);
    if (isOwn && ref !== undefined) conversation.settle(ref);
    const isSeen = this.isVisible && conversation === this.current;
    const avatar = this.avatarOf(sender.id);
    conversation.hear({ kind: 'message', sender, avatar, isOwn, text: message, time }, isSeen);
  }

  #failed({ code, message, ref }) {
    for (const conversation of this.#conversations.values()) {
      if (ref !== undefined && conversation.fail(ref, wordsForError({ code, message }))) {
        if (code === 'no-such-client') conversation.isGone = true;
        return;
      }
    }
    this.#onError({ code, message, ref });
  }

  #see() {
    if (this.current && this.isVisible) this.current.unread = 0;
  }

  #remember(members) {
    for (const { id, avatar } of members) {
      this.#pictures.delete(id);
      this.#pictures.set(id, avatar);
    }
    for (const id of this.#pictures.keys()) {
      if (this.#pictures.size <= PICTURES_MAX) break;
      this.#pictures.delete(id);
    }
  }
}
