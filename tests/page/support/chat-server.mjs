// A server with one channel that keeps a log, as far as clients see it, on connections that can be cut at any message.

export const CHANNEL = 'tea';

export class ChatServer {
  /** Every message and notice ever sequenced. Its `time` is its place here, which no other has. */
  said = [];
  epoch = 1;
  seq = 0;
  connections = new Set();
  #ids = 0;
  #random;
  #fault;
  /** The end of the channel: what is kept. */
  #log = [];

  /** `fault` does wrong on purpose: `'late'` and `'early'` begin a replay by one too late or early, `'short'` is a gap one short. */
  constructor(random, fault) {
    this.#random = random;
    this.#fault = fault;
  }

  #nextId() {
    this.#ids += 1;
    return `c${this.#ids}`;
  }

  get #oldest() {
    return this.#log[0]?.seq ?? this.seq + 1;
  }

  get #members() {
    return [...this.connections].filter(({ isMember }) => isMember);
  }

  /** The class of sockets that connect to this server. */
  get WebSocket() {
    const server = this;
    return class extends Connection {
      constructor() {
        super(server.#nextId());
        server.connections.add(this);
        this.tell({ action: 'welcome', client: { id: this.id }, limits: {} });
      }
    };
  }

  /** Takes in the next request of a connection. One that was cut may have sent some before, until the server notices. */
  read(connection) {
    const request = connection.requests.shift();
    if (request) this.#do(connection, request);
  }

  /** Notices that a connection was cut. */
  notice(connection) {
    const wasMember = connection.isMember;
    this.connections.delete(connection);
    connection.isMember = false;
    if (wasMember && this.#members.length > 0) this.#sequence({ event: 'left', member: { id: connection.id } });
  }

  /** Forgets the oldest message. */
  trim() {
    this.#log.shift();
  }

  /** Skips some of what a connection has not been sent yet. */
  skip(connection) {
    const { told } = connection;
    const first = Math.floor(this.#random() * told.length);
    let end = first;
    while (end < told.length && told[end].action === 'send-message' && this.#random() < 0.9) end += 1;
    if (end === first) return;
    const { epoch, seq: from } = told[first];
    const to = told[end - 1].seq - (this.#fault === 'short' && end - first > 1 ? 1 : 0);
    told.splice(first, end - first, { action: 'gap', channel: CHANNEL, epoch, from, to, reason: 'slow' });
  }

  /** The channel begins again: under its members, or for those who come back. */
  begin({ areMembersTold }) {
    this.epoch += 1;
    this.seq = 0;
    this.#log = [];
    if (!areMembersTold) return;
    for (const member of this.#members) member.tell({ action: 'epoch', channel: CHANNEL, epoch: this.epoch, reason: 'lost' });
  }

  #do(connection, { action, ref, ...request }) {
    if (action === 'join-channel') return this.#join(connection, ref, request);
    if (!connection.isMember) return connection.tell({ action: 'error', code: 'not-a-member', message: '', ref });
    if (action === 'history') return this.#history(connection, ref, request);
    return this.#sequence({ message: request.message, sender: { id: connection.id }, ref });
  }

  #join(connection, ref, { since, last }) {
    if (this.#members.length > 0) this.#sequence({ event: 'joined', member: { id: connection.id } });
    connection.isMember = true;
    const { how, from } = this.#recovery(since, last);
    const answer = { action: 'joined', channel: CHANNEL, members: [], seq: this.seq, epoch: this.epoch, oldest: this.#oldest, ref, ...how };
    connection.tell(answer);
    for (const message of this.#log) {
      if (message.seq >= from) connection.tell(message);
    }
  }

  /** What the answer says beside the rest, and from where the log is replayed. */
  #recovery(since, last) {
    const replay = (from, how) => {
      const begun = from + ({ late: 1, early: -1 }[this.#fault] ?? 0);
      if (from > this.seq && this.#random() < 0.5) return { how, from };
      return { how: { ...how, replay: { from, to: this.seq } }, from: begun };
    };
    if (last !== undefined) return replay(Math.max(this.#oldest, this.seq - last + 1), {});
    if (!since) return { how: {}, from: Infinity };
    if (since.epoch !== this.epoch) return replay(this.#oldest, { recovered: false, reason: 'epoch' });
    if (since.seq + 1 >= this.#oldest) return replay(since.seq + 1, { recovered: true });
    return replay(this.#oldest, { recovered: false, gap: { from: since.seq + 1, to: this.#oldest - 1 } });
  }

  #history(connection, ref, { before = Infinity }) {
    const messages = this.#log.filter(({ seq }) => seq < before).slice(-3);
    connection.tell({ action: 'history', channel: CHANNEL, epoch: this.epoch, messages, oldest: this.#oldest, ref });
  }

  #sequence(object) {
    this.seq += 1;
    const message = { action: 'send-message', target: CHANNEL, ...object, seq: this.seq, time: this.said.length, epoch: this.epoch };
    this.said.push(message);
    this.#log.push(message);
    for (const member of this.#members) member.tell(message);
  }
}

/** One connection, both its ends: what is on its way in either direction waits until the test lets it arrive. */
class Connection extends EventTarget {
  requests = [];
  told = [];
  isMember = false;
  isCut = false;

  constructor(id) {
    super();
    this.id = id;
  }

  send(text) {
    if (!this.isCut) this.requests.push(JSON.parse(text));
  }

  close() {
    this.isCut = true;
  }

  tell(object) {
    this.told.push(object);
  }

  /** Lets up to so many objects arrive in one frame. */
  deliver(count) {
    const objects = this.told.splice(0, count);
    if (objects.length === 0 || this.isCut) return;
    const data = objects.map((object) => JSON.stringify(object)).join('\n');
    this.dispatchEvent(Object.assign(new Event('message'), { data }));
  }

  /** Cuts it; what has not arrived at the client never will, and of what it sent only the first `requests`. */
  cut(requests) {
    this.isCut = true;
    this.requests.length = Math.min(this.requests.length, requests);
    this.dispatchEvent(Object.assign(new Event('close'), { code: 1006 }));
  }
}
