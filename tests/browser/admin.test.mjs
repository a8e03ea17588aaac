// The live view: what the operator sees and does there, and who is kept out.

import assert from 'node:assert/strict';

import { assertUnharmed, HOSTILE } from './support/hostile.mjs';
import { Issuer } from './support/issuer.mjs';
import { KEY, lockedDoor, OPEN_DOOR } from './support/keys.mjs';
import { assertAccessible, assertFits, tabTo } from './support/looks.mjs';
import { story } from './support/story.mjs';
import { eventually } from './support/waiting.mjs';

/** What browsers say on the console of what is refused. */
const REFUSED = /^console: Failed to load resource: the server responded with a status of (401|403|404)/;
const CORS = /^console: (Access to fetch at|Failed to load resource)/;

const locked = lockedDoor();
const issuer = new Issuer();

/** The operator at the page, with the key. */
async function look(scene, options = {}) {
  const operator = await scene.visit('operator', { base: scene.server.adminUrl, path: `/admin#key=${KEY}`, ...options });
  await operator.page.getByRole('heading', { name: 'Connections', exact: true }).waitFor();
  return operator;
}

function clientRow({ page }, name) {
  return page.getByRole('region', { name: 'Table of clients' }).getByRole('row').filter({ hasText: name });
}

async function told({ page }, words) {
  await page.getByRole('status').filter({ hasText: words }).waitFor();
}

story('a client is closed from the page, which asks first', async (scene) => {
  const ada = await scene.script('Ada');
  const operator = await look(scene);
  const { page } = operator;
  assert(!page.url().includes(KEY), 'the key is not to be seen in the address');
  await clientRow(operator, 'Ada').getByRole('button', { name: 'Close Ada' }).click();
  const dialog = page.getByRole('alertdialog', { name: 'Close Ada?' });
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await ada.say('still here');

  const closed = assert.rejects(ada.page.evaluate(() => window.received(() => false)), /closed: 1008 too loud/);
  await clientRow(operator, 'Ada').getByRole('button', { name: 'Close Ada' }).click();
  await dialog.getByLabel('Reason').fill('too loud');
  await dialog.getByRole('button', { name: 'Close', exact: true }).click();
  await told(operator, 'Ada: closed, 1 session.');
  await closed;
  await clientRow(operator, 'Ada').waitFor({ state: 'detached' });
}, locked);

