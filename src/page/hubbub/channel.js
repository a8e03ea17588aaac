// A channel that one is in: its messages, each once and in order, what is missing between them, and what one says.

import { Backoff } from './backoff.js';
import { HubError } from './error.js';
import { emit } from './event.js';
import { Lane, WhenLost } from './lane.js';
import { Position } from './position.js';
import { wellFormed } from './text.js';

/** Codes of joins that may succeed in a while. */
const PASSING = ['unavailable', 'unknown'];
/** Messages to a page of history, the most that the server gives. */
const PAGE_MESSAGES = 100;

export class Channel extends EventTarget {
  name;
  /** `'joining'` (now, or once there is a connection), `'joined'`, `'leaving'` or `'left'`. */
  state = 'joining';
  /** Resolves with the first `joined`, or rejects with why there is none. */
  ready;
  #wanted;
  #host;
  #lane;
  #position = new Position();
  #ready = deferred();
  #left = deferred();
  #joinRef = null;
  #leaveRef = null;
  /** Whether the connection that there is has joined. */
  #isJoined = false;
  /** The number up to which everything must have come before anything is taken for lost. */
  #target = 0;
  /** The search through history that is under way. */
  #search = null;
  /** Whether this connection has asked history for all that is missing. */
  #isSearched = false;
  /** Whether nothing is in doubt but what later losses put there. */
  #isSettled = false;
  #backoff;
  #timer = null;

  /** `host` is the hub, as far as channels need it. */
  constructor(name, wanted, host) {
    super();
    this.name = name;
    this.#wanted = wanted;
    this.#host = host;
    this.#lane = new Lane(host.wire, host.room);
    this.#backoff = new Backoff(host.random);
    this.ready = this.#ready.promise;
  }

  /** The life of the channel, and the number of the last message that was had of it; null before the first `joined`. */
  get epoch() {
    return this.#position.epoch;
  }

  get seq() {
    return this.#position.since?.seq ?? null;
  }

  /**
   * Says something, once the channel is joined. Resolves with the place it got, `{seq, epoch}`. Rejects with `unknown` if the
   * connection was lost and nothing shows that it was said; with `retry` it is said again then, which may be twice.
   */
  send(message, { retry = false } = {}) {
    const object = { action: 'send-message', target: this.name, message: wellFormed(message) };
    return this.#ask(object, { whenLost: WhenLost.doubt, retry });
  }

  /** Messages before the number `before` (or the last): `{messages, oldest, epoch}`, oldest first. */
  history({ before, limit, epoch } = {}) {
    return this.#ask({ action: 'history', target: this.name, before, limit, epoch }, { whenLost: WhenLost.repeat });
  }

  /** A page of the members in the order of their ids, those after the id `after`: `{members, count, next}`. */
  listMembers({ after, limit } = {}) {
    return this.#ask({ action: 'list-members', target: this.name, after, limit }, { whenLost: WhenLost.repeat });
  }

  /** All members, page by page. */
  async *allMembers() {
    let after;
    do {
      const { members, next } = await this.listMembers({ after });
      yield* members;
      after = next;
    } while (after !== undefined && after !== null);
  }

  /** Leaves. What the server sends before it answers still comes; resolves when nothing more will. */
  leave() {
    if (this.state === 'joining' || this.state === 'joined') this.#leave();
    return this.#left.promise;
  }

