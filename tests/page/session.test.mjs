// What the page asks of the server, and when.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Session } from '../../src/page/session.js';
import { FakeSocket } from './support/socket.mjs';

const ada = { id: 'a', name: 'Ada', avatar: 'aa' };
const grace = { id: 'g', name: 'Grace', avatar: 'gg' };
const welcome = { action: 'welcome', client: ada, limits: {} };
let session;
let alerts;
let states;
let changes;

FakeSocket.install();

beforeEach(() => {
  alerts = [];
  states = [];
  changes = 0;
  session = new Session({
    change: () => { changes += 1; },
    connection: ({ state, refusal }, before) => states.push([before.state, state, refusal?.code]),
    alert: (words, kind) => alerts.push({ words, kind }),
    settle: (kind) => { alerts = alerts.filter((alert) => alert.kind !== kind); },
  });
  session.start({ name: 'Ada', email: '', channels: ['general'], current: 'general' });
});

afterEach(() => session.end());

/** Resolves when what was settled until now has been heard of. */
const tick = () => new Promise(setImmediate);

function enter(...channels) {
  FakeSocket.last.open();
  FakeSocket.last.say(welcome);
  for (const channel of channels) joined(channel);
  FakeSocket.last.take();
}

/** The last request of this kind on this connection. */
const asked = (wanted) => FakeSocket.last.requests.filter(({ action }) => action === wanted).at(-1);

/** The connection is lost, and there is another. */
function again() {
  FakeSocket.last.lose();
  session.retryNow();
  FakeSocket.last.open();
  FakeSocket.last.say(welcome);
}

/** The server answers the last request of this kind. */
function answer(request, more) {
  FakeSocket.last.say({ ref: asked(request).ref, ...more });
}

function joined(channel, more = {}) {
  const { ref } = FakeSocket.last.requests.filter(({ action, message }) => action === 'join-channel' && message === channel).at(-1);
  FakeSocket.last.say({ action: 'joined', channel, members: [], count: 1, seq: 1, epoch: 1, oldest: 1, ref, ...more });
}

const said = (seq, more) => ({ action: 'send-message', target: 'general', message: `m${seq}`, sender: grace, seq, time: seq, ...more });
const general = () => session.store.channel('general');

test('the page is connected once it is welcome, and joins then with the latest messages', () => {
  FakeSocket.last.open();
  assert.ok(!session.isConnected);
  FakeSocket.last.say(welcome);
  assert.ok(session.isConnected);
  const [{ ref, ...join }, ...others] = FakeSocket.last.sent;
  assert.deepEqual(join, { action: 'join-channel', message: 'general', last: 50, members: 200 });
  assert.deepEqual(others, []);
});

test('a channel that is named before the welcome is asked for once', () => {
  FakeSocket.last.open();
  session.join('tea');
  FakeSocket.last.say(welcome);
  assert.deepEqual(FakeSocket.last.take(), [['join-channel', 'general'], ['join-channel', 'tea']]);
});

test('what is said in a channel before it is joined stays with its sender, who is told so for as long', () => {
  enter();
  assert.equal(session.say(session.store.current, 'hi'), false);
  assert.match(alerts[0].words, /Still joining/);
  assert.deepEqual(FakeSocket.last.take(), []);
  joined('general');
  assert.deepEqual(alerts, []);
  assert.ok(session.say(session.store.current, 'hi'));
  assert.deepEqual(FakeSocket.last.take(), [['send-message', 'general']]);
});

test('a name that no channel can have is refused in words', () => {
  assert.match(session.join('x'.repeat(65)), /^A channel’s name has at most 64/);
  assert.equal(session.join('tea'), null);
});

test('a channel that could not be joined is gone, and the server’s words say why', () => {
  enter('general');
  session.join('tea');
  answer('join-channel', { action: 'error', code: 'too-many-channels', message: 'the server has 9 channels' });
  assert.equal(session.store.channel('tea'), undefined);
  assert.equal(alerts[0].words, '“tea” could not be joined. The server has 9 channels.');
});

test('a channel that is left is closed at once, and stays so when the connection is lost before the answer', () => {
  enter('general');
  session.leave(session.store.channel('general'));
  assert.deepEqual(FakeSocket.last.take(), [['leave-channel', 'general']]);
  again();
  assert.deepEqual(FakeSocket.last.take(), []);
});

