// Several channels at once: joining, reading, and leaving them.

import assert from 'node:assert/strict';

import { story } from './support/story.mjs';
import { eventually } from './support/waiting.mjs';

story('every channel shows its own messages', async (scene) => {
  const [ada, bob] = await scene.arriveBoth();
  await ada.say('said in general');
  await goToGarden(ada, bob);
  await bob.say('said in the garden');
  await ada.see('said in the garden');
  assert.equal(await ada.message('said in general').count(), 0);
  await ada.entry(ada.channels, 'general').click();
  await ada.heading('general').waitFor();
  await ada.see('said in general');
  assert.equal(await ada.message('said in the garden').count(), 0);
});

story('messages elsewhere are counted as unread until they are read', async (scene) => {
  const [ada, bob] = await scene.arriveBoth();
  await goToGarden(ada, bob);
  await bob.entry(bob.channels, 'general').click();
  for (const text of ['one', 'two', 'three']) await bob.say(text);

  const unread = ada.unread(ada.channels, 'general', 3);
  await unread.waitFor();
  assert.match(await unread.innerText(), /3/);
  await eventually(async () => assert.match(await ada.page.title(), /3/));
  assert.equal(await ada.entry(ada.channels, 'garden').getAttribute('aria-current'), 'true');

  await unread.click();
  await ada.see('three');
  await ada.unread(ada.channels, 'general', 0).waitFor();
  assert.equal(await ada.entry(ada.channels, 'general').getAttribute('aria-current'), 'true');
  await eventually(async () => assert.doesNotMatch(await ada.page.title(), /3/));
  await bob.say('four');
  await ada.see('four');
  await ada.unread(ada.channels, 'general', 0).waitFor();
});

story('who leaves a channel hears it no more', async (scene) => {
  const [ada, bob] = await scene.arriveBoth();
  await goToGarden(ada, bob);
  await bob.button('Leave channel').click();
  await ada.see('Bob left the channel');
  await ada.seeMembers();
  await bob.entry(bob.channels, 'garden').waitFor({ state: 'detached' });
  await bob.heading('general').waitFor();

  await ada.say('for nobody else');
  await ada.see('for nobody else');
  await ada.entry(ada.channels, 'general').click();
  await ada.say('for everyone');
  await bob.see('for everyone');
  assert.equal(await bob.entry(bob.channels, 'garden').count(), 0);
});

story('a double click leaves one channel', async (scene) => {
  const ada = await scene.arrive('Ada');
  await ada.join('garden');
  await ada.join('hall');
  await ada.button('Leave channel').dblclick();
  await ada.isIn('garden');
  assert.equal(await ada.channels.getByRole('button').count(), 2);
});

story('Alt with an arrow goes on to the next channel, except in a text', async (scene) => {
  const ada = await scene.arrive('Ada');
  await ada.join('garden');
  await ada.messageBox.fill('a draft');
  await ada.messageBox.press('Alt+ArrowUp');
  await ada.messageBox.fill('');
  await ada.heading('garden').waitFor();
  await ada.messageBox.press('Alt+ArrowUp');
  await ada.heading('general').waitFor();
});

story('the last channel can be left too, and another one joined', async (scene) => {
  const ada = await scene.arrive('Ada');
  await ada.button('Leave channel').click();
  await ada.entry(ada.channels, 'general').waitFor({ state: 'detached' });
  await ada.join('garden');
  await ada.say('still here');
  await ada.see('still here');
});

story('the address names the channel to begin with', async (scene) => {
  const ada = await scene.visit('Ada', { path: '/#garden' });
  await ada.signIn();
  await ada.isIn('garden');
  await ada.seeMembers();
});

story('spaces around the name in the address are none of the name’s', async (scene) => {
  const ada = await scene.visit('Ada', { path: '/#%20garden%20' });
  await ada.signIn();
  await ada.isIn('garden');
});

story('a channel name that is too long is refused in words', async (scene) => {
  const ada = await scene.arrive('Ada');
  await ada.joinBox.fill('x'.repeat(65));
  await ada.button('Join').click();
  await ada.alert.filter({ hasText: /64|long/ }).waitFor();
  await ada.say('all is well');
  await ada.see('all is well');
});

async function goToGarden(...people) {
  for (const person of people) await person.join('garden');
  await people[0].see('Bob joined the channel');
}
