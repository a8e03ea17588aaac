// hubbub.js as the README shows it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { openPage } from './support/browser.mjs';
import { story } from './support/story.mjs';
import { eventually } from './support/waiting.mjs';

story('the example of the README does what it says', async (scene) => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const [, content] = /^### `hubbub\.js`$[^]*?^```js\n([^]*?)^```$/m.exec(readme);
  const bob = await scene.script('Bob', 'tea');
  await bob.say('said before');
  const page = await openPage();
  const heard = [];
  let isClosed = false;
  page.on('console', (line) => heard.push(line.text()));
  page.on('websocket', (socket) => socket.on('close', () => { isClosed = true; }));
  // A page without a content security policy.
  await page.goto(`${scene.server.url}/healthz`);
  await page.addScriptTag({ type: 'module', content });
  await eventually(() => assert(isClosed, 'it ran to its end'));
  assert.deepEqual(heard.filter((line) => !line.includes('404')), ['Bob said before', 'Ada joined the channel', 'Ada hot']);
  await page.context().close();
});
