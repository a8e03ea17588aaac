// What people see of a server that demands tokens.

import assert from 'node:assert/strict';

import { Issuer } from './support/issuer.mjs';
import { story } from './support/story.mjs';

/** What browsers say on the console when a handshake fails, and when the page asks why, also of a server that is back by then. */
const NO_HANDSHAKE = /^console: (WebSocket connection to '\S+' failed|Failed to load resource: (net::ERR_CONNECTION|the server responded with a status of (401|426)))/;

const issuer = new Issuer();

story('a token in the address lets one in, again too, and is not to be seen there', async (scene) => {
  const ada = await scene.visit('Ada', { path: `/#token=${issuer.mint()}` });
  ada.tolerate(NO_HANDSHAKE);
  assert.equal(await ada.page.evaluate(() => location.hash), '');
  await ada.signIn();
  await ada.isIn('general');
  await scene.server.kill();
  await scene.server.start();
  await ada.isIn('general');
  await ada.say('still here');
  await ada.see('still here');
  await ada.page.reload();
  await ada.isIn('general');
  assert(!(await ada.page.evaluate(() => location.href)).includes('token'));
}, issuer.flags);

story('one without a token comes in once it has a link with one', async (scene) => {
  const ada = await scene.visit('Ada');
  ada.tolerate(NO_HANDSHAKE);
  await ada.nameBox.fill('Ada');
  await ada.startButton.click();
  await ada.status.filter({ hasText: 'Not let in' }).first().waitFor({ state: 'attached' });
  await ada.page.evaluate((token) => { location.hash = `#token=${token}`; }, issuer.mint());
  await ada.isIn('general');
  assert(!(await ada.page.evaluate(() => location.href)).includes('token'));
}, issuer.flags);

story('one whose token has expired is told so, and the page does not go on trying', async (scene) => {
  const ada = await scene.visit('Ada', { path: `/#token=${issuer.mint('--lifetime', '1s')}` });
  ada.tolerate(NO_HANDSHAKE);
  await ada.nameBox.fill('Ada');
  await ada.startButton.click();
  await ada.alert.filter({ hasText: 'Your token has expired' }).waitFor();
  await ada.status.filter({ hasText: 'Not let in' }).first().waitFor();
}, issuer.flags);