test('a channel that is left before it is joined is left all the same', () => {
  enter();
  session.leave(general());
  assert.deepEqual(FakeSocket.last.take(), [['leave-channel', 'general']]);
  joined('general');
  answer('leave-channel', { action: 'left', channel: 'general' });
  assert.deepEqual(session.store.channels, []);
});

test('a channel that is joined again before the answer to leaving it stays', () => {
  enter('general');
  session.leave(general());
  session.join('general');
  answer('leave-channel', { action: 'left', channel: 'general' });
  joined('general', { seq: 3 });
  assert.ok(general().isJoined);
});

test('a channel that the server has us leave is gone', () => {
  enter('general');
  FakeSocket.last.say({ action: 'left', channel: 'general' });
  assert.deepEqual(session.store.channels, []);
});

test('what is said is on its way until it comes back', async () => {
  enter('general');
  session.say(general(), 'hot');
  assert.deepEqual(general().pending.map(({ text, state }) => [text, state]), [['hot', 'sending']]);
  FakeSocket.last.say(said(2, { sender: ada, ref: asked('send-message').ref }));
  await tick();
  assert.deepEqual(general().pending, []);
  assert.deepEqual(general().items.map(({ text, isOwn }) => [text, isOwn]), [['m2', true]]);
});

test('what is refused says why, and is there to be dropped', async () => {
  enter('general');
  session.say(general(), 'hot');
  answer('send-message', { action: 'error', code: 'rate-limited', message: 'too fast' });
  await tick();
  const [message] = general().pending;
  assert.deepEqual([message.state, message.reason], ['failed', 'Too fast.']);
  session.drop(general(), message);
  assert.deepEqual(general().pending, []);
});

test('what was on its way when the connection was lost shows in what was missed, or may not have been said', async () => {
  enter('general');
  session.say(general(), 'hot');
  session.say(general(), 'cold');
  const [{ ref }] = FakeSocket.last.sent;
  again();
  assert.equal(general().isJoined, false);
  joined('general', { seq: 2, recovered: true, replay: { from: 2, to: 2 } });
  FakeSocket.last.say(said(2, { sender: ada, ref }));
  await tick();
  assert.deepEqual(general().pending.map(({ text, state }) => [text, state]), [['cold', 'failed']]);
  assert.match(general().pending[0].reason, /may have arrived, or not/);
});

test('a private message goes to an id, and one who is gone is known to be', async () => {
  enter('general');
  session.meet(grace);
  const { current } = session.store;
  session.say(current, 'psst');
  assert.deepEqual(FakeSocket.last.take(), [['send-private', 'g']]);
  FakeSocket.last.say({ action: 'send-private', message: 'psst', sender: ada, target: grace, time: 1, ref: asked('send-private').ref });
  await tick();
  assert.deepEqual([current.pending, current.items.length], [[], 1]);
  session.say(current, 'psst');
  answer('send-private', { action: 'error', code: 'no-such-client', message: 'x' });
  await tick();
  assert.ok(current.isGone);
});

test('what is missing is told in its place, by how much', () => {
  enter('general');
  FakeSocket.last.say(said(2), { action: 'gap', channel: 'general', epoch: 1, from: 3, to: 5, reason: 'slow' }, said(6));
  again();
  joined('general', { seq: 1, epoch: 2, recovered: false, reason: 'epoch', replay: { from: 1, to: 1 } });
  FakeSocket.last.say(said(1));
  const items = general().items.map(({ kind, text, count }) => text ?? [kind, count]);
  assert.deepEqual(items, ['m2', ['gap', 3], 'm6', ['restart', undefined], 'm1']);
});

