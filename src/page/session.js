// Does what a person asks for: joins, says, leaves, reads back. It ties the client, which is the one for everyone, to the store.

import { connect } from './hubbub.js';
import { flawOfName } from './names.js';
import { Store } from './state/store.js';
import { wordsForError } from './words.js';

export const FIRST_CHANNEL = 'general';
/** Messages that one who is new to a channel sees at once, and that reading back adds at a time. */
const NEWCOMER_MESSAGES = 50;
const OLDER_MESSAGES = 100;
/** Members that are listed of a channel. */
const MEMBERS_LISTED = 200;
const MEMBERS_REFRESH_MS = 5_000;

export class Session {
  store = new Store((id) => this.#hub.isOwn(id));
  profile = null;
  #hub = null;
  /** The client's channels by those of the store. */
  #rooms = new WeakMap();
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
  }

  get isConnected() {
    return this.#hub.isConnected;
  }

  start({ name, email, channels, current, token = null }) {
    this.profile = { name, email };
    // Beside the page, which a proxy may have put below a path of its own.
    this.#hub = connect('ws', { name, email, token });
    let before = { state: this.#hub.state };
    this.#on.connection(before, before);
    this.#listen(this.#hub, {
      state: (state) => {
        if (before.state === 'connected') this.store.disconnect();
        this.#on.connection(state, before);
        before = state;
      },
      private: (message) => this.store.whisper(message),
      error: (error) => this.#on.alert(wordsForError(error)),
    });
    for (const channel of channels) this.#enter(channel, channel === current);
    this.#on.change();
  }

  end() {
    clearTimeout(this.#membersTimer);
    this.#hub.close();
  }

  retryNow() {
    this.#hub.retryNow();
  }

  /** Joins a channel (once there is a connection) and turns to it; returns what is wrong with its name, or null. */
  join(name) {
    const flaw = flawOfName(name);
    if (flaw) return `A channel’s name ${flaw}`;
    const known = this.store.channel(name);
    if (known) this.store.turnTo(known);
    else this.#enter(name, true);
    this.#on.change();
    return null;
  }

  /** Leaves a channel or closes a conversation: at once, so that it is not joined again whatever becomes of the request. */
  leave(conversation) {
    this.store.close(conversation);
    this.#rooms.get(conversation)?.leave();
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
    if (!this.isConnected) {
      this.#on.alert('Not connected: your message was not sent and is kept here.', 'connection');
      return false;
    }
    if (conversation.kind === 'channel' && !conversation.isJoined) {
      this.#on.alert('Still joining: your message was not sent and is kept here.', 'joining');
      return false;
    }
    this.#send(conversation, text);
    this.#on.change();
    return true;
  }

  async #send(conversation, text) {
    const message = conversation.wait(text);
    try {
      await (conversation.kind === 'channel'
        ? this.#rooms.get(conversation).send(text)
        : this.#hub.sendPrivate(conversation.id, text));
      conversation.settle(message);
    } catch (error) {
      conversation.fail(message, wordsForError(error));
      if (error.code === 'no-such-client') conversation.isGone = true;
    }
    this.#on.change();
  }

  /** Drops a message that was not sent. */
  drop(conversation, message) {
    conversation.settle(message);
    this.#on.change();
  }

  /** Asks for what was said before all that is here of a channel, if that is kept and not on its way already. */
  async readBack(channel) {
    const { epoch, before } = channel;
    channel.isReadingBack = true;
    let page = null;
    try {
      page = await this.#rooms.get(channel).history({ epoch, before, limit: OLDER_MESSAGES });
    } catch {
      // Then there is no more to read, until the channel is joined anew.
    }
    channel.isReadingBack = false;
    this.store.readBack(channel, before, page);
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
    this.#listMembers(channel);
  }

  async #listMembers(channel) {
    try {
      this.store.list(channel, await this.#rooms.get(channel).listMembers({ limit: MEMBERS_LISTED }));
      this.#on.change();
    } catch {
      // It was left meanwhile, or is joined anew with a list of its own.
    }
  }

  #enter(name, isWanted) {
    const channel = this.store.open(name, isWanted);
    const room = this.#hub.join(name, { last: NEWCOMER_MESSAGES, members: MEMBERS_LISTED });
    this.#rooms.set(channel, room);
    this.#listen(room, {
      joined: (joined) => {
        this.store.join(channel, joined);
        this.#on.settle('joining');
      },
      message: (message) => this.store.hear(channel, message),
      notice: (notice) => this.store.note(channel, notice),
      gap: (gap) => channel.miss(gap),
      epoch: (epoch) => channel.restart(epoch),
      error: (error) => this.#on.alert(`“${name}” could not be joined. ${wordsForError(error)}`),
      left: () => this.store.channel(name) === channel && this.store.close(channel),
    });
  }

  #listen(target, listeners) {
    for (const [type, hear] of Object.entries(listeners)) {
      target.addEventListener(type, ({ detail }) => {
        hear(detail);
        this.#on.change();
      });
    }
  }
}
