// Phones: nothing is cut off, and the lists are drawers within reach.

import assert from 'node:assert/strict';

import { assertFits } from './support/looks.mjs';
import { opacity } from './support/person.mjs';
import { story } from './support/story.mjs';
import { eventually } from './support/waiting.mjs';

const PHONES = [{ width: 390, height: 844 }, { width: 320, height: 568 }];
const LONG_NAME = 'x'.repeat(64);

for (const viewport of PHONES) {
  const size = `${viewport.width} by ${viewport.height}`;

  story(`one can join, talk and look around at ${size}`, async (scene) => {
    const ada = await scene.visit('Ada', { viewport, hasTouch: true, isMobile: true });
    await assertFits(ada);
    await ada.signIn();
    await ada.isIn('general');
    await assertFits(ada);
    const bob = await scene.arrive('Bob');

    await ada.button('Channels').click();
    await ada.channels.waitFor();
    await assertFits(ada);
    await ada.joinBox.fill('x'.repeat(65));
    await ada.button('Join').click();
    await ada.alert.filter({ hasText: 'at most 64' }).waitFor();
    assert.equal(await ada.joinBox.getAttribute('aria-invalid'), 'true');
    await assertFits(ada);
    await ada.join('garden');
    await bob.join('garden');
    await ada.see('Bob joined the channel');
    await ada.channels.waitFor({ state: 'hidden' });
    await ada.messageBox.fill('from a phone');
    await ada.button('Send').click();
    await bob.see('from a phone');
    await ada.say('and another');
    assert.equal(await opacity((await ada.see('and another')).locator('time')), 1, 'the time is there without pointing');

    const members = ada.button('Members');
    assert.equal(await members.getAttribute('aria-expanded'), 'false');
    await members.click();
    await ada.seeMembers('Bob');
    assert.equal(await members.getAttribute('aria-expanded'), 'true');
    await assertFits(ada);
    await ada.page.keyboard.press('Escape');
    await ada.members.waitFor({ state: 'hidden' });

    await members.click();
    await ada.memberButton('Bob').click();
    await ada.heading('Bob').waitFor();
    await ada.say('privately from a phone');
    await ada.see('privately from a phone');
    await assertFits(ada);

    await bob.say('said elsewhere');
    await eventually(async () => assert.equal(await descriptionOf(ada.button('Channels')), '1 unread message'));
  });

  story(`long names and words fit at ${size}`, async (scene) => {
    const ada = await scene.arrive(LONG_NAME, { viewport });
    const script = await scene.script('y'.repeat(64));
    await script.say('z'.repeat(500), `https://example.org/${'a'.repeat(300)}`);
    await ada.see('z'.repeat(500));
    await ada.see('https://example.org/');
    await assertFits(ada);
    await ada.button('Channels').click();
    await ada.join('w'.repeat(64));
    await ada.say('v'.repeat(500));
    await ada.see('v'.repeat(500));
    await assertFits(ada);
  });
}

/** What a screen reader says of something after its name. */
async function descriptionOf(target) {
  return target.evaluate((element) => document.getElementById(element.getAttribute('aria-describedby')).textContent);
}