test('one reads back page by page, one at a time, over a reconnection too', async () => {
  enter();
  joined('general', { seq: 9, replay: { from: 9, to: 9 } });
  FakeSocket.last.say(said(9));
  session.readBack(general());
  assert.equal(general().canReadBack, false);
  again();
  joined('general', { seq: 9, recovered: true, replay: { from: 10, to: 9 } });
  const { ref, ...page } = asked('history');
  assert.deepEqual(page, { action: 'history', target: 'general', epoch: 1, before: 9, limit: 100 });
  answer('history', { action: 'history', channel: 'general', epoch: 1, oldest: 1, messages: [said(7), said(8)] });
  await tick();
  assert.deepEqual(general().items.map(({ text }) => text), ['m7', 'm8', 'm9']);
  assert.ok(general().canReadBack);
  session.readBack(general());
  answer('history', { action: 'error', code: 'bad-since', message: 'x' });
  await tick();
  assert.equal(general().canReadBack, false);
});

test('an error that is about no request is told', () => {
  FakeSocket.last.say({ action: 'error', code: 'bad-json', message: 'not JSON' });
  assert.equal(alerts[0].words, 'Not JSON.');
});

test('members are asked for after a sum, at most so often for each channel, and not forgotten meanwhile', async (t) => {
  const timers = [];
  t.mock.method(globalThis, 'setTimeout', (call, wait) => timers.push({ call, wait }));
  enter('general');
  timers.length = 0;
  const channel = general();
  const sum = (seq) => FakeSocket.last.say({ action: 'send-message', target: 'general', event: 'summary', count: 300, seq, time: 1 });
  const list = () => answer('list-members', { action: 'members', channel: 'general', members: [], count: 300 });

  session.refreshMembers(channel, 0);
  assert.deepEqual(FakeSocket.last.take(), []);
  sum(2);
  session.refreshMembers(channel, 0);
  assert.deepEqual(FakeSocket.last.take(), [['list-members', 'general']]);
  list();
  await tick();
  sum(3);
  session.refreshMembers(channel, 1_000);
  assert.deepEqual(FakeSocket.last.take(), []);
  assert.deepEqual(timers.map(({ wait }) => wait), [4_000]);
  const before = changes;
  timers[0].call();
  assert.equal(changes, before + 1);

  const notice = { event: 'left', member: { id: 'g', name: 'Grace', avatar: 'gg' }, message: 'x', seq: 4, time: 1 };
  FakeSocket.last.say({ action: 'send-message', target: 'general', ...notice });
  session.refreshMembers(channel, 5_000);
  assert.deepEqual(FakeSocket.last.take(), [['list-members', 'general']]);
});

test('a token is offered as a subprotocol, beside the one that is spoken, each time', () => {
  assert.deepEqual(FakeSocket.last.protocols, []);
  const other = new Session({ change() {}, connection() {}, alert() {}, settle() {} });
  other.start({ name: 'Ada', email: '', channels: [], current: null, token: 'a.b-c._' });
  for (const _ of [1, 2]) {
    assert.deepEqual(FakeSocket.last.protocols, ['hubbub', 'hubbub.token.a.b-c._']);
    FakeSocket.last.open();
    FakeSocket.last.lose();
    other.retryNow();
  }
  other.end();
});

test('a page connects beside where it came from, and encrypted if it came so', () => {
  const urlAt = (address) => {
    globalThis.location = new URL(address);
    const other = new Session({ change() {}, connection() {}, alert() {}, settle() {} });
    other.start({ name: 'Ada', email: '', channels: [], current: null });
    other.end();
    globalThis.location = new URL('http://chat.example/');
    return FakeSocket.last.url.href;
  };
  assert.equal(urlAt('https://chat.example/'), 'wss://chat.example/ws?name=Ada');
  assert.equal(urlAt('http://chat.example:81/#tea'), 'ws://chat.example:81/ws?name=Ada');
  assert.equal(urlAt('https://example.com/chat/'), 'wss://example.com/chat/ws?name=Ada');
});

test('a page that is not let in is told why, and tries again when it is told to', async (t) => {
  t.mock.method(globalThis, 'fetch', async () => Response.json({ error: { code: 'token-expired', message: 'words' } }, { status: 401 }));
  session.end();
  session.start({ name: 'Ada', email: '', channels: ['general'], current: null, token: 'a.b.c' });
  states.length = 0;
  FakeSocket.last.lose();
  await tick();
  assert.deepEqual(states, [['connecting', 'waiting', undefined], ['waiting', 'refused', 'token-expired']]);
  session.retryNow();
  enter('general');
  assert.ok(session.isConnected);
});
