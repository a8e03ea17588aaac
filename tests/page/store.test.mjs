// What the page knows after what the server said.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { CHARS_MAX, ITEMS_MAX } from '../../src/page/state/conversation.js';
import { PEOPLE_MAX, Store } from '../../src/page/state/store.js';

const ada = { id: 'a', name: 'Ada', avatar: 'aa' };
const grace = { id: 'g', name: 'Grace', avatar: 'gg' };
const errors = [];
let store;

beforeEach(() => {
  errors.length = 0;
  store = new Store((error) => errors.push(error));
  store.receive({ action: 'welcome', client: ada, server: {}, limits: { message_bytes: 100 } });
  joined('general', 1);
});

function joined(channel, seq, epoch = 1) {
  store.open(channel, false);
  store.receive({ action: 'joined', channel, members: [ada, grace], count: 2, seq, epoch }, 0);
}

const say = (target, seq, more = {}) =>
  store.receive({ action: 'send-message', message: `m${seq}`, target, sender: grace, seq, time: seq, ...more });
const items = (name) => store.channel(name).items.map(({ kind, text }) => text ?? kind);

test('a message is in its channel, with the picture of its sender', () => {
  say('general', 2);
  assert.deepEqual(store.channel('general').items, [
    { kind: 'message', sender: grace, avatar: 'gg', isOwn: false, text: 'm2', time: 2 },
  ]);
});

test('what is heard elsewhere is unread until one turns to it', () => {
  joined('tea', 1);
  say('general', 2);
  say('tea', 2);
  say('tea', 3);
  assert.equal(store.channel('general').unread, 0);
  assert.equal(store.channel('tea').unread, 2);
  assert.equal(store.unread, 2);
  store.turnTo(store.channel('tea'));
  assert.equal(store.unread, 0);
  assert.equal(store.channel('tea').unreadFrom, 0);
});

test('what is heard while the page is out of sight is unread', () => {
  store.show(false);
  say('general', 2);
  assert.equal(store.unread, 1);
  store.show(true);
  assert.equal(store.unread, 0);
});

test('notices and own messages are not unread', () => {
  joined('tea', 1);
  say('tea', 2, { sender: ada });
  store.receive({ action: 'send-message', target: 'tea', event: 'left', member: grace, message: 'x', seq: 3, time: 3 });
  assert.equal(store.unread, 0);
  assert.deepEqual([...store.channel('tea').members.keys()], ['a']);
  assert.equal(store.channel('tea').count, 1);
});

test('a message that was shown before is not shown again', () => {
  say('general', 2);
  say('general', 2);
  assert.deepEqual(items('general'), ['m2']);
});

test('messages missed while away are told of, once', () => {
  say('general', 2);
  store.disconnect();
  store.receive({ action: 'welcome', client: { ...ada, id: 'b' } });
  joined('general', 5);
  say('general', 6);
  assert.deepEqual(items('general'), ['m2', 'gap', 'm6']);
});

test('a channel that began again is told of, and its numbers count anew', () => {
  say('general', 9);
  const before = items('general');
  store.disconnect();
  joined('general', 1, 2);
  say('general', 2);
  assert.deepEqual(items('general'), [...before, 'gap', 'm2']);
});

test('nothing is told where nothing was missed', () => {
  say('general', 2);
  joined('general', 2);
  assert.deepEqual(items('general'), ['m2']);
});

test('own messages are known by every id that one had', () => {
  store.receive({ action: 'welcome', client: { ...ada, id: 'b' } });
  say('general', 2, { sender: ada });
  assert.ok(store.channel('general').items[0].isOwn);
});

test('an echo settles the message that it answers, another one of the same ref does not', () => {
  const general = store.channel('general');
  general.pending.push({ ref: '1', text: 'hi', state: 'sending' });
  say('general', 2, { ref: '1' });
  assert.equal(general.pending.length, 1);
  say('general', 3, { ref: '1', sender: ada });
  assert.equal(general.pending.length, 0);
});

