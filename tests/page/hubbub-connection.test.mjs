// How hubbub.js keeps its connection: again and again, and not while a page sleeps.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { connect } from '../../src/page/hubbub.js';
import { outcome, Scene, tick } from './support/hub.mjs';
import { FakeSocket } from './support/socket.mjs';

let scene;

/** A browser, as far as a hub sees it. */
beforeEach(() => {
  const window = new EventTarget();
  globalThis.addEventListener = window.addEventListener.bind(window);
  globalThis.dispatchEvent = window.dispatchEvent.bind(window);
  globalThis.document = new EventTarget();
  globalThis.location = new URL('https://chat.example/page/');
  scene = new Scene();
});

afterEach(() => {
  for (const name of ['addEventListener', 'dispatchEvent', 'document', 'location']) delete globalThis[name];
});

const happens = (type, where = globalThis) => where.dispatchEvent(new Event(type));

test('the states of a connection are told', () => {
  const told = [];
  scene.hub.addEventListener('state', ({ detail }) => told.push(detail));
  assert.equal(scene.hub.state, 'connecting');
  scene.welcome();
  scene.socket.lose();
  scene.clock.pass(500);
  scene.hub.close();
  assert.deepEqual(told, [
    { state: 'connected' },
    { state: 'waiting', code: 1006, retryAt: 500 },
    { state: 'connecting' },
    { state: 'closed' },
  ]);
});

test('who one is and was is known from the welcomes', () => {
  scene.welcome('a');
  scene.again('b');
  assert.equal(scene.hub.client.id, 'b');
  assert.ok(scene.hub.isOwn('a') && scene.hub.isOwn('b') && !scene.hub.isOwn('c'));
});

test('waits grow while connections fail, and are short again after one that held', () => {
  const waits = () => {
    const { socket } = scene;
    socket.lose();
    let waited = 0;
    while (scene.socket === socket) {
      scene.clock.pass(500);
      waited += 500;
    }
    return waited;
  };
  assert.deepEqual([waits(), waits(), waits()], [500, 1_000, 2_000]);
  scene.welcome();
  scene.clock.pass(10_000);
  assert.equal(waits(), 500);
});

test('a server that says nothing is given up, and so is one that speaks something else', () => {
  const { socket: silent } = scene;
  silent.open();
  scene.clock.pass(20_500);
  assert.ok(silent.isClosed);
  assert.notEqual(scene.socket, silent);
  const { socket } = scene;
  socket.dispatchEvent(Object.assign(new Event('message'), { data: 'hello' }));
  assert.ok(socket.isClosed);
  assert.equal(scene.hub.state, 'waiting');
});

test('one who does not want to wait connects at once', () => {
  scene.socket.lose();
  const { socket } = scene;
  scene.hub.retryNow();
  assert.notEqual(scene.socket, socket);
});

test('a handshake that fails is tried again, with a close after the error or none', () => {
  scene.socket.dispatchEvent(new Event('error'));
  assert.equal(scene.hub.state, 'waiting');
  const { socket } = scene;
  socket.lose();
  scene.clock.pass(499);
  assert.equal(scene.socket, socket);
  scene.clock.pass(1);
  assert.notEqual(scene.socket, socket);
});

const refused = (status, code) => async () => Response.json({ error: { code, message: 'words' } }, { status });

test('one who is not let in asks why, with the token, and tries no more if it will be the same again', async () => {
  for (const [status, code] of [[401, 'token-expired'], [403, 'origin-not-allowed']]) {
    const asked = [];
    const fetch = (url, { headers }) => {
      asked.push([url.href, headers]);
      return refused(status, code)();
    };
    scene = new Scene({ token: 'a.b.c', fetch });
    const { socket } = scene;
    socket.lose();
    await tick();
    scene.clock.pass(60_000);
    assert.equal(scene.socket, socket);
    assert.equal(scene.hub.state, 'refused');
    const address = 'http://chat.example/ws?name=Ada&origin=https%3A%2F%2Fchat.example';
    assert.deepEqual(asked, [[address, { authorization: 'Bearer a.b.c' }]]);
    scene.hub.retryNow();
    assert.notEqual(scene.socket, socket);
    scene.welcome();
    assert.equal(scene.hub.state, 'connected');
  }
});

