// What the page asks of the server, and when.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Session } from '../../src/page/session.js';
import { FakeSocket } from './support/socket.mjs';

const welcome = { action: 'welcome', client: { id: 'a', name: 'Ada', avatar: 'aa' }, limits: {} };
const joined = (channel, more = {}) => ({ action: 'joined', channel, members: [], count: 1, seq: 1, epoch: 1, ...more });
let session;
let alerts;
let changes;

FakeSocket.install();

beforeEach(() => {
  alerts = [];
  changes = 0;
  session = new Session({
    change: () => { changes += 1; },
    connection: () => {},
    alert: (words, kind) => alerts.push({ words, kind }),
    settle: (kind) => { alerts = alerts.filter((alert) => alert.kind !== kind); },
  });
  session.start({ name: 'Ada', email: '', channels: ['general'], current: 'general' });
});

afterEach(() => session.end());

function enter(...channels) {
  FakeSocket.last.open();
  FakeSocket.last.say(welcome, ...channels.map((channel) => joined(channel)));
  FakeSocket.last.take();
}

test('the page is connected once it is welcome, and joins then', () => {
  FakeSocket.last.open();
  assert.ok(!session.isConnected);
  FakeSocket.last.say(welcome);
  assert.ok(session.isConnected);
  assert.deepEqual(FakeSocket.last.take(), [['join-channel', 'general']]);
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
  FakeSocket.last.say(joined('general'));
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
  const [{ ref }] = FakeSocket.last.sent;
  FakeSocket.last.say({ action: 'error', code: 'too-many-channels', message: 'the server has 9 channels', ref });
  assert.equal(session.store.channel('tea'), undefined);
  assert.equal(alerts[0].words, '“tea” could not be joined. The server has 9 channels.');
});

test('a message of somebody else’s is no answer to one’s own request, whatever its ref', () => {
  enter('general');
  session.join('tea');
  const [{ ref }] = FakeSocket.last.sent;
  const sender = { id: 'g', name: 'Grace' };
  FakeSocket.last.say({ action: 'send-message', target: 'general', message: 'hi', sender, seq: 2, time: 1, ref });
  FakeSocket.last.say({ action: 'error', code: 'bad-name', message: 'no', ref });
  assert.equal(session.store.channel('tea'), undefined);
});

test('a channel that is left is closed at once, and stays so when the connection is lost before the answer', () => {
  enter('general');
  session.leave(session.store.channel('general'));
  assert.deepEqual(FakeSocket.last.take(), [['leave-channel', 'general']]);
  FakeSocket.last.lose();
  session.connection.retryNow();
  FakeSocket.last.open();
  FakeSocket.last.say(welcome);
  assert.deepEqual(FakeSocket.last.take(), []);
});

test('a channel that is left before it is joined is left when it is', () => {
  enter();
  session.leave(session.store.channel('general'));
  assert.deepEqual(FakeSocket.last.take(), []);
  FakeSocket.last.say(joined('general'));
  assert.deepEqual(FakeSocket.last.take(), [['leave-channel', 'general']]);
  assert.deepEqual(session.store.channels, []);
});

test('a channel that is joined again before the answer to leaving it stays', () => {
  enter('general');
  session.leave(session.store.channel('general'));
  session.join('general');
  FakeSocket.last.say({ action: 'left', channel: 'general' }, joined('general', { seq: 3 }));
  assert.ok(session.store.channel('general').isJoined);
});

test('members are asked for after a sum, at most so often for each channel, and not forgotten meanwhile', (t) => {
  const timers = [];
  t.mock.method(globalThis, 'setTimeout', (call, wait) => timers.push({ call, wait }));
  enter('general');
  timers.length = 0;
  const general = session.store.channel('general');
  const sum = (seq) => FakeSocket.last.say({ action: 'send-message', target: 'general', event: 'summary', count: 300, seq, time: 1 });
  const list = () => FakeSocket.last.say({ action: 'members', channel: 'general', members: [], count: 300 });

  session.refreshMembers(general, 0);
  assert.deepEqual(FakeSocket.last.take(), []);
  sum(2);
  session.refreshMembers(general, 0);
  assert.deepEqual(FakeSocket.last.take(), [['list-members', 'general']]);
  list();
  sum(3);
  session.refreshMembers(general, 1_000);
  assert.deepEqual(FakeSocket.last.take(), []);
  assert.deepEqual(timers.map(({ wait }) => wait), [4_000]);
  const before = changes;
  timers[0].call();
  assert.equal(changes, before + 1);

  const notice = { event: 'left', member: { id: 'g', name: 'Grace', avatar: 'gg' }, message: 'x', seq: 4, time: 1 };
  FakeSocket.last.say({ action: 'send-message', target: 'general', ...notice });
  session.refreshMembers(general, 5_000);
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
    other.connection.retryNow();
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

test('a page that is not let in asks why, and stops if it will be the same again', async (t) => {
  const asked = [];
  let answer;
  t.mock.method(globalThis, 'fetch', async (url, { headers }) => {
    asked.push([url.href, headers]);
    return answer();
  });
  const refused = (status, code) => () => Response.json({ error: { code, message: 'words' } }, { status });
  const states = [];
  const other = new Session({ change() {}, connection: (state) => states.push(state), alert() {}, settle() {} });
  answer = refused(401, 'token-expired');
  other.start({ name: 'Ada', email: '', channels: [], current: null, token: 'a.b.c' });
  const fail = async () => {
    FakeSocket.last.lose();
    await new Promise(setImmediate);
    return states.at(-1);
  };

  const { phase, refusal } = await fail();
  assert.deepEqual([phase, refusal], ['refused', { code: 'token-expired', message: 'words', isFinal: true }]);
  const address = 'http://chat.example/ws?name=Ada&origin=http%3A%2F%2Fchat.example';
  assert.deepEqual(asked, [[address, { authorization: 'Bearer a.b.c' }]]);

  for (const [status, code, isLast] of [[403, 'origin-not-allowed', true], [426, 'upgrade-required', false], [429, 'too-many-connections', false]]) {
    answer = refused(status, code);
    other.connection.retryNow();
    const state = await fail();
    assert.deepEqual([state.phase, state.refusal.code], [isLast ? 'refused' : 'waiting', code]);
  }
  answer = () => { throw new TypeError('no server'); };
  other.connection.retryNow();
  assert.deepEqual([(await fail()).phase, states.at(-1).refusal], ['waiting', null]);
  other.end();
});
