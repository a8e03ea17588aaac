// `ws`, the WebSocket library of Node.js, as a client of Hubbub.
//
//   node_ws.mjs check URL PID        checks a server, last that it says goodbye when PID gets SIGTERM
//   node_ws.mjs meet URL ME OTHER…   stays in the lobby until everyone has been heard

import assert from 'node:assert/strict';
import { once, on } from 'node:events';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import WebSocket from 'ws';

const DEADLINE_MS = 20_000;

const [mode, url, ...rest] = process.argv.slice(2);
const clients = [];

async function main() {
  if (mode === 'check') {
    await checkAll(Number(rest[0]));
  } else {
    const [me, ...others] = rest;
    await check(`${me} heard ${others.join(' and ')} in the lobby`, () => meet(me, others));
  }
}

async function checkAll(pid) {
  for (const path of ['/relay?channel=node', '/relay?channel=node&frames=single', '/ws']) {
    await check(`two clients on ${path} hear themselves and each other, in order`, async () => {
      const [ada, bob] = [await join(path), await join(path)];
      const messages = Array.from({ length: 200 }, (_, index) => `message ${index}`);
      messages.forEach((message) => ada.socket.send(message));
      assert.deepEqual(await ada.lines(200), messages);
      assert.deepEqual(await bob.lines(200), messages);
      bob.socket.send('from Bob');
      assert.deepEqual(await ada.lines(1), ['from Bob']);
      assert.deepEqual(await bob.lines(1), ['from Bob']);
    });
  }

  await check('with frames=single every message has a frame of its own', async () => {
    const client = await join('/relay?channel=frames&frames=single');
    ['one', 'two', 'three'].forEach((message) => client.socket.send(message));
    assert.deepEqual(await client.frames(3), ['one', 'two', 'three']);
  });

  await check('the plain hub on /ws is the lobby of /relay', async () => {
    const [plain, relay] = [await join('/ws'), await join('/relay')];
    plain.socket.send('hello');
    assert.deepEqual(await relay.lines(1), ['hello']);
  });

  await check('relayed text is trimmed, put on one line, and ignored where it is empty', async () => {
    const client = await join('/relay?channel=trim');
    ['  two\nlines \n', ' \n ', 'end'].forEach((message) => client.socket.send(message));
    assert.deepEqual(await client.lines(2), ['two lines', 'end']);
  });

  await check('a relayed binary message is verbatim, in its place between texts', async () => {
    const client = await join('/relay?channel=binary');
    const bytes = Buffer.from([0, 10, 255, 10]);
    ['before', bytes, 'after'].forEach((message) => client.socket.send(message));
    assert.deepEqual(await client.frames(3), ['before', bytes, 'after']);
  });

  await check('an echo is verbatim and of the same type', async () => {
    const client = await join('/echo');
    const messages = [' text \n 日本語 ', Buffer.from([0, 1, 254, 255]), '', Buffer.alloc(0)];
    messages.forEach((message) => client.socket.send(message));
    assert.deepEqual(await client.frames(4), messages);
  });

  await check('a ping is answered with its own payload', async () => {
    const client = await join('/echo');
    client.socket.ping('are you there');
    const [payload] = await once(client.socket, 'pong');
    assert.equal(payload.toString(), 'are you there');
  });

  await check("the server's ping finds a client that answers, and the session goes on", async () => {
    const client = await join('/echo');
    await once(client.socket, 'ping');
    await once(client.socket, 'ping');
    client.socket.send('still here');
    assert.deepEqual(await client.frames(1), ['still here']);
  });

  await check('the subprotocol hubbub is answered, and no other', async () => {
    assert.equal((await join('/relay', ['other', 'hubbub'])).socket.protocol, 'hubbub');
    assert.equal((await join('/relay')).socket.protocol, '');
    await assert.rejects(join('/relay', ['other']), /no subprotocol/);
  });

  await check('what is offered of permessage-deflate is agreed on, and what is deflated is heard', async () => {
    const client = await join('/echo', [], { perMessageDeflate: { threshold: 0 } });
    assert.equal(client.socket.extensions, 'permessage-deflate');
    const messages = ['compressible '.repeat(1000), '', 'short', 'compressible '.repeat(1000)];
    messages.forEach((message) => client.socket.send(message));
    assert.deepEqual(await client.frames(4), messages);
  });

  await check('fragments are one message, with a ping between them answered at once', async () => {
    const client = await join('/echo');
    client.socket.send('one ', { fin: false });
    client.socket.send('message ', { fin: false });
    client.socket.ping();
    await once(client.socket, 'pong');
    client.socket.send('in three', { fin: true });
    assert.deepEqual(await client.frames(1), ['one message in three']);
  });

  await check('messages of 60,000 bytes come back whole, echoed and relayed', async () => {
    const [bytes, letters] = [Buffer.alloc(60_000, 7), 'x'.repeat(60_000)];
    for (const path of ['/echo', '/relay?channel=large']) {
      const client = await join(path);
      [bytes, letters].forEach((message) => client.socket.send(message));
      assert.deepEqual(await client.frames(2), [bytes, letters]);
    }
  });

  await check('a message beyond 64 KiB closes with 1009, whole or in fragments', async () => {
    const whole = await join('/relay?channel=oversize');
    whole.socket.send('x'.repeat(70_000));
    assert.deepEqual(await whole.closed, [1009, 'message too large']);
    const fragmented = await join('/echo');
    fragmented.socket.send('x'.repeat(40_000), { fin: false });
    fragmented.socket.send('x'.repeat(40_000), { fin: true });
    assert.deepEqual(await fragmented.closed, [1009, 'message too large']);
  });

  await check('text that is not UTF-8 closes with 1007', async () => {
    const client = await join('/relay?channel=utf8');
    client.socket.send(Buffer.from([0xc3, 0x28]), { binary: false });
    assert.equal((await client.closed)[0], 1007);
  });

  await check('a frame without a mask closes with 1002', async () => {
    const client = await join('/relay?channel=mask');
    client.socket.send('bare', { mask: false });
    assert.equal((await client.closed)[0], 1002);
  });

  await check("a client's close is answered with its own code and reason", async () => {
    for (const [code, reason] of [[1000, ''], [1000, 'done'], [4321, 'bye']]) {
      const client = await join('/relay?channel=close');
      client.socket.close(code, reason);
      assert.deepEqual(await client.closed, [code, reason]);
    }
    const silent = await join('/relay?channel=close');
    silent.socket.close();
    assert.deepEqual(await silent.closed, [1005, '']);
  });

  await check('all that was said before a close is answered before it', async () => {
    const client = await join('/echo');
    client.socket.send('last words');
    client.socket.close(1000);
    assert.deepEqual(await client.frames(1), ['last words']);
    assert.equal((await client.closed)[0], 1000);
  });

  await check('an unusable name or path is refused over HTTP, as JSON', async () => {
    for (const [path, status] of [['/ws?name=', 400], ['/relay?channel=', 400], ['/nowhere', 404]]) {
      const { socket } = open(path);
      const [request, response] = await once(socket, 'unexpected-response');
      const { error } = JSON.parse(await text(response));
      request.destroy();
      assert.equal(response.statusCode, status);
      assert.equal(typeof error.code, 'string');
      assert.equal(typeof error.message, 'string');
    }
  });

  await check('SIGTERM closes everyone with 1001', async () => {
    const everyone = [await join('/relay'), await join('/ws'), await join('/echo')];
    process.kill(pid, 'SIGTERM');
    for (const client of everyone) {
      assert.deepEqual(await client.closed, [1001, 'server going away']);
    }
  });
}

