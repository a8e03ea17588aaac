// What people see of what was said while their page was away, or before they came.

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

import { freeze } from './support/ordinary.mjs';
import { Proxy } from './support/proxy.mjs';
import { NO_SERVER } from './support/server.mjs';
import { story } from './support/story.mjs';
import { eventually } from './support/waiting.mjs';

/** How long the page is cut off that loses its connection; by hand it may be longer. */
const CUT_OFF_MS = Number(process.env.CUT_OFF_MS ?? 200);

story('a page in the back/forward cache has hung up, and recovers when it is shown again', async (scene) => {
  const bob = await scene.arrive('Bob');
  const ada = await scene.arrive('Ada', { isOrdinary: true });
  await bob.see('Ada joined the channel');
  await ada.page.evaluate(() => { window.isTheSame = true; });
  // Where the browser goes meanwhile has no icon.
  ada.tolerate(/ 404 /);
  await ada.page.goto(`${scene.server.url}/healthz`);
  await bob.see('Ada left the channel');
  await sayAll(bob, numbered(1, 3));
  await ada.page.goBack({ waitUntil: 'commit' });
  await heardInOrder(ada, numbered(1, 3));
  assert(await ada.page.evaluate(() => window.isTheSame), 'the page came out of the cache');
});

story('a page that was frozen recovers when it is resumed', async (scene) => {
  const bob = await scene.arrive('Bob');
  const ada = await scene.arrive('Ada', { isOrdinary: true });
  await bob.see('Ada joined the channel');
  // Then it loses its socket.
  ada.tolerate(/Page entered Back-Forward Cache/);
  await freeze(ada.page, true);
  await sayAll(bob, numbered(1, 3));
  await freeze(ada.page, false);
  await sayAll(bob, numbered(4, 5));
  await heardInOrder(ada, numbered(1, 5));
});

story('what is said while a page is offline is there once it is back, in order and once', async (scene) => {
  const [ada, bob] = await scene.arriveBoth();
  await ada.page.context().setOffline(true);
  await sayAll(bob, numbered(1, 3));
  assert.equal(await ada.message('message').count(), 0);
  await ada.page.context().setOffline(false);
  await heardInOrder(ada, numbered(1, 3));
  await sayAll(bob, numbered(4, 4));
  await heardInOrder(ada, numbered(1, 4));
  assert.equal(await ada.log.getByText('missing').count(), 0);
});

story('what is said while a page is cut off is there once it is back, in order and once', async (scene) => {
  await behindProxy(scene, async (ada, proxy) => {
    const bob = await scene.arrive('Bob');
    await sayAll(bob, numbered(1, 2));
    await ada.see('message 2.');
    proxy.cut();
    await bob.see('Ada left the channel');
    await sayAll(bob, numbered(3, 5));
    await pause(CUT_OFF_MS);
    proxy.mend();
    await heardInOrder(ada, numbered(1, 5));
    await sayAll(bob, numbered(6, 6));
    await heardInOrder(ada, numbered(1, 6));
    assert.equal(await ada.log.getByText('missing').count(), 0);
  });
});

story('where more was said than is kept, a line says how many are missing', async (scene) => {
  await behindProxy(scene, async (ada, proxy) => {
    const bob = await scene.arrive('Bob');
    const script = await scene.script('Script');
    await ada.see('Script joined the channel');
    proxy.cut();
    await bob.see('Ada left the channel');
    await script.say(...numbered(1, 20));
    proxy.mend();
    await heardInOrder(ada, ['Script joined', '16 messages or notices are missing here.', ...numbered(16, 20)]);
  });
}, ['--history', '5']);

story('who is new sees the latest messages, and by scrolling up all that are kept', async (scene) => {
  const script = await scene.script('Script');
  await script.say(...numbered(1, 250));
  const ada = await scene.arrive('Ada');
  await heardInOrder(ada, numbered(201, 250));
  assert.equal(await ada.message('message 200.').count(), 0);
  const last = ada.message('message 250.');
  await eventually(async () => assert(await last.evaluate((row) => row.getBoundingClientRect().bottom <= innerHeight)));

  const reading = ada.message('message 203.');
  const place = await reading.evaluate((row) => {
    document.getElementById('log').scrollTop = 60;
    return row.getBoundingClientRect().top;
  });
  await ada.message('message 150.').waitFor({ state: 'attached' });
  const placeNow = await reading.evaluate((row) => row.getBoundingClientRect().top);
  assert(Math.abs(placeNow - place) <= 1, `what one reads moved from ${place} to ${placeNow}`);

  await eventually(async () => {
    await ada.log.evaluate((log) => { log.scrollTop = 0; });
    assert.equal(await ada.message('message 51.').count(), 1);
  });
  await heardInOrder(ada, ['Older messages are not kept.', ...numbered(51, 250)]);
}, ['--history', '200']);

/** Ada, who is in the channel `general`, and whose connection goes through a proxy that can cut it. */
async function behindProxy(scene, deed) {
  const proxy = await Proxy.start(scene.server.url);
  try {
    const ada = await scene.visit('Ada', { base: proxy.url });
    await ada.signIn();
    await ada.isIn('general');
    ada.tolerate(NO_SERVER);
    await deed(ada, proxy);
  } finally {
    proxy.close();
  }
}

function numbered(first, last) {
  return Array.from({ length: last - first + 1 }, (_, index) => `message ${first + index}.`);
}

async function sayAll(person, texts) {
  for (const text of texts) await person.say(text);
  await person.see(texts.at(-1));
}

/** Waits until the log has these texts, each once and in this order, and no other of their kind. */
async function heardInOrder(person, texts) {
  const kinds = /message \d+\.|\d+ messages or notices are missing here\.|Script joined|Older messages are not kept\./g;
  await eventually(async () => assert.deepEqual((await person.log.innerText()).match(kinds), texts));
}
