// A browser and a server that deflate what they say to each other.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { openPage } from './support/browser.mjs';
import { story } from './support/story.mjs';

/** What other people's clients are put through as well; a browser has neither pings nor fragments of its own. */
const TALK = new URL('../interop/deflate/talk.json', import.meta.url);
const DEFLATES = ['--compress', 'on'];
const LONG = 'What one says of the weather is that it was better, and will be better. '.repeat(20);

story('an echo of what the browser deflates is right, whatever is said', async (scene) => {
  const steps = JSON.parse(await readFile(TALK, 'utf8')).filter(({ ping }) => ping === undefined);
  const page = await openPage();
  // A page without a content security policy.
  await page.goto(`${scene.server.url}/healthz`);
  const { extensions, wrong } = await page.evaluate(async ([url, all]) => {
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onclose: reject }));
    const differing = [];
    for (const { text, binary, times = 1 } of all) {
      const said = (text ?? binary).repeat(times);
      socket.send(text === undefined ? Uint8Array.from(said, (character) => character.charCodeAt(0)) : said);
      const { data } = await new Promise((resolve, reject) => Object.assign(socket, { onmessage: resolve, onclose: reject }));
      const heard = typeof data === 'string' ? data : Array.from(new Uint8Array(data), (byte) => String.fromCharCode(byte)).join('');
      if (heard !== said || (typeof data === 'string') !== (text !== undefined)) differing.push([said, heard]);
    }
    return { extensions: socket.extensions, wrong: differing };
  }, [`${scene.server.url.replace('http', 'ws')}/echo`, steps]);
  assert.deepEqual(wrong, []);
  assert.equal(extensions, 'permessage-deflate; server_no_context_takeover; client_no_context_takeover');
  await page.context().close();
}, DEFLATES);

story('people on the page hear each other deflated', async (scene) => {
  const [ada, bob] = await scene.arriveBoth();
  for (const number of [1, 2, 3]) {
    await ada.say(`${number} from Ada: ${LONG}`);
    await bob.see(`${number} from Ada: ${LONG}`.trim());
    await bob.say(`${number} from Bob: ${LONG}`);
    await ada.see(`${number} from Bob: ${LONG}`.trim());
  }
  const metrics = await (await fetch(`${scene.server.url}/metrics`)).text();
  const sample = (name) => Number(metrics.split('\n').find((line) => line.startsWith(`${name} `)).split(' ')[1]);
  assert(sample('hubbub_deflated_batches_total') >= 6);
  const [before, after] = ['before', 'after'].map((when) => sample(`hubbub_deflated_bytes_total{when="${when}"}`));
  assert(after < before / 2, `${before} bytes were deflated to ${after}`);
}, DEFLATES);