async function meet(me, others) {
  const hello = (name) => `${name} is here`;
  const client = await join('/relay');
  const awaited = new Set(others);
  client.socket.send(hello(me));
  while (awaited.size > 0) {
    const [line] = await client.lines(1);
    const newcomer = others.find((name) => line === hello(name));
    // Whoever came after us has not heard us yet.
    if (awaited.delete(newcomer)) client.socket.send(hello(me));
  }
  client.socket.close(1000);
  assert.equal((await client.closed)[0], 1000);
}

// Runs one check within the deadline, prints its result, and drops the clients it has opened.
async function check(sentence, body) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${DEADLINE_MS} ms`)), DEADLINE_MS);
  });
  try {
    await Promise.race([body(), late]);
    console.log(`ok ${sentence}`);
  } catch (error) {
    console.log(`not ok ${sentence}: ${error.message.replaceAll('\n', ' ')}`);
    process.exitCode = 1;
  } finally {
    clearTimeout(timer);
    clients.splice(0).forEach((client) => client.socket.terminate());
  }
}

async function join(path, protocols, options) {
  const client = open(path, protocols, options);
  await once(client.socket, 'open');
  return client;
}

function open(path, protocols = [], options = {}) {
  const client = new Client(new WebSocket(url + path, protocols, options));
  clients.push(client);
  return client;
}

class Client {
  #messages;
  #lines = [];

  constructor(socket) {
    this.socket = socket;
    // Failures show as the close that follows them.
    socket.on('error', () => {});
    this.#messages = on(socket, 'message');
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve([code, reason.toString()]));
    });
  }

  // The next frames: text as strings, binary as buffers.
  async frames(count) {
    const frames = [];
    while (frames.length < count) frames.push(await this.#frame());
    return frames;
  }

  // The next text messages, whichever way they share frames.
  async lines(count) {
    while (this.#lines.length < count) this.#lines.push(...(await this.#frame()).split('\n'));
    return this.#lines.splice(0, count);
  }

  async #frame() {
    const ended = this.closed.then(([code]) => {
      throw new Error(`closed with ${code} while a message was awaited`);
    });
    const { value } = await Promise.race([this.#messages.next(), ended]);
    const [data, isBinary] = value;
    return isBinary ? data : data.toString();
  }
}

await main();
