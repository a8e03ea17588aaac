// Holds the conversation of a channel: beside its messages who is there, what is missing, and what may be read back.

import { Conversation } from './conversation.js';

export class Channel extends Conversation {
  kind = 'channel';
  /** By id: `{id, name, avatar}`. */
  members = new Map();
  count = 0;
  /** Changes whenever `members` or `count` do. */
  membersVersion = 0;
  /** Whether sums were told of who came and went since `members` were listed. */
  isStale = false;
  isJoined = false;
  /** Whether older messages are on their way. */
  isReadingBack = false;
  /** The life of the channel in which the numbers are; null before the first join. */
  epoch = null;
  /** The number of what comes first, while there is nothing. */
  #begin = 1;
  /** The last number that is accounted for. */
  #reached = 0;
  /** The number of the last `joined`: up to there `members` tell who is there, and notices only who came and went. */
  #joinedAt = 0;
  /** Up to this number things were said before one came, and are nothing new. */
  #newAfter = 0;
  /** The first number that the server keeps. */
  #oldest = Infinity;

  constructor(name) {
    super(`#${name}`, name);
  }

  /** Takes in an answer to `join-channel`; what is missing is told after it. */
  join({ members, count, seq, epoch, oldest, replay }) {
    if (this.epoch === null) {
      this.#begin = replay?.from ?? seq + 1;
      this.#reached = this.#begin - 1;
      this.#newAfter = seq;
      this.epoch = epoch;
    }
    this.#live(epoch);
    this.#joinedAt = seq;
    this.#oldest = oldest ?? Infinity;
    this.isJoined = true;
    this.list(members, count);
  }

  list(members, count) {
    this.members = new Map(members.map((member) => [member.id, member]));
    this.count = count;
    this.isStale = false;
    this.membersVersion += 1;
  }

  push(item, last = item.seq) {
    super.push(item);
    this.#reached = last;
  }

  hear(message, isSeen) {
    if (message.seq <= this.#newAfter) this.push(message);
    else super.hear(message, isSeen);
  }

  /** Takes in a notice, `item` being its place among the messages. */
  note(item, { event, member, count }) {
    if (item.seq > this.#joinedAt) this.#count(event, member, count);
    this.push(item);
  }

  #count(event, member, count) {
    if (event === 'joined' && !this.members.has(member.id)) {
      this.members.set(member.id, member);
      this.count += 1;
    } else if (event === 'left') {
      // Not all who are counted need be listed.
      if (this.members.delete(member.id) || this.count > this.members.size) this.count -= 1;
    } else if (event === 'summary') {
      this.count = count;
      this.isStale = true;
    }
    this.membersVersion += 1;
  }

  /** Takes in that messages will not come. */
  miss({ epoch, from, to }) {
    this.push({ kind: 'gap', count: to - from + 1, epoch, seq: from, time: this.#lastTime }, to);
  }

  /** Takes in that the channel began again. */
  restart({ epoch }) {
    this.#live(epoch);
    this.push({ kind: 'restart', epoch, seq: 1, time: this.#lastTime }, 0);
  }

  /** In another life, numbers begin anew. */
  #live(epoch) {
    if (epoch === this.epoch) return;
    this.epoch = epoch;
    this.#reached = 0;
    this.#joinedAt = 0;
    this.#newAfter = 0;
    this.#oldest = 1;
  }

  /** What is missing has no time of its own. */
  get #lastTime() {
    return this.items.at(-1)?.time ?? Date.now();
  }

  /** The number before which older messages are to be asked for. */
  get before() {
    return this.items[0]?.seq ?? this.#begin;
  }

  /** As of any conversation; or `'kept'` by the server, which can be asked for it, or `'gone'` there too. */
  get older() {
    if (super.older !== null || this.before <= 1) return super.older;
    const isOfThisLife = (this.items[0]?.epoch ?? this.epoch) === this.epoch;
    return isOfThisLife && this.before > this.#oldest ? 'kept' : 'gone';
  }

  /** Whether it is of use, and in its time, to ask for what was said before. */
  get canReadBack() {
    return this.older === 'kept' && this.isJoined && !this.isReadingBack && this.#reached >= this.#joinedAt;
  }

  /** Takes in a page of history, if what is here still begins at `before`; null if there is none. */
  prependHistory(before, page) {
    const isOfUse = page && page.epoch === this.epoch && page.items.length > 0 && before === this.before;
    if (isOfUse) this.prepend(page.items);
    // Where there is nothing of use it is not asked for again, until the channel is joined anew.
    this.#oldest = isOfUse ? page.oldest : Infinity;
  }
}
