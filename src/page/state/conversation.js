// Holds one conversation, with a channel or a person: the last of its messages, what is unread, who is there.

export const ITEMS_MAX = 2_000;
/** Characters in all of them, of which one message may have tens of thousands. */
export const CHARS_MAX = 500_000;
/** Trimmed only this much later, so that it is not done for each message. */
const SLACK = 1.1;

export class Conversation {
  /** The last messages, notices and gaps, oldest first. */
  items = [];
  /** The number of `items[0]`, counted from the first item that this conversation ever had. */
  first = 0;
  /** Messages of others ever received, which is what "3 new" is counted by. */
  received = 0;
  unread = 0;
  /** The number of the first item that was unread when the conversation was last turned to; null if none was. */
  unreadFrom = null;
  draft = '';
  /** Own messages that the server has not confirmed: `{ref, text, state: 'sending' | 'failed', reason}`. */
  pending = [];
  #chars = 0;

  constructor(key, name) {
    this.key = key;
    this.name = name;
  }

  /** The number that the next item will have. */
  get end() {
    return this.first + this.items.length;
  }

  item(number) {
    return this.items[number - this.first];
  }

  push(item) {
    this.items.push(item);
    this.#chars += charsOf(item);
    if (this.items.length > ITEMS_MAX * SLACK || this.#chars > CHARS_MAX * SLACK) this.#trim();
  }

  #trim() {
    let surplus = 0;
    while (this.items.length - surplus > ITEMS_MAX || this.#chars > CHARS_MAX) {
      this.#chars -= charsOf(this.items[surplus]);
      surplus += 1;
    }
    this.items.splice(0, surplus);
    this.first += surplus;
  }

  /** Takes in what somebody said; `isSeen` says that it is on screen. */
  hear(message, isSeen) {
    if (!message.isOwn) {
      this.received += 1;
      if (!isSeen) {
        this.unreadFrom ??= this.end;
        this.unread += 1;
      }
    }
    this.push(message);
  }

  /** What the server answered to a message of one's own: it is no longer pending. */
  settle(ref) {
    this.pending = this.pending.filter((message) => message.ref !== ref);
  }

  fail(ref, reason) {
    const message = this.pending.find((pending) => pending.ref === ref);
    if (message) Object.assign(message, { state: 'failed', reason });
    return message !== undefined;
  }
}

function charsOf({ text }) {
  return text?.length ?? 0;
}

export class Channel extends Conversation {
  kind = 'channel';
  /** By id: `{id, name, avatar}`. */
  members = new Map();
  count = 0;
  /** Changes whenever `members` or `count` do. */
  membersVersion = 0;
  /** Whether sums were told of who came and went since `members` were listed. */
  isStale = false;
  seq = null;
  epoch = null;
  isJoined = false;

  constructor(name) {
    super(`#${name}`, name);
  }

  /** Takes in an answer to `join-channel`. A gap in `seq` since the last time is told in the log. */
  join({ members, count, seq, epoch }, time) {
    const isBack = this.seq !== null;
    if (isBack && (this.epoch !== epoch || this.seq !== seq)) this.push({ kind: 'gap', time });
    this.isJoined = true;
    this.seq = seq;
    this.epoch = epoch;
    this.list(members, count);
  }

  list(members, count) {
    this.members = new Map(members.map((member) => [member.id, member]));
    this.count = count;
    this.isStale = false;
    this.membersVersion += 1;
  }

  /** Whether an object with this `seq` is new; tells in the log if some before it did not arrive. */
  advance(seq, time) {
    if (!Number.isFinite(seq)) return true;
    if (this.seq !== null && seq <= this.seq) return false;
    if (this.seq !== null && seq > this.seq + 1) this.push({ kind: 'gap', time });
    this.seq = seq;
    return true;
  }

  /** Takes in a notice: somebody came or went, or how many did. */
  note({ event, member, message, count, time }) {
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
    this.push({ kind: 'notice', event, member, text: message, time });
  }
}

export class Person extends Conversation {
  kind = 'person';
  /** Whether the server said that nobody has this id any more. */
  isGone = false;

  constructor({ id, name, avatar }) {
    super(`@${id}`, name);
    this.id = id;
    this.avatar = avatar;
  }
}
