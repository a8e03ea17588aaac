// What the page knows after what the server said.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { CHARS_MAX, ITEMS_MAX } from '../../src/page/state/conversation.js';
import { PEOPLE_MAX, Store } from '../../src/page/state/store.js';

const ada = { id: 'a', name: 'Ada', avatar: 'aa' };
const grace = { id: 'g', name: 'Grace', avatar: 'gg' };
let store;

beforeEach(() => {
  store = new Store((id) => id === 'a' || id === 'earlier');
  joined('general', 1);
});

function joined(name, seq, more = {}) {
  const channel = store.channel(name) ?? store.open(name, false);
  store.join(channel, { members: [ada, grace], count: 2, seq, epoch: 1, oldest: 1, ...more });
  return channel;
}

const said = (seq, more) => ({ message: `m${seq}`, sender: grace, seq, time: seq, ...more });
const say = (name, seq, more = {}) => store.hear(store.channel(name), said(seq, more));
const note = (name, event, seq, more) => store.note(store.channel(name), { event, member: grace, message: 'x', seq, time: seq, ...more });
const items = (name) => store.channel(name).items.map(({ kind, text, count }) => text ?? [kind, count]);

test('a message is in its channel, with the picture of its sender', () => {
  say('general', 2);
  assert.deepEqual(store.channel('general').items, [
    { kind: 'message', sender: grace, avatar: 'gg', isOwn: false, text: 'm2', epoch: 1, seq: 2, time: 2 },
  ]);
});

test('what a program says to programs is shown as the JSON that it is', () => {
  say('general', 2, { message: undefined, data: { order: [1, null, '<b>'] } });
  say('general', 3, { message: undefined, data: null });
  assert.deepEqual(items('general'), ['{"order":[1,null,"<b>"]}', 'null']);
  store.whisper({ data: false, time: 1, sender: grace, target: ada });
  assert.equal(store.people[0].items[0].text, 'false');
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
  note('tea', 'left', 3);
  assert.equal(store.unread, 0);
  assert.deepEqual([...store.channel('tea').members.keys()], ['a']);
  assert.equal(store.channel('tea').count, 1);
});

test('how much is missing stands where it would have been', () => {
  say('general', 2);
  store.channel('general').miss({ epoch: 1, from: 3, to: 5 });
  say('general', 6);
  assert.deepEqual(items('general'), ['m2', ['gap', 3], 'm6']);
});

test('a channel that began again is told of, and what it had before can be read back no more', () => {
  const general = joined('tea', 9, { replay: { from: 8, to: 9 } });
  for (const seq of [8, 9]) say('tea', seq);
  assert.equal(general.older, 'kept');
  joined('tea', 1, { epoch: 2 });
  general.restart({ epoch: 2 });
  say('tea', 1);
  assert.deepEqual(items('tea'), ['m8', 'm9', ['restart', undefined], 'm1']);
  assert.equal(general.older, 'gone');
});

test('what was said before one came is nothing new, what was missed since is', () => {
  const tea = joined('tea', 9, { replay: { from: 8, to: 9 } });
  for (const seq of [8, 9]) say('tea', seq);
  assert.deepEqual([tea.unread, tea.received, tea.items.length], [0, 0, 2]);
  joined('tea', 11, { replay: { from: 10, to: 11 } });
  for (const seq of [10, 11]) say('tea', seq);
  assert.equal(tea.unread, 2);
  joined('tea', 2, { epoch: 2, replay: { from: 1, to: 2 } });
  tea.restart({ epoch: 2 });
  say('tea', 1);
  assert.equal(tea.unread, 3);
});

test('who came and went before the list of members was made is in it already', () => {
  const tea = joined('tea', 9, { replay: { from: 7, to: 9 } });
  note('tea', 'left', 7);
  note('tea', 'joined', 8, { member: { id: 'j', name: 'Joan', avatar: 'jj' } });
  note('tea', 'summary', 9, { member: undefined, count: 300 });
  assert.deepEqual([[...tea.members.keys()], tea.count, tea.isStale], [['a', 'g'], 2, false]);
  note('tea', 'left', 10);
  assert.deepEqual([[...tea.members.keys()], tea.count], [['a'], 1]);
});

test('own messages are known by every id that one had', () => {
  say('general', 2, { sender: { id: 'earlier', name: 'Ada' } });
  assert.ok(store.channel('general').items[0].isOwn);
});

test('private messages are filed by the other one', () => {
  const psst = { message: 'psst', time: 1 };
  store.whisper({ ...psst, sender: grace, target: ada });
  store.whisper({ ...psst, sender: ada, target: grace });
  assert.deepEqual(store.people.map(({ name, items: { length }, unread }) => [name, length, unread]), [['Grace', 2, 1]]);
});

test('a summary counts, and says that the list of members grows stale', () => {
  note('general', 'summary', 2, { member: undefined, count: 250 });
  assert.equal(store.channel('general').count, 250);
  assert.ok(store.channel('general').isStale);
});

test('who leaves is no longer counted, listed or not, but not twice', () => {
  const general = store.channel('general');
  const left = (id, seq) => note('general', 'left', seq, { member: { ...grace, id } });
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
  store.close(store.channel('general'));
  assert.equal(store.current, store.channel('tea'));
  store.close(store.channel('tea'));
  assert.equal(store.current, null);
});

