// What people see of a server that goes away and comes back on the same port.

import assert from 'node:assert/strict';

import { NO_SERVER } from './support/server.mjs';
import { story } from './support/story.mjs';
import { eventually } from './support/waiting.mjs';

story('after a crash everyone is told, comes back, and is in the same channels', async (scene) => {
  const [ada, bob] = await scene.arriveBoth();
  await ada.join('garden');
  await bob.join('garden');
  await bob.entry(bob.channels, 'general').click();
  await crash(scene, ada, bob);
  await scene.server.start();
  await ada.isIn('garden');
  await bob.isIn('general');

  await ada.seeMembers('Bob');
  await bob.seeMembers('Ada');
  await ada.say('back in the garden');
  await bob.entry(bob.channels, 'garden').click();
  await bob.see('back in the garden');
  await bob.entry(bob.channels, 'general').click();
  await bob.say('back in general');
  await ada.entry(ada.channels, 'general').click();
  await ada.see('back in general');
});

story('what is written while disconnected is not lost', async (scene) => {
  const [ada, bob] = await scene.arriveBoth();
  await crash(scene, ada, bob);
  await ada.say('written meanwhile');
  await ada.alert.filter({ hasText: /not (connected|sent)/i }).waitFor();
  assert.equal(await ada.messageBox.inputValue(), 'written meanwhile');

  await scene.server.start();
  for (const person of [ada, bob]) await person.isIn('general');
  await ada.seeMembers('Bob');
  await ada.messageBox.press('Enter');
  await bob.see('written meanwhile');
});

story('what was said before stays, once, and what may be missing is told', async (scene) => {
  const ada = await scene.arrive('Ada');
  await ada.say('before the crash');
  await ada.see('before the crash');
  await crash(scene, ada);
  await scene.server.start();
  await ada.isIn('general');
  await ada.say('after the crash');
  await ada.see('after the crash');
  assert.equal(await ada.message('before the crash').count(), 1);
  await ada.log.getByText(/missing|missed/i).waitFor();
});

story('a server that stops says so, and one may try again at once', async (scene) => {
  const ada = await scene.visit('Ada');
  ada.tolerate(NO_SERVER);
  // Of the first wait, which is at most a second, this makes a minute.
  await ada.page.evaluate(() => { Math.random = () => 60; });
  await ada.signIn();
  await ada.isIn('general');
  await scene.server.drain();
  await ada.alert.filter({ hasText: 'going away' }).waitFor();
  await disconnected(ada);
  await scene.server.start();
  await ada.button('Try now').click();
  await ada.isIn('general');
  await ada.alert.filter({ hasText: 'going away' }).waitFor({ state: 'detached' });
  assert(await ada.hasKeyboard(ada.messageBox), 'one goes on writing');
  await ada.say('here we are');
  await ada.see('here we are');
});

story('a server that is not there at first is told too', async (scene) => {
  const ada = await scene.visit('Ada');
  ada.tolerate(NO_SERVER);
  await scene.server.kill();
  await ada.nameBox.fill('Ada');
  await ada.startButton.click();
  await eventually(async () => {
    const words = [...await ada.status.allInnerTexts(), ...await ada.alert.allInnerTexts()].join(' ');
    assert.match(words, /disconnected|not connected|trying again|reach/i);
  });
  await ada.page.getByText('Ada', { exact: true }).waitFor();
  await scene.server.start();
  await ada.isIn('general');
});

async function crash(scene, ...people) {
  for (const person of people) person.tolerate(NO_SERVER);
  await scene.server.kill();
  for (const person of people) await disconnected(person);
}

async function disconnected(person) {
  await person.status.filter({ hasText: /disconnected|trying again/i }).first().waitFor();
}
