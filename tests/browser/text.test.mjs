// What becomes of the text of a message: short codes, links, and lines.

import assert from 'node:assert/strict';

import { story } from './support/story.mjs';

story('a short code becomes an emoji, and an unknown one stays as it is', async (scene) => {
  const [ada, bob] = await scene.arriveBoth();
  await ada.say('well done :smile: :no_such_code:');
  const message = await bob.see(/well done/);
  const text = await message.innerText();
  assert.match(text, /well done \p{Emoji_Presentation}\S* :no_such_code:/u);
  await ada.see(/well done \p{Emoji_Presentation}/u);
});

story('an address becomes a link that gives nothing away', async (scene) => {
  const [ada, bob] = await scene.arriveBoth();
  await ada.say('look: https://example.org/a_(b)?c=d&e=f#g, or (http://example.org/two).');
  const links = (await bob.see('look:')).getByRole('link');
  await links.nth(1).waitFor();
  assert.deepEqual(await links.allInnerTexts(), ['https://example.org/a_(b)?c=d&e=f#g', 'http://example.org/two']);
  for (const link of await links.all()) {
    assert.equal(await link.getAttribute('href'), await link.innerText());
    assert.equal(await link.getAttribute('target'), '_blank');
    const promises = (await link.getAttribute('rel')).split(' ');
    for (const promise of ['noopener', 'noreferrer']) assert(promises.includes(promise), promise);
  }
});

story('no other scheme becomes a link', async (scene) => {
  const [ada, bob] = await scene.arriveBoth();
  const addresses = [
    'javascript:alert(1)',
    'JaVaScRiPt://example.org/%0aalert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:http://example.org/x',
  ];
  for (const address of addresses) await ada.say(`go to ${address} now`);
  for (const address of addresses) {
    const message = await bob.see(`go to ${address} now`);
    for (const link of await message.getByRole('link').all()) {
      assert.match(await link.getAttribute('href'), /^https?:/);
    }
  }
});

story('Shift+Enter breaks the line, and Enter sends both', async (scene) => {
  const [ada, bob] = await scene.arriveBoth();
  await ada.messageBox.fill('first line');
  await ada.messageBox.press('Shift+Enter');
  await ada.messageBox.pressSequentially('second line');
  assert.equal(await ada.messageBox.inputValue(), 'first line\nsecond line');
  await ada.messageBox.press('Enter');
  const message = await bob.see(/first line\s+second line/);
  assert.match(await message.innerText(), /first line\n+second line/);
});

story('an empty message is not sent', async (scene) => {
  const ada = await scene.arrive('Ada');
  for (const nothing of ['', '   ', '\n']) await ada.say(nothing);
  await ada.button('Send').click({ force: true });
  await ada.say('something');
  await ada.see('something');
  assert.equal(await ada.page.locator('[data-own="true"]').count(), 1);
});

story('a message that is too large is refused in words and not lost', async (scene) => {
  const ada = await scene.arrive('Ada');
  const text = 'x'.repeat(70_000);
  await ada.say(text);
  await ada.alert.filter({ hasText: /large|long/ }).waitFor();
  await ada.button('Edit it again').click();
  assert.equal(await ada.messageBox.inputValue(), text);
  await ada.isConnected();
  await ada.say('shorter');
  await ada.see('shorter');
});