test('a conversation keeps a bounded number of items, by numbers that do not change', () => {
  for (let seq = 2; seq < 10_002; seq += 1) say('general', seq);
  const general = store.channel('general');
  assert.ok(general.items.length >= ITEMS_MAX && general.items.length <= ITEMS_MAX * 1.1);
  assert.equal(general.end, 10_000);
  assert.equal(general.item(9_999).text, 'm10001');
  assert.equal(general.older, 'dropped');
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
  const stranger = (id) => ({ message: 'psst', sender: { id: `s${id}`, name: 'S' }, target: ada, time: id });
  const written = store.meet(grace);
  written.draft = 'dear Grace';
  store.whisper(stranger(0));
  store.turnTo(store.people[1]);
  for (let id = 1; id < 1_000; id += 1) store.whisper(stranger(id));
  assert.equal(store.people.length, PEOPLE_MAX);
  assert.deepEqual(store.people.slice(0, 2), [written, store.current]);
  assert.equal(store.people.at(-1).id, 's999');
});

test('names of the language’s own make ordinary channels', () => {
  joined('__proto__', 1);
  joined('constructor', 1);
  say('__proto__', 2);
  assert.deepEqual(items('__proto__'), ['m2']);
});

/** One who came to tea when it had a hundred messages, and sees the last ten. */
function lateToTea() {
  const tea = joined('tea', 100, { oldest: 51, replay: { from: 91, to: 100 } });
  assert.ok(!tea.canReadBack, 'not before what was asked for is there');
  for (let seq = 91; seq <= 100; seq += 1) say('tea', seq);
  return tea;
}

function page(from, to, more = {}) {
  return { epoch: 1, oldest: 51, messages: Array.from({ length: to - from + 1 }, (_, index) => said(from + index)), ...more };
}

test('what is read back stands before the rest, by numbers that do not change', () => {
  const tea = lateToTea();
  assert.ok(tea.canReadBack);
  assert.equal(tea.before, 91);
  store.readBack(tea, 91, page(71, 90));
  assert.deepEqual([tea.first, tea.end, tea.item(0).text, tea.item(-20).text], [-20, 10, 'm91', 'm71']);
  assert.deepEqual([tea.before, tea.older, tea.unread, tea.received], [71, 'kept', 0, 0]);
  store.readBack(tea, 71, page(51, 70));
  assert.deepEqual(tea.items.map(({ seq }) => seq), Array.from({ length: 50 }, (_, index) => 51 + index));
  assert.ok(!tea.canReadBack);
  assert.equal(tea.older, 'gone');
});

test('who has read back to the first message of all misses nothing', () => {
  const tea = joined('tea', 2, { replay: { from: 2, to: 2 } });
  say('tea', 2);
  store.readBack(tea, 2, page(1, 1, { oldest: 1 }));
  assert.equal(tea.older, null);
});

test('who sees nothing of what was said can read back too', () => {
  const tea = joined('tea', 100, { oldest: 51, replay: { from: 101, to: 100 } });
  assert.deepEqual([tea.canReadBack, tea.before], [true, 101]);
  assert.equal(joined('coffee', 100, { oldest: undefined }).canReadBack, false);
});

test('members who read back come and go no more', () => {
  const tea = lateToTea();
  store.readBack(tea, 91, page(90, 90, { messages: [{ event: 'left', member: grace, message: 'x', seq: 90, time: 90 }] }));
  assert.deepEqual([tea.items[0].event, tea.count, tea.members.size], ['left', 2, 2]);
});

test('a page that no longer fits is not taken in, and one that is empty or failed is the last until one joins anew', () => {
  const tea = lateToTea();
  for (const [before, wrong] of [[81, page(71, 80)], [91, page(81, 90, { epoch: 2 })], [91, page(91, 90)], [91, null]]) {
    store.readBack(tea, before, wrong);
    assert.deepEqual([tea.items.length, tea.canReadBack, tea.older], [10, false, 'gone']);
    joined('tea', 100, { oldest: 51, replay: { from: 101, to: 100 } });
    assert.ok(tea.canReadBack);
  }
});

test('one reads back as far as the bounds of a conversation', () => {
  const tea = joined('tea', 10_000, { replay: { from: 10_000, to: 10_000 } });
  say('tea', 10_000);
  for (let { before } = tea; tea.canReadBack; { before } = tea) store.readBack(tea, before, page(before - 300, before - 1, { oldest: 1 }));
  assert.deepEqual([tea.items.length, tea.item(0).seq, tea.items[0].seq], [ITEMS_MAX, 10_000, 10_001 - ITEMS_MAX]);
  assert.equal(tea.older, 'dropped');

  const long = joined('long', 100, { replay: { from: 101, to: 100 } });
  const message = 'x'.repeat(60_000);
  for (let { before } = long; long.canReadBack; { before } = long) {
    store.readBack(long, before, page(before - 1, before - 1, { oldest: 1, messages: [said(before - 1, { message })] }));
  }
  assert.equal(long.items.length, Math.floor(CHARS_MAX / message.length));
  assert.equal(long.older, 'dropped');
});
