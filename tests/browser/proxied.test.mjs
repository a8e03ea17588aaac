// What people see of a server behind a proxy.

import assert from 'node:assert/strict';

import { Proxy } from './support/proxy.mjs';
import { story } from './support/story.mjs';
import { eventually } from './support/waiting.mjs';

/** What browsers say on the console when a handshake fails, and when the page asks why. */
const REFUSED = /^console: (WebSocket connection to '\S+' failed|Failed to load resource: the server responded with a status of 403)/;

story('the page works below a path of a proxy', async (scene) => {
  const proxy = await Proxy.start(scene.server.url, { path: '/chat/' });
  try {
    const ada = await scene.visit('Ada', { base: proxy.url, path: '/chat/#garden' });
    await ada.signIn();
    await ada.isIn('garden');
    await ada.say('from below');
    await ada.see('from below');
    await ada.page.reload();
    await ada.isIn('garden');
    assert.equal(await ada.page.evaluate(() => location.pathname), '/chat/');
  } finally {
    proxy.close();
  }
});

story('a page that a proxy makes look like another’s is told why it is not let in, and so is the operator', async (scene) => {
  const proxy = await Proxy.start(scene.server.url, { dropsPort: true });
  try {
    const ada = await scene.visit('Ada', { base: proxy.url });
    ada.tolerate(REFUSED);
    await ada.nameBox.fill('Ada');
    await ada.startButton.click();
    await ada.alert.filter({ hasText: `${proxy.url}" may not connect` }).waitFor();
    await ada.status.filter({ hasText: 'Not let in' }).first().waitFor();
    await eventually(() => assert.match(scene.server.log, /WARN .*proxy_set_header Host .* host="127\.0\.0\.1"/));
    await ada.button('Try now').waitFor();
  } finally {
    proxy.close();
  }
});
