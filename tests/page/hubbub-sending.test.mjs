// What becomes of what one says or asks through hubbub.js, whatever becomes of the connection.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { message, outcome, Scene } from './support/hub.mjs';

let scene;
let tea;

beforeEach(() => {
  scene = new Scene();
  tea = scene.join('tea');
  scene.welcome('a', { message_bytes: 1_000 });
  scene.joined(3);
});

/** Says something that its connection is lost with; what it promised, and its `ref`. */
function saidAndLost(options) {
  const sent = tea.send('hot', options);
  const { ref } = scene;
  scene.again('b');
  return { sent, ref };
}

function history(messages, more = {}) {
  scene.answer('history', { action: 'history', channel: 'tea', epoch: 1, oldest: 1, messages, ...more });
}

function skipped(from, to) {
  scene.socket.say({ action: 'gap', channel: 'tea', epoch: 1, from, to, reason: 'slow' });
}

test('the copy that comes back is the acknowledgement', async () => {
  const sent = tea.send('hot');
  scene.said(4, { id: 'a', ref: scene.ref });
  assert.deepEqual(await outcome(sent), { seq: 4, epoch: 1 });
});

test('a message of somebody else’s is no acknowledgement, whatever its ref', async () => {
  const sent = tea.send('hot');
  scene.said(4, { id: 'g', ref: scene.ref });
  assert.equal(await outcome(sent), 'pending');
});

test('two hubs have no ref in common', () => {
  tea.send('hot');
  const { ref } = scene;
  const other = new Scene({ random: () => 0.25 });
  other.join('tea');
  other.welcome();
  other.joined(3);
  other.hub.join('tea').send('hot');
  assert.notEqual(other.ref.split('-')[0], ref.split('-')[0]);
});

test('an error refuses what it refers to', async () => {
  const sent = tea.send('hot');
  scene.answer('send-message', { action: 'error', code: 'not-a-member', message: 'words' });
  await assert.rejects(sent, { name: 'HubError', code: 'not-a-member', message: 'words' });
});

test('what the server itself does not know to be said is said again if so wanted', async () => {
  const [once, again] = [tea.send('hot'), tea.send('cold', { retry: true })];
  const [{ ref }, { ref: repeated }] = scene.socket.sent.filter(({ action }) => action === 'send-message');
  scene.asked();
  const unknown = { action: 'error', code: 'unknown', message: 'words' };
  scene.socket.say({ ...unknown, ref }, { ...unknown, ref: repeated });
  assert.equal(await outcome(once), 'unknown');
  assert.deepEqual(scene.asked(), [{ action: 'send-message', target: 'tea', message: 'cold' }]);
  scene.said(4, { id: 'a', ref: repeated });
  assert.deepEqual(await outcome(again), { seq: 4, epoch: 1 });
});

test('an error that refers to nothing is told', () => {
  const errors = [];
  scene.hub.addEventListener('error', ({ detail }) => errors.push(detail.code));
  scene.socket.say({ action: 'error', code: 'bad-json', message: 'words' });
  assert.deepEqual(errors, ['bad-json']);
});

test('a replay acknowledges what was said under an earlier id', async () => {
  const { sent, ref } = saidAndLost();
  scene.joined(5, { recovered: true, replay: { from: 4, to: 5 } });
  scene.said(4, { id: 'a', ref });
  assert.deepEqual(await outcome(sent), { seq: 4, epoch: 1 });
});

test('what the whole replay does not show is unknown, and not before', async () => {
  const { sent } = saidAndLost();
  scene.joined(5, { recovered: true, replay: { from: 4, to: 5 } });
  scene.said(4);
  assert.equal(await outcome(sent), 'pending');
  scene.said(5);
  assert.equal(await outcome(sent), 'unknown');
});

test('what is unknown is said again if so wanted, before what was said later', async () => {
  const { sent, ref } = saidAndLost({ retry: true });
  tea.send('cold');
  scene.joined(4, { recovered: true, replay: { from: 4, to: 4 } });
  assert.equal(scene.asked().length, 1);
  scene.said(4);
  assert.deepEqual(scene.asked().map(({ message: text }) => text), ['hot', 'cold']);
  scene.said(5, { id: 'b', ref });
  assert.deepEqual(await outcome(sent), { seq: 5, epoch: 1 });
});

test('history shows what a gap hid, page by page', async () => {
  const sent = tea.send('hot');
  const { ref } = scene;
  skipped(4, 8);
  scene.said(9);
  history([message(7), message(8), message(9)]);
  assert.equal(await outcome(sent), 'pending');
  assert.deepEqual(scene.socket.sent.at(-1).before, 7);
  history([message(5), message(6, { id: 'a', ref })]);
  assert.deepEqual(await outcome(sent), { seq: 6, epoch: 1 });
});

