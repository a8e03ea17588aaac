// What hubbub.js makes of what a channel's server says: each message once and in order, or told to be missing.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Scene, message } from './support/hub.mjs';

let scene;

beforeEach(() => {
  scene = new Scene();
});

/** Joined to tea, with numbers up to 3 accounted for. */
function inTea() {
  const tea = scene.join('tea');
  scene.welcome();
  scene.joined(3);
  scene.asked();
  return tea;
}

test('a channel is joined once there is a welcome, with as many of the latest messages as asked for', () => {
  scene.join('tea', { last: 2, members: 5 });
  scene.socket.open();
  assert.deepEqual(scene.asked(), []);
  scene.welcome();
  assert.deepEqual(scene.socket.sent.map(({ ref, ...join }) => join), [{ action: 'join-channel', message: 'tea', last: 2, members: 5 }]);
  scene.joined(9, { replay: { from: 7, to: 9 } });
  for (const seq of [7, 8, 9, 10]) scene.said(seq);
  assert.deepEqual(scene.numbers(), [7, 8, 9, 10]);
});

test('whoever asks for no earlier messages misses none', () => {
  const tea = inTea();
  scene.said(4);
  assert.deepEqual(scene.numbers(), [4]);
  assert.deepEqual([tea.epoch, tea.seq], [1, 4]);
});

test('the same name is the same channel, until it is left', async () => {
  const tea = inTea();
  assert.equal(scene.hub.join('tea'), tea);
  const left = tea.leave();
  assert.notEqual(scene.hub.join('tea'), tea);
  scene.answer('leave-channel', { action: 'left', channel: 'tea' });
  await left;
  assert.equal(tea.state, 'left');
});

test('a message is a message where it has a sender, and else a notice', () => {
  inTea();
  scene.said(4);
  scene.socket.say({ action: 'send-message', target: 'tea', event: 'left', member: {}, message: 'Grace left', seq: 5, time: 5 });
  assert.deepEqual(scene.heard.slice(1).map(([type]) => type), ['message', 'notice']);
});

test('what a program says is passed on as it was said', () => {
  inTea();
  const said = { action: 'send-message', target: 'tea', data: { price: 3 }, sender: { id: 'api:till', name: 'till' }, seq: 4, time: 4 };
  scene.socket.say(said);
  assert.deepEqual(scene.heard.at(-1), ['message', said]);
});

test('who is removed from a channel has left it', () => {
  const tea = inTea();
  scene.socket.say({ action: 'left', channel: 'tea' });
  assert.equal(tea.state, 'left');
});

test('after a reconnection one gets what one has not, and nothing twice', () => {
  inTea();
  scene.said(4);
  scene.again();
  assert.deepEqual(scene.asked(), [{ action: 'join-channel', message: 'tea', since: { epoch: 1, seq: 4 } }]);
});

test('a replay is heard like what is live, and what was had already is dropped', () => {
  inTea();
  scene.said(4);
  scene.again();
  scene.joined(6, { recovered: true, replay: { from: 4, to: 6 } });
  for (const seq of [4, 5, 6, 7, 7]) scene.said(seq);
  assert.deepEqual(scene.numbers(), [4, 5, 6, 7]);
});

test('a replay that is cut is continued where it ended', () => {
  inTea();
  scene.again();
  scene.joined(6, { recovered: true, replay: { from: 4, to: 6 } });
  scene.said(4);
  scene.again();
  assert.deepEqual(scene.asked()[0].since, { epoch: 1, seq: 4 });
});

test('a cut before the first answer asks for the same beginning again', () => {
  scene.join('tea', { last: 2 });
  scene.welcome();
  scene.again();
  assert.equal(scene.asked()[0].last, 2);
});

test('what is kept no longer is a gap before what is', () => {
  inTea();
  scene.again();
  scene.joined(9, { recovered: false, gap: { from: 4, to: 7 }, replay: { from: 8, to: 9 } });
  for (const seq of [8, 9]) scene.said(seq);
  assert.deepEqual(scene.numbers(), ['4-7 trimmed', 8, 9]);
});

