// Private conversations, which begin at the list of members.

import assert from 'node:assert/strict';

import { story } from './support/story.mjs';

story('a private message and its answer reach the two, and nobody else', async (scene) => {
  const [ada, bob] = await scene.arriveBoth();
  const cleo = await scene.arrive('Cleo');

  await ada.memberButton('Bob').click();
  await ada.heading('Bob').waitFor();
  await ada.say('just between us');
  await ada.see('just between us');

  await bob.unread(bob.privates, 'Ada', 1).click();
  await bob.heading('Ada').waitFor();
  await bob.see('just between us');
  await bob.unread(bob.privates, 'Ada', 0).waitFor();
  await bob.say('our secret');
  await ada.see('our secret');

  await ada.entry(ada.channels, 'general').click();
  await ada.say('in the open');
  await cleo.see('in the open');
  assert.equal(await cleo.privates.getByRole('button').count(), 0);
  for (const person of [ada, cleo]) assert.equal(await person.message(/between us|secret/).count(), 0);
});

story('who has gone cannot be reached, and the sender is told', async (scene) => {
  const [ada, bob] = await scene.arriveBoth();
  await ada.memberButton('Bob').click();
  await ada.heading('Bob').waitFor();
  await ada.say('are you there?');
  await bob.unread(bob.privates, 'Ada', 1).waitFor();
  await bob.page.close();
  await ada.entry(ada.channels, 'general').click();
  await ada.see('Bob left the channel');
  await ada.entry(ada.privates, 'Bob').click();
  await ada.log.evaluate((log) => {
    const watch = () => { window.wasSilenced ||= log.ariaLive === 'off'; };
    new MutationObserver(watch).observe(log, { attributeFilter: ['aria-live'] });
  });
  await ada.say('too late');
  await ada.log.getByRole('listitem').filter({ hasText: /not sent/i }).filter({ hasText: 'too late' }).waitFor();
  await ada.alert.filter({ hasText: 'connection is gone' }).waitFor();
  assert(!await ada.page.evaluate(() => window.wasSilenced), 'it is read out');

  await ada.button('Discard').press('Enter');
  await ada.button('Discard').waitFor({ state: 'detached' });
  assert(await ada.hasKeyboard(ada.messageBox), 'one goes on writing');
});