story('a member is removed from a channel that is opened, and the client is opened from there', async (scene) => {
  const ada = await scene.script('Ada', 'tea');
  await ada.say('hot');
  const operator = await look(scene);
  const { page } = operator;
  await page.getByRole('searchbox', { name: 'Find channels by how their names begin' }).fill('te');
  await page.getByRole('region', { name: 'Table of channels' }).getByRole('button', { name: 'tea' }).click();
  const channel = page.getByRole('dialog', { name: 'tea' });
  await channel.getByText('hot', { exact: true }).waitFor();
  await channel.getByRole('button', { name: 'Ada', exact: true }).click();
  const client = page.getByRole('dialog', { name: 'Ada' });
  await client.getByRole('button', { name: 'tea' }).click();

  const left = ada.page.evaluate(() => window.received(({ action }) => action === 'left'));
  await channel.getByRole('button', { name: 'Remove Ada' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
  assert.equal((await left).channel, 'tea');
  await told(operator, 'Ada: removed from tea, 1 session.');
}, locked);

story('one without a key is asked for it, and it is kept for the tab alone', async (scene) => {
  const operator = await scene.visit('operator', {
    base: scene.server.adminUrl, path: '/admin', tolerated: REFUSED,
  });
  const { page } = operator;
  const box = page.getByLabel('Key or token');
  await box.waitFor();
  for (const [wrong, words] of [
    ['', 'Enter a key'],
    ['0123456789abcdeg', 'there is no such key'],
    ['kéy', 'ASCII'],
    ['a key', 'ASCII'],
  ]) {
    await box.fill(wrong);
    await box.press('Enter');
    await page.getByRole('alert').filter({ hasText: words }).waitFor();
  }
  await assertAccessible(operator);
  await box.fill(`${KEY} `);
  await box.press('Enter');
  const figure = page.getByRole('heading', { name: 'Connections', exact: true });
  await figure.waitFor();
  await page.reload();
  await figure.waitFor();
  assert.equal(await page.evaluate(() => JSON.stringify(localStorage)), '{}');
}, locked);

story('one whose token does not allow to look is asked for another, and one that may only look is told so', async (scene) => {
  await scene.visit('Ada', { path: `/#token=${issuer.mint('--name', 'Ada')}` }).then((ada) => ada.signIn());
  const operator = await scene.visit('operator', {
    base: scene.server.adminUrl, path: `/admin#key=${issuer.mint()}`, tolerated: REFUSED,
  });
  const { page } = operator;
  await page.getByRole('alert').filter({ hasText: 'the token does not allow that' }).waitFor();
  await page.getByLabel('Key or token').fill(issuer.mint('--api-rights', 'read'));
  await page.getByRole('button', { name: 'Look' }).click();
  await clientRow(operator, 'Ada').getByRole('button', { name: 'Close Ada' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Close', exact: true }).click();
  await told(operator, 'it lacks "close"');
  await clientRow(operator, 'Ada').waitFor();
}, [...OPEN_DOOR, ...issuer.flags]);

story('hostile names stay text', async (scene) => {
  const operator = await look(scene);
  const { page } = operator;
  // Each is opened, which takes its time; the others are alike.
  for (const name of HOSTILE.filter((_, index) => index % 2 === 0)) {
    const mallory = await scene.script(name, name);
    await mallory.say(name);
    await page.getByRole('searchbox', { name: 'Find a client by id or name' }).fill(name);
    const row = clientRow(operator, name);
    await row.getByRole('button', { name, exact: true }).click();
    const client = page.getByRole('dialog', { name, exact: true });
    await client.getByRole('listitem').getByRole('button', { name, exact: true }).click();
    await client.getByRole('listitem').filter({ has: page.locator('time') }).filter({ hasText: name }).first().waitFor();
    await page.keyboard.press('Escape');
    await row.getByRole('button', { name: `Close ${name}`, exact: true }).click();
    await page.getByRole('alertdialog', { name: `Close ${name}?`, exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await mallory.page.context().close();
  }
  await assertUnharmed(operator);
}, locked);

story('a page of another origin that tries is refused', async (scene) => {
  const ada = await scene.script('Ada');
  const { adminUrl, url } = scene.server;
  // A page without a content security policy, at another port and so of another origin.
  const foreign = await scene.visit('foreign', { path: '/healthz' });
  foreign.tolerate(CORS);
  const tried = await foreign.page.evaluate(async (base) => {
    const ways = [
      ['api/stats', {}],
      ['api/stats', { mode: 'no-cors' }],
      ['api/drain', { mode: 'no-cors', method: 'POST' }],
      ['api/publish', { mode: 'no-cors', method: 'POST', body: '{"channel": "general", "message": "bought"}' }],
      ['api/drain', { method: 'POST', headers: { Authorization: 'Bearer x' } }],
    ];
    return Promise.all(ways.map(([path, how]) => fetch(`${base}/${path}`, how).then(({ type }) => type, ({ name }) => name)));
  }, adminUrl);
  assert.deepEqual(tried, ['TypeError', 'opaque', 'opaque', 'opaque', 'TypeError'], 'nothing of it can be read');
  await eventually(() => assert.match(scene.server.log, /foreign-page/));
  assert.equal((await fetch(`${url}/healthz`)).status, 200, 'it does not drain');
  const heard = ada.page.evaluate(() => window.received(({ message }) => message));
  await ada.say('a word');
  assert.equal((await heard).message, 'a word', 'nothing was published before');
}, OPEN_DOOR);

for (const colorScheme of ['light', 'dark']) {
  story(`everything is there for those who see or hear it otherwise, in ${colorScheme} colours and on a phone`, async (scene) => {
    await scene.script('y'.repeat(64), 'z'.repeat(64));
    const operator = await look(scene, { colorScheme });
    const { page } = operator;
    await clientRow(operator, 'yyy').waitFor();
    for (const viewport of [{ width: 1280, height: 800 }, { width: 390, height: 844 }]) {
      await page.setViewportSize(viewport);
      await assertAccessible(operator);
      await assertFits(operator);
      await clientRow(operator, 'yyy').getByRole('button', { name: /^yyy/ }).click();
      await page.getByRole('dialog').getByText('Connection', { exact: true }).waitFor();
      await assertAccessible(operator);
      await assertFits(operator);
      await page.keyboard.press('Escape');
    }
  }, locked);
}

story('the keyboard is enough to open and to close a client', async (scene) => {
  const ada = await scene.script('Ada');
  const operator = await look(scene);
  const { page } = operator;
  const row = clientRow(operator, 'Ada');
  await row.waitFor();
  await tabTo(operator, row.getByRole('button', { name: 'Ada', exact: true }));
  await page.keyboard.press('Enter');
  const client = page.getByRole('dialog', { name: 'Ada' });
  await client.getByText('Connection', { exact: true }).waitFor();
  await page.keyboard.press('Escape');
  await client.waitFor({ state: 'hidden' });
  const closed = assert.rejects(ada.page.evaluate(() => window.received(() => false)), /closed: 1008/);
  await tabTo(operator, row.getByRole('button', { name: 'Close Ada' }));
  await page.keyboard.press('Enter');
  const sure = page.getByRole('alertdialog').getByRole('button', { name: 'Close', exact: true });
  await tabTo(operator, sure);
  await page.keyboard.press('Enter');
  await closed;
  await told(operator, 'Ada: closed');
}, locked);