test('where nothing is kept the gap reaches to the end', () => {
  inTea();
  scene.again();
  scene.joined(9, { recovered: false, gap: { from: 4, to: 9 } });
  scene.said(10);
  assert.deepEqual(scene.numbers(), ['4-9 trimmed', 10]);
});

test('a hole that a server did not declare is told all the same', () => {
  inTea();
  scene.said(6);
  scene.again();
  scene.joined(9, { recovered: true, replay: { from: 8, to: 9 } });
  scene.said(8);
  assert.deepEqual(scene.numbers(), ['4-5 unexplained', 6, '7-7 trimmed', 8]);
});

test('another life of the channel is told, with what of it is kept no longer', () => {
  inTea();
  scene.again();
  scene.joined(4, { epoch: 2, recovered: false, reason: 'epoch', replay: { from: 3, to: 4 } });
  for (const seq of [3, 4]) scene.said(seq);
  assert.deepEqual(scene.heard.find(([type]) => type === 'epoch')[1], { epoch: 2, reason: 'epoch', before: { epoch: 1, seq: 3 } });
  assert.deepEqual(scene.numbers(), ['epoch 2 epoch', '1-2 trimmed', 3, 4]);
});

test('a server that does not know our numbers yet begins again with its own', () => {
  inTea();
  scene.again();
  scene.joined(1, { recovered: false, reason: 'future' });
  for (const seq of [2, 3]) scene.said(seq);
  assert.deepEqual(scene.numbers(), ['epoch 1 future', 2, 3]);
});

test('a gap that stands among the messages is told in its place, less what one has', () => {
  inTea();
  const gap = (more) => scene.socket.say({ action: 'gap', channel: 'tea', epoch: 1, ...more });
  gap({ from: 2, to: 5, reason: 'slow' });
  scene.said(6);
  gap({ from: 5, to: 6, reason: 'slow' });
  gap({ from: 7, to: 9, reason: 'trimmed', epoch: 0 });
  gap({ from: 8, to: 9, reason: 'trimmed' });
  assert.deepEqual(scene.numbers(), ['4-5 slow', 6, '7-9 trimmed']);
});

test('a channel that begins again under its members is told before its first message', () => {
  inTea();
  scene.socket.say({ action: 'epoch', channel: 'tea', epoch: 2, reason: 'lost' }, message(1));
  assert.deepEqual(scene.numbers(), ['epoch 2 lost', 1]);
  scene.again();
  assert.deepEqual(scene.asked()[0].since, { epoch: 2, seq: 1 });
});

test('a server without logs leaves gaps that are told', () => {
  inTea();
  scene.again();
  scene.joined(6, { oldest: undefined });
  scene.again();
  scene.joined(1, { oldest: undefined, epoch: 2 });
  assert.deepEqual(scene.numbers(), ['4-6 trimmed', 'epoch 2 epoch', '1-1 trimmed']);
});

test('what the old connection still says is not heard', () => {
  inTea();
  const old = scene.socket;
  scene.again();
  old.say(message(4));
  scene.joined(4, { recovered: true, replay: { from: 4, to: 4 } });
  old.say(message(4));
  assert.deepEqual(scene.numbers(), []);
});

test('what comes for a channel that is not joined is not heard', () => {
  inTea();
  scene.said(1, { target: 'coffee' });
  scene.again();
  scene.said(4);
  assert.deepEqual(scene.numbers(), []);
});

test('one who leaves on hearing something hears nothing more once the server agrees', () => {
  const tea = inTea();
  tea.addEventListener('message', () => tea.leave());
  scene.socket.say(message(4), message(5));
  scene.answer('leave-channel', { action: 'left', channel: 'tea' });
  scene.said(6);
  assert.deepEqual(scene.numbers(), [4, 5]);
  assert.deepEqual(scene.heard, []);
});

test('whoever closes the hub on hearing something hears nothing more, even in the same frame', () => {
  const tea = inTea();
  tea.addEventListener('message', () => scene.hub.close());
  scene.socket.say(message(4), message(5));
  assert.deepEqual(scene.numbers(), [4]);
});