test('what history does not show either is unknown, once all that it has was heard', async () => {
  const sent = tea.send('hot');
  skipped(4, 8);
  history([message(9)], { oldest: 9 });
  assert.equal(await outcome(sent), 'pending');
  scene.said(9);
  assert.equal(await outcome(sent), 'unknown');
});

test('where history cannot be had, what a gap hid is unknown', async () => {
  const sent = tea.send('hot');
  skipped(4, 8);
  scene.answer('history', { action: 'error', code: 'unavailable', message: 'words' });
  assert.equal(await outcome(sent), 'unknown');
});

test('a gap that hides nothing of one’s own asks for nothing', () => {
  scene.asked();
  skipped(4, 8);
  assert.deepEqual(scene.asked(), []);
});

test('a search that is cut begins again after the next replay', async () => {
  const sent = tea.send('hot');
  const { ref } = scene;
  skipped(4, 8);
  scene.again();
  scene.joined(9, { recovered: true, replay: { from: 9, to: 9 } });
  scene.said(9);
  assert.equal(await outcome(sent), 'pending');
  history([message(8, { id: 'a', ref }), message(9)]);
  assert.deepEqual(await outcome(sent), { seq: 8, epoch: 1 });
});

test('what is said while history is searched waits for its end', async () => {
  const sent = tea.send('hot');
  skipped(4, 4);
  tea.send('cold');
  assert.equal(scene.socket.sent.at(-1).action, 'history');
  history([message(4)]);
  assert.equal(await outcome(sent), 'unknown');
  assert.equal(scene.socket.sent.at(-1).message, 'cold');
});

test('a channel that begins again leaves unknown what its new life does not show', async () => {
  const sent = tea.send('hot');
  scene.socket.say({ action: 'epoch', channel: 'tea', epoch: 2, reason: 'lost' });
  history([], { epoch: 2 });
  assert.equal(await outcome(sent), 'unknown');
});

test('what is said without a connection waits for the channel', async () => {
  scene.socket.lose();
  const sent = tea.send('hot');
  scene.clock.pass(30_000);
  scene.welcome();
  assert.ok(!scene.socket.sent.some(({ action }) => action === 'send-message'));
  scene.joined(3, { recovered: true });
  scene.said(4, { id: 'a', ref: scene.ref });
  assert.deepEqual(await outcome(sent), { seq: 4, epoch: 1 });
});

test('a thousand messages wait at most', async () => {
  scene.socket.lose();
  const waiting = Array.from({ length: 1_000 }, () => tea.send('hot'));
  assert.equal(await outcome(tea.send('hot')), 'queue-full');
  assert.equal(await outcome(scene.hub.sendPrivate('g', 'hot')), 'queue-full');
  assert.equal(await outcome(waiting[999]), 'pending');
  scene.clock.pass(30_000);
  scene.welcome();
  scene.joined(3, { recovered: true });
  scene.socket.lose();
  assert.equal(await outcome(tea.send('hot')), 'pending');
});

test('a mebibyte waits at most, and what is smaller still finds room', async () => {
  scene.socket.lose();
  const large = tea.send('x'.repeat(1_048_000));
  assert.equal(await outcome(tea.send('x'.repeat(600))), 'queue-full');
  assert.equal(await outcome(tea.send('é')), 'pending');
  assert.equal(await outcome(large), 'pending');
});

test('what the server would close the connection for is refused here', async () => {
  scene.asked();
  assert.equal(await outcome(tea.send('x'.repeat(1_000))), 'message-too-large');
  assert.deepEqual(scene.asked(), []);
});

test('half of a pair of surrogates is said as what stands for it', { skip: !''.toWellFormed }, () => {
  tea.send('a\ud800');
  assert.equal(scene.asked().at(-1).message, 'a\ufffd');
});

test('a private message comes back, and is unknown where its connection was lost', async () => {
  const heard = [];
  scene.hub.addEventListener('private', ({ detail }) => heard.push(detail.message));
  const sent = scene.hub.sendPrivate('g', 'psst');
  const copy = { action: 'send-private', message: 'psst', sender: { id: 'a' }, target: { id: 'g' }, time: 1 };
  scene.answer('send-private', copy);
  assert.equal((await sent).message, 'psst');
  assert.deepEqual(heard, ['psst']);
  const lost = scene.hub.sendPrivate('g', 'psst');
  const again = scene.hub.sendPrivate('g', 'psst!', { retry: true });
  scene.again();
  assert.equal(await outcome(lost), 'unknown');
  scene.answer('send-private', copy);
  assert.equal((await again).message, 'psst');
});