test('an error with a ref is about that message, without one about the page', () => {
  const general = store.channel('general');
  general.pending.push({ ref: '1', text: 'hi', state: 'sending' });
  store.receive({ action: 'error', code: 'not-a-member', message: 'x', ref: '1' });
  assert.equal(general.pending[0].state, 'failed');
  assert.deepEqual(errors, []);
  store.receive({ action: 'error', code: 'bad-json', message: 'y' });
  assert.equal(errors[0].code, 'bad-json');
});

test('a message on its way when the connection is lost is given back', () => {
  const general = store.channel('general');
  general.pending.push({ ref: '1', text: 'hi', state: 'sending' });
  store.disconnect();
  assert.equal(general.pending[0].state, 'failed');
});

test('private messages are filed by the other one', () => {
  const said = { action: 'send-private', message: 'psst', time: 1 };
  store.receive({ ...said, sender: grace, target: ada });
  store.receive({ ...said, sender: ada, target: grace });
  assert.deepEqual(store.people.map(({ name, items: { length }, unread }) => [name, length, unread]), [['Grace', 2, 1]]);
});

test('a person who is gone is known to be', () => {
  const person = store.meet(grace);
  person.pending.push({ ref: '1', text: 'hi', state: 'sending' });
  store.receive({ action: 'error', code: 'no-such-client', message: 'x', ref: '1' });
  assert.ok(person.isGone);
});

test('a summary counts, and says that the list of members grows stale', () => {
  store.receive({ action: 'send-message', target: 'general', event: 'summary', message: '3 joined', joined: 3, left: 0, count: 250, seq: 2, time: 2 });
  assert.equal(store.channel('general').count, 250);
  assert.ok(store.channel('general').isStale);
});

test('who leaves is no longer counted, listed or not, but not twice', () => {
  const general = store.channel('general');
  const left = (id, seq) => store.receive({ action: 'send-message', target: 'general', event: 'left', member: { ...grace, id }, message: 'x', seq, time: seq });
  left('unlisted', 2);
  assert.equal(general.count, 2);
  general.count = 10;
  left('unlisted', 3);
  assert.equal(general.count, 9);
  left('g', 4);
  assert.equal(general.count, 8);
});

test('a channel that is left gives way to the next', () => {
  joined('tea', 1);
  store.receive({ action: 'left', channel: 'general' });
  assert.equal(store.current, store.channel('tea'));
  store.receive({ action: 'left', channel: 'tea' });
  assert.equal(store.current, null);
});

test('a conversation keeps a bounded number of items, by numbers that do not change', () => {
  for (let seq = 2; seq < 10_002; seq += 1) say('general', seq);
  const general = store.channel('general');
  assert.ok(general.items.length >= ITEMS_MAX && general.items.length <= ITEMS_MAX * 1.1);
  assert.equal(general.end, 10_000);
  assert.equal(general.item(9_999).text, 'm10001');
});

test('a conversation keeps a bounded number of characters', () => {
  const message = 'x'.repeat(60_000);
  for (let seq = 2; seq < 102; seq += 1) say('general', seq, { message });
  const { items: kept, end } = store.channel('general');
  assert.equal(end, 100);
  const chars = kept.length * message.length;
  assert.ok(chars > CHARS_MAX / 2 && chars <= CHARS_MAX * 1.1, `${chars} characters`);
});

test('strangers begin a bounded number of conversations, which end none that one is having', () => {
  const stranger = (id) => ({ action: 'send-private', message: 'psst', sender: { id: `s${id}`, name: 'S' }, target: ada, time: id });
  const written = store.meet(grace);
  written.draft = 'dear Grace';
  store.receive(stranger(0));
  store.turnTo(store.people[1]);
  for (let id = 1; id < 1_000; id += 1) store.receive(stranger(id));
  assert.equal(store.people.length, PEOPLE_MAX);
  assert.deepEqual(store.people.slice(0, 2), [written, store.current]);
  assert.equal(store.people.at(-1).id, 's999');
});

test('what is not known is ignored', () => {
  store.receive({ action: 'weather', target: 'general', message: 'rain' });
  say('elsewhere', 1);
  assert.deepEqual(items('general'), []);
});

test('names of the language’s own make ordinary channels', () => {
  joined('__proto__', 1);
  joined('constructor', 1);
  say('__proto__', 2);
  assert.deepEqual(items('__proto__'), ['m2']);
});