  #leave() {
    if (!this.#isJoined && this.#joinRef === null) {
      this.end(new HubError('not-a-member'));
      return;
    }
    this.state = 'leaving';
    this.#host.leaving(this);
    this.#leaveRef = this.#host.wire.ref();
    this.#tell({ action: 'leave-channel', message: this.name, ref: this.#leaveRef });
  }

  #ask(object, how) {
    const isMember = this.state === 'joining' || this.state === 'joined';
    const refusal = isMember ? this.#host.refusal() : new HubError('not-a-member');
    if (refusal) return Promise.reject(refusal);
    return this.#lane.ask(object, how);
  }

  #tell(object) {
    this.#host.wire.send(JSON.stringify(object));
  }

  /** There is a connection: joins on it. The hub calls this, as it does all that follows. */
  connected() {
    if (this.state !== 'joining' || this.#joinRef !== null || !this.#host.isConnected()) return;
    this.#joinRef = this.#host.wire.ref();
    const { since } = this.#position;
    const how = since ? { since } : { last: this.#wanted.last };
    this.#tell({ action: 'join-channel', message: this.name, ...how, members: this.#wanted.members, ref: this.#joinRef });
  }

  disconnected() {
    this.#isJoined = false;
    this.#joinRef = null;
    this.#search = null;
    this.#host.clock.clearTimeout(this.#timer);
    this.#lane.lose();
    if (this.state === 'leaving') this.end(new HubError('not-a-member'));
    if (this.state === 'joined') this.state = 'joining';
  }

  /** The server lets nobody in: nothing waits for it. */
  shutOut(error) {
    this.#ready.reject(error);
    this.#lane.rejectAll(error);
  }

  /** Takes in what answers a request of this channel; whether it does. */
  answer(object) {
    const { action, ref, code, message } = object;
    if (action === 'left') return this.#hasLeft(object);
    if (ref === undefined) return false;
    if (ref === this.#joinRef) {
      this.#joinRef = null;
      if (action === 'joined') this.#join(object);
      else this.#refused(new HubError(code, message));
      return true;
    }
    if (action === 'error') {
      if (ref === this.#leaveRef) this.end(new HubError('not-a-member'));
      return ref === this.#leaveRef || this.#lane.fail(ref, new HubError(code, message));
    }
    return this.#lane.answer(ref, object);
  }

  /** Takes in what stands among the messages of the channel. */
  receive(object) {
    if (!this.#isJoined) return;
    switch (object.action) {
      case 'gap':
        this.#lose(this.#position.skip(object));
        break;
      case 'epoch':
        this.#target = 0;
        this.#lose(this.#position.restart(object.epoch, object.reason));
        break;
      default:
        this.#hear(object);
    }
    this.#progress();
  }

  end(error) {
    if (this.state === 'left') return;
    this.state = 'left';
    this.#isJoined = false;
    this.#search = null;
    this.#host.clock.clearTimeout(this.#timer);
    this.#host.gone(this);
    this.#lane.rejectAll(error);
    this.#ready.reject(error);
    this.#left.resolve();
    emit(this, 'left', { code: error.code });
  }

  #join(answer) {
    // It is being left already; what was missed until then is not wanted.
    if (this.state !== 'leaving') this.state = 'joined';
    this.#isJoined = true;
    this.#isSettled = false;
    this.#isSearched = false;
    this.#backoff.reset();
    const losses = this.#position.join(answer);
    this.#target = answer.seq;
    this.#ready.resolve(answer);
    this.#tellOf('joined', answer);
    this.#lose(losses);
    this.#progress();
  }

  #refused(error) {
    if (this.state === 'leaving') return;
    if (!PASSING.includes(error.code)) {
      emit(this, 'error', error);
      this.end(error);
      return;
    }
    this.#timer = this.#host.clock.setTimeout(() => this.connected(), this.#backoff.next());
  }

  #hasLeft({ channel, ref }) {
    const isMine = channel === this.name && this.#isJoined && (this.#leaveRef === null || ref === this.#leaveRef);
    if (isMine || (ref !== undefined && ref === this.#leaveRef)) {
      this.end(new HubError('not-a-member'));
      return true;
    }
    return false;
  }

  #hear(message) {
    this.#acknowledge(message, this.#position.epoch);
    const { isNew, losses } = this.#position.advance(message.seq);
    this.#lose(losses);
    if (isNew) this.#tellOf(message.sender ? 'message' : 'notice', message);
  }

  /** The copy of what one said oneself, wherever it turns up. */
  #acknowledge({ sender, ref, seq }, epoch) {
    if (sender && ref !== undefined && this.#host.isOwn(sender.id)) this.#lane.answer(ref, { seq, epoch });
  }

  /** One who listens may have left meanwhile. */
  #tellOf(type, detail) {
    if (this.#isJoined) emit(this, type, detail);
  }

  #lose(losses) {
    for (const { type, detail } of losses) {
      this.#isSettled = false;
      this.#isSearched = false;
      if (type === 'epoch') {
        this.#lane.doubtAll();
      } else {
        this.#lane.doubt(detail.from);
      }
      this.#tellOf(type, detail);
    }
  }

  /** Once everything came that must have: what is in doubt is settled, if need be by history, and what waits goes out. */
  #progress() {
    if (!this.#isJoined || this.#isSettled || this.#search || this.#position.seq < this.#target) return;
    const from = this.#lane.missingFrom;
    if (from !== null && !this.#isSearched) {
      this.#lane.pause();
      this.#lookFrom(from);
      return;
    }
    this.#isSettled = true;
    this.#lane.giveUp();
    if (this.state === 'joined') this.#lane.open();
  }

  /** Looks in history for what one said. The answer comes after all that was asked before it was sequenced. */
  async #lookFrom(from) {
    const search = {};
    this.#search = search;
    this.#isSearched = true;
    let before;
    try {
      do {
        const page = await this.#lane.askNow({ action: 'history', target: this.name, before, limit: PAGE_MESSAGES });
        if (this.#search !== search) return;
        before = this.#lookThrough(page, from);
      } while (before !== null);
    } catch {
      // What history cannot show stays unknown.
    }
    if (this.#search !== search) return;
    this.#search = null;
    this.#progress();
  }

  /** Where the page before this one ends; null if there is none of use. */
  #lookThrough({ epoch, messages, oldest }, from) {
    if (epoch !== this.#position.epoch || messages.length === 0) return null;
    for (const message of messages) this.#acknowledge(message, epoch);
    this.#target = Math.max(this.#target, messages.at(-1).seq);
    const [{ seq }] = messages;
    return seq > from && seq > oldest && this.#lane.missingFrom !== null ? seq : null;
  }
}

/** A promise, and what settles it. Nobody need listen for it to fail. */
function deferred() {
  let settle;
  const promise = new Promise((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => {});
  return { promise, ...settle };
}