test('what waits for one who is not let in is refused with the same code, and can be asked again later', async () => {
  scene = new Scene({ fetch: refused(401, 'token-missing') });
  const tea = scene.join('tea');
  const ask = () => [scene.hub.join('tea').ready, scene.hub.join('coffee').ready, tea.send('hot'), scene.hub.listChannels()];
  const waiting = Promise.all(ask().map(outcome));
  scene.socket.lose();
  await tick();
  const late = Promise.all(ask().map(outcome));
  assert.deepEqual([...await waiting, ...await late], Array(8).fill('token-missing'));
  scene.hub.retryNow();
  scene.welcome();
  const sent = tea.send('hot');
  const { ref } = scene.socket.sent.find(({ message }) => message === 'tea');
  scene.socket.say({ action: 'joined', channel: 'tea', members: [], count: 1, seq: 3, epoch: 1, oldest: 1, ref });
  scene.said(4, { id: 'a', ref: scene.ref });
  assert.deepEqual(await outcome(sent), { seq: 4, epoch: 1 });
});

test('a refusal that may pass is told, and tried again; one of an earlier attempt is not', async () => {
  const told = [];
  let answer = refused(429, 'too-many-connections');
  scene = new Scene({ fetch: () => answer() });
  scene.hub.addEventListener('state', ({ detail: { state, refusal } }) => told.push([state, refusal?.code]));
  scene.socket.lose();
  await tick();
  assert.deepEqual(told.splice(0), [['waiting', undefined], ['waiting', 'too-many-connections']]);
  answer = refused(401, 'token-expired');
  scene.clock.pass(500);
  scene.socket.lose();
  scene.hub.retryNow();
  await tick();
  assert.deepEqual(told.splice(0), [['connecting', undefined], ['waiting', undefined], ['connecting', undefined]]);
  scene.welcome();
  scene.socket.lose();
  await tick();
  assert.deepEqual(told, [['connected', undefined], ['waiting', undefined]]);
});

test('a closed hub stays closed, whatever happens', () => {
  scene.welcome();
  const { socket } = scene;
  scene.hub.close();
  scene.clock.pass(60_000);
  for (const type of ['pagehide', 'pageshow', 'online']) happens(type);
  happens('resume', document);
  scene.hub.retryNow();
  assert.equal(scene.socket, socket);
  assert.equal(scene.hub.state, 'closed');
});

test('a page that is hidden away closes its socket, and recovers when it is shown', () => {
  scene.join('tea');
  scene.welcome();
  scene.joined(3);
  const { socket } = scene;
  happens('pagehide');
  assert.ok(socket.isClosed);
  socket.lose();
  scene.clock.pass(600_000);
  happens('online');
  assert.equal(scene.hub.state, 'asleep');
  assert.equal(scene.socket, socket);
  happens('pageshow');
  scene.welcome();
  assert.deepEqual(scene.asked()[0].since, { epoch: 1, seq: 3 });
});

test('a page that is shown for the first time keeps its connection', () => {
  const { socket } = scene;
  happens('pageshow');
  assert.equal(scene.socket, socket);
});

test('a page that was frozen, or whose network changed, connects anew and recovers', () => {
  scene.join('tea');
  scene.welcome();
  scene.joined(3);
  for (const [type, where] of [['resume', document], ['online', globalThis]]) {
    const { socket } = scene;
    happens(type, where);
    assert.ok(socket.isClosed);
    scene.welcome();
    assert.deepEqual(scene.asked()[0].since, { epoch: 1, seq: 3 });
  }
});

test('a channel that is asked for on hearing of the connection is joined once', () => {
  scene.hub.addEventListener('state', () => scene.hub.join('tea'));
  scene.welcome();
  assert.equal(scene.asked().length, 1);
});

test('an address is taken beside the page, with the name, and a token beside the subprotocol', () => {
  const urlOf = (url, options) => {
    connect(url, { WebSocket: FakeSocket, ...options }).close();
    return FakeSocket.last.url.href;
  };
  assert.equal(urlOf('/ws', { name: 'Ada L', email: 'a@b.c' }), 'wss://chat.example/ws?name=Ada+L&email=a%40b.c');
  assert.equal(urlOf('../ws'), 'wss://chat.example/ws');
  assert.equal(urlOf('http://other.example:81/ws?x=1', { name: 'Ada' }), 'ws://other.example:81/ws?x=1&name=Ada');
  assert.deepEqual(FakeSocket.last.protocols, []);
  urlOf('/ws', { token: 'a.b-c._' });
  assert.deepEqual(FakeSocket.last.protocols, ['hubbub', 'hubbub.token.a.b-c._']);
});

test('outside of browsers there is no page to watch, and one asks as if from the server’s own', () => {
  delete globalThis.addEventListener;
  delete globalThis.document;
  delete globalThis.location;
  const asked = [];
  new Scene({ fetch: async ({ href }) => asked.push(href) }).socket.lose();
  assert.deepEqual(asked, ['http://chat.example/ws?name=Ada&origin=http%3A%2F%2Fchat.example']);
  assert.throws(() => connect('/ws', { WebSocket: FakeSocket }), TypeError);
});
