// What the README shows for a page of one's own.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { openPage } from './support/browser.mjs';
import { story } from './support/story.mjs';
import { eventually } from './support/waiting.mjs';

const README = new URL('../../README.md', import.meta.url);

story('a few lines of one’s own recover what was said meanwhile, in order and once', async (scene) => {
  const [, follow] = /```js\n(function follow[^]*?)```/.exec(await readFile(README, 'utf8'));
  const ada = await scene.script('Ada', 'tea');
  const page = await openPage();
  try {
    // A page without a content security policy.
    await page.goto(`${scene.server.url}/healthz`);
    await page.evaluate(([source, url]) => {
      window.shown = [];
      window.WebSocket = class extends WebSocket {
        constructor(...all) {
          super(...all);
          window.socket = this;
        }
      };
      (0, eval)(`(${source})`)(url, 'tea', (told) => window.shown.push(told));
    }, [follow, `${scene.server.url.replace('http', 'ws')}/ws?name=Bob`]);
    const shown = () => page.evaluate(() => window.shown);
    await eventually(async () => assert((await shown()).some(({ action }) => action === 'joined')));

    const said = [];
    for (const round of ['first', 'second', 'third']) {
      const messages = [1, 2, 3].map((number) => `${round} ${number}`);
      await ada.say(...messages);
      said.push(...messages);
      await page.evaluate(() => window.socket.close());
    }
    await ada.say('last');
    said.push('last');
    await eventually(async () => {
      const texts = (await shown()).filter(({ sender }) => sender).map(({ message }) => message);
      assert.deepEqual(texts, said);
    });
  } finally {
    await page.context().close();
  }
});