test('lists are asked for again after a reconnection', async () => {
  const channels = scene.hub.listChannels();
  const page = tea.history({ before: 3, limit: 2 });
  scene.again();
  scene.answer('list-channels', { action: 'channels', channels: [{ channel: 'tea', count: 1 }], count: 1 });
  assert.deepEqual(await channels, [{ channel: 'tea', count: 1 }]);
  scene.joined(3, { recovered: true });
  assert.deepEqual(scene.socket.sent.at(-1).before, 3);
  history([message(1), message(2)]);
  assert.deepEqual((await page).messages.map(({ seq }) => seq), [1, 2]);
});

test('members come page by page', async () => {
  const all = (async () => {
    const names = [];
    for await (const { name } of tea.allMembers()) names.push(name);
    return names;
  })();
  const members = (names, next) => scene.answer('list-members', { action: 'members', channel: 'tea', count: 3, members: names.map((name) => ({ name })), next });
  members(['Ada', 'Grace'], 'g');
  await outcome(all);
  assert.equal(scene.socket.sent.at(-1).after, 'g');
  members(['Joan']);
  assert.deepEqual(await all, ['Ada', 'Grace', 'Joan']);
});

test('leaving ends once the server agrees; what it left unanswered is unknown, and nothing more can be said', async () => {
  const sent = tea.send('hot');
  const left = tea.leave();
  assert.equal(tea.leave(), left);
  assert.equal(await outcome(tea.send('cold')), 'not-a-member');
  assert.equal(await outcome(left), 'pending');
  scene.answer('leave-channel', { action: 'left', channel: 'tea' });
  assert.equal(await outcome(left), undefined);
  assert.equal(await outcome(sent), 'unknown');
  scene.asked();
  scene.again();
  assert.deepEqual(scene.asked(), []);
});

test('leaving without a connection is done at once', async () => {
  scene.socket.lose();
  const sent = tea.send('hot');
  assert.equal(await outcome(tea.leave()), undefined);
  assert.equal(await outcome(sent), 'not-a-member');
});

test('a connection that is lost while one leaves has left', async () => {
  const left = tea.leave();
  scene.again();
  assert.equal(await outcome(left), undefined);
});

test('a channel that is left before it is joined is left after', async () => {
  const coffee = scene.join('coffee');
  const left = coffee.leave();
  scene.joined(1);
  scene.answer('leave-channel', { action: 'left', channel: 'coffee' });
  assert.equal(await outcome(left), undefined);
});

test('a channel that is joined again while it is being left takes no answer of the old join for its own', () => {
  tea.leave();
  const leave = scene.socket.sent.at(-1);
  scene.join('tea');
  scene.heard.length = 0;
  scene.said(4, { ref: 'old' });
  scene.socket.say({ action: 'left', channel: 'tea', ref: leave.ref });
  scene.said(5);
  assert.deepEqual(scene.numbers(), [4]);
  scene.joined(6);
  scene.said(7);
  assert.deepEqual(scene.numbers(), [7]);
});

test('a channel that cannot be joined says why, and can be tried again', async () => {
  const coffee = scene.join('coffee');
  const sent = coffee.send('hot');
  scene.answer('join-channel', { action: 'error', code: 'too-many-channels', message: 'words' });
  for (const promise of [coffee.ready, sent]) assert.equal(await outcome(promise), 'too-many-channels');
  assert.deepEqual(scene.heard.slice(-2).map(([type, { code }]) => [type, code]), [['error', 'too-many-channels'], ['left', 'too-many-channels']]);
  assert.notEqual(scene.hub.join('coffee'), coffee);
});

test('a join that may succeed in a while is tried again then', () => {
  scene.join('coffee');
  scene.answer('join-channel', { action: 'error', code: 'unavailable', message: 'words' });
  scene.asked();
  scene.clock.pass(1_000);
  assert.deepEqual(scene.asked(), [{ action: 'join-channel', message: 'coffee' }]);
});

test('closing ends all that waits; what is unanswered is unknown', async () => {
  const sent = tea.send('hot');
  const page = tea.history();
  const { socket } = scene;
  scene.hub.close();
  assert.ok(socket.isClosed);
  assert.equal(await outcome(sent), 'unknown');
  assert.equal(await outcome(page), 'closed');
  assert.equal(await outcome(scene.hub.sendPrivate('g', 'psst')), 'closed');
  assert.equal(await outcome(scene.hub.join('coffee').ready), 'closed');
});
