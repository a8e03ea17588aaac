// Keeps what the page knows: the conversations, and who is known. It takes in what the client hears, and has no DOM.

import { Channel } from './channel.js';
import { Person } from './conversation.js';

/** Pictures remembered of people met, so that a long session does not grow for ever. */
const PICTURES_MAX = 5_000;
/** Private conversations, which anybody can begin. */
export const PEOPLE_MAX = 200;

export class Store {
  /** Whether the page can be seen: what arrives while it cannot is unread. */
  isVisible = true;
  current = null;
  /** Whether an id is, or was, one's own. */
  isOwn;
  #conversations = new Map();
  /** Seeds of people's pictures by their ids, those met last at the end. */
  #pictures = new Map();

  constructor(isOwn) {
    this.isOwn = isOwn;
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

  channel(name) {
    return this.#conversations.get(`#${name}`);
  }

  /** Adds a channel that is being joined, and turns to it if there is no other or `isWanted`. */
  open(name, isWanted) {
    const channel = new Channel(name);
    this.#conversations.set(channel.key, channel);
    if (isWanted || !this.current) this.turnTo(channel);
    return channel;
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

  /** The connection is gone. */
  disconnect() {
    for (const channel of this.channels) channel.isJoined = false;
  }

  /** Takes in an answer to a request to join. */
  join(channel, joined) {
    this.#remember(joined.members);
    channel.join(joined);
  }

  /** Takes in a list of the members. */
  list(channel, { members, count }) {
    this.#remember(members);
    channel.list(members, count);
  }

  /** Takes in what somebody said in a channel. */
  hear(channel, message) {
    channel.hear(this.#item(channel, message), this.#isSeen(channel));
  }

  /** Takes in a notice: somebody came or went, or how many did. */
  note(channel, notice) {
    if (notice.member) this.#remember([notice.member]);
    channel.note(this.#item(channel, notice), notice);
  }

  /** Takes in a page of the history that ends before the number `before`; null if it could not be had. */
  readBack(channel, before, page) {
    channel.prependHistory(before, page && { ...page, items: page.messages.map((object) => this.#item(channel, object)) });
  }

  /** Takes in what somebody said in private. */
  whisper(message) {
    const conversation = this.meet(this.isOwn(message.sender.id) ? message.target : message.sender);
    conversation.hear(this.#item(conversation, message), this.#isSeen(conversation));
  }

  #item({ epoch }, { event, member, sender, message, data, seq, time }) {
    // What programs say to programs is shown as it is.
    const text = message ?? JSON.stringify(data);
    if (!sender) return { kind: 'notice', event, member, text, epoch, seq, time };
    const isOwn = this.isOwn(sender.id);
    return { kind: 'message', sender, avatar: this.avatarOf(sender.id), isOwn, text, epoch, seq, time };
  }

  #isSeen(conversation) {
    return this.isVisible && conversation === this.current;
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
