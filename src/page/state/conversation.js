// Holds one conversation, with a channel or a person: the last of its messages, what is unread, and what is not sent yet.

export const ITEMS_MAX = 2_000;
/** Characters in all of them, of which one message may have tens of thousands. */
export const CHARS_MAX = 500_000;
/** Trimmed only this much later, so that it is not done for each message. */
const SLACK = 1.1;

export class Conversation {
  /** The last messages, notices and losses, oldest first. */
  items = [];
  /** The number of `items[0]`, counted from the first item that this conversation ever had; what is read back counts down. */
  first = 0;
  /** Messages of others ever received, which is what "3 new" is counted by. */
  received = 0;
  unread = 0;
  /** The number of the first item that was unread when the conversation was last turned to; null if none was. */
  unreadFrom = null;
  draft = '';
  /** Own messages that the server has not confirmed: `{key, text, state: 'sending' | 'failed', reason}`. */
  pending = [];
  #chars = 0;
  #waited = 0;
  /** Whether an item found no room, or had to make it. */
  #isFull = false;

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

  /** What there is before the first item: `'dropped'` for what this page does not keep; null for nothing. */
  get older() {
    return this.#isFull ? 'dropped' : null;
  }

  push(item) {
    this.items.push(item);
    this.#chars += charsOf(item);
    if (this.items.length > ITEMS_MAX * SLACK || this.#chars > CHARS_MAX * SLACK) this.#trim();
  }

  /** Puts items before the first, as many of the last of them as there is room for. */
  prepend(items) {
    let begin = items.length;
    while (begin > 0 && this.#hasRoom(items.length - begin, items[begin - 1])) {
      begin -= 1;
      this.#chars += charsOf(items[begin]);
    }
    this.items.unshift(...items.slice(begin));
    this.first -= items.length - begin;
    if (begin > 0) this.#isFull = true;
  }

  #hasRoom(more, item) {
    return this.items.length + more < ITEMS_MAX && this.#chars + charsOf(item) <= CHARS_MAX;
  }

  #trim() {
    let surplus = 0;
    while (this.items.length - surplus > ITEMS_MAX || this.#chars > CHARS_MAX) {
      this.#chars -= charsOf(this.items[surplus]);
      surplus += 1;
    }
    this.items.splice(0, surplus);
    this.first += surplus;
    this.#isFull = true;
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

  /** Something of one's own that is on its way; returns it as it is in `pending`. */
  wait(text) {
    this.#waited += 1;
    const message = { key: this.#waited, text, state: 'sending', reason: null };
    this.pending.push(message);
    return message;
  }

  /** It came back, or is given up: it is no longer pending. */
  settle(message) {
    this.pending = this.pending.filter((other) => other !== message);
  }

  fail(message, reason) {
    Object.assign(message, { state: 'failed', reason });
  }
}

function charsOf({ text }) {
  return text?.length ?? 0;
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
