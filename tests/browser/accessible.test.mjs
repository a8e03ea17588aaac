// Keyboards, screen readers, and schemes of colour.

import assert from 'node:assert/strict';

import { assertAccessible, tabTo } from './support/looks.mjs';
import { opacity } from './support/person.mjs';
import { NO_SERVER } from './support/server.mjs';
import { story } from './support/story.mjs';
import { eventually } from './support/waiting.mjs';

const NARROW = { width: 390, height: 844 };

story('the keyboard is enough, from the name to a private message', async (scene) => {
  const bob = await scene.arrive('Bob');
  const ada = await scene.visit('Ada');
  const { keyboard } = ada.page;
  await tabTo(ada, ada.nameBox);
  await keyboard.type('Ada');
  await tabTo(ada, ada.startButton);
  await keyboard.press('Enter');
  await ada.isIn('general');
  await bob.see('Ada joined the channel');

  await tabTo(ada, ada.messageBox);
  await keyboard.type('typed');
  await keyboard.press('Enter');
  await bob.see('typed');

  await tabTo(ada, ada.joinBox);
  await keyboard.type('garden');
  await keyboard.press('Enter');
  await ada.heading('garden').waitFor();
  await tabTo(ada, ada.entry(ada.channels, 'general'));
  await keyboard.press('Enter');
  await ada.heading('general').waitFor();

  await tabTo(ada, ada.memberButton('Bob'));
  await keyboard.press('Enter');
  await ada.heading('Bob').waitFor();
  await tabTo(ada, ada.messageBox);
  await keyboard.type('typed for you');
  await keyboard.press('Enter');
  await bob.unread(bob.privates, 'Ada', 1).waitFor();
});

story('the scheme of the system is followed, also when it changes', async (scene) => {
  const ada = await scene.arrive('Ada', { colorScheme: 'dark' });
  const dark = await background(ada);
  await ada.page.emulateMedia({ colorScheme: 'light' });
  await eventually(async () => assert(await background(ada) > dark + 100, 'the light background is lighter'));
});

for (const colorScheme of ['light', 'dark']) {
  story(`nothing stands in the way of those who see or hear it otherwise, in ${colorScheme} colours`, async (scene) => {
    const ada = await scene.visit('Ada', { colorScheme });
    await assertAccessible(ada);
    await ada.signIn();
    const bob = await scene.arrive('Bob', { email: 'bob@example.org' });
    await ada.see('Bob joined the channel');
    await bob.say('look at https://example.org :smile:');
    await ada.see('look at');
    await ada.say('looking');
    await ada.join('garden');
    await bob.say('said meanwhile');
    await bob.memberButton('Ada').click();
    await bob.say('said in private');
    await ada.unread(ada.privates, 'Bob', 1).waitFor();
    await ada.unread(ada.channels, 'general', 1).click();
    await ada.see('said meanwhile');
    await assertAccessible(ada);
    assert.equal(await ada.page.getByRole('heading', { level: 1, name: 'Hubbub' }).count(), 1);

    await ada.page.setViewportSize(NARROW);
    await assertAccessible(ada);
    for (const drawer of ['Channels', 'Members']) {
      await ada.button(drawer).click();
      await assertAccessible(ada);
      await ada.page.keyboard.press('Escape');
    }
  });
}

story('being disconnected and being refused are accessible too', async (scene) => {
  const ada = await scene.arrive('Ada');
  ada.tolerate(NO_SERVER);
  await ada.joinBox.fill('x'.repeat(65));
  await ada.button('Join').click();
  await ada.alert.filter({ hasText: /\S/ }).first().waitFor();
  await assertAccessible(ada);
  await scene.server.kill();
  await ada.button('Try now').waitFor();
  await assertAccessible(ada);
});

story('the keyboard is never left on nothing', async (scene) => {
  const ada = await scene.arrive('Ada');
  await ada.button('Leave channel').press('Enter');
  await ada.entry(ada.channels, 'general').waitFor({ state: 'detached' });
  assert(await ada.hasKeyboard(ada.joinBox), 'one may join another channel');
  ada.tolerate(NO_SERVER);
  await scene.server.drain();
  await ada.button('Dismiss').press('Enter');
  await ada.button('Dismiss').waitFor({ state: 'detached' });
  assert(await ada.hasKeyboard(ada.joinBox), 'one may still do so');
});

story('what lies under a drawer is out of reach', async (scene) => {
  const ada = await scene.arrive('Ada', { viewport: { width: 900, height: 700 } });
  await ada.joinBox.focus();
  assert(await ada.hasKeyboard(ada.joinBox), 'it is in reach at first');
  await ada.button('Members').click();
  await ada.joinBox.focus();
  assert(!await ada.hasKeyboard(ada.joinBox), 'it is not while the members are over it');
});

story('who reads with the keyboard sees when each message was said', async (scene) => {
  const ada = await scene.arrive('Ada');
  for (const text of ['first', 'second']) await ada.say(text);
  const time = (await ada.see('second')).locator('time');
  await eventually(async () => assert.equal(await opacity(time), 0));
  await tabTo(ada, ada.log);
  await eventually(async () => assert.equal(await opacity(time), 1));
});

/** How light the page is, from 0 to 255. */
async function background(person) {
  return person.page.evaluate(() => {
    const painted = [document.body, document.documentElement]
      .map((element) => getComputedStyle(element).backgroundColor)
      .find((color) => !/, 0\)$/.test(color));
    const canvas = document.createElement('canvas').getContext('2d');
    canvas.fillStyle = painted;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
    return (red + green + blue) / 3;
  });
}
