// Whatever a peer sends is text: in names, emails, channels, messages, and addresses.

import assert from 'node:assert/strict';

import { assertUnharmed, HOSTILE } from './support/hostile.mjs';
import { story } from './support/story.mjs';

story('a hostile message is shown as it was written', async (scene) => {
  const ada = await scene.arrive('Ada');
  const mallory = await scene.arrive('Mallory');
  for (const text of HOSTILE) await mallory.say(text);
  for (const person of [ada, mallory]) {
    for (const text of HOSTILE) await seeText(person, text);
    await assertUnharmed(person);
  }
});

story('a hostile name is shown as it was written', async (scene) => {
  const ada = await scene.arrive('Ada');
  for (const name of HOSTILE) {
    const mallory = await scene.script(name);
    await ada.memberButton(name).waitFor();
    await ada.see(`${name} joined the channel`);
    await mallory.say(`said by ${HOSTILE.indexOf(name)}`);
    const message = await ada.see(new RegExp(`said by ${HOSTILE.indexOf(name)}$`));
    assert((await message.textContent()).includes(name), name);
  }
  await assertUnharmed(ada);
});

story('a hostile name and email harm nobody at the page that has them', async (scene) => {
  const ada = await scene.arrive('Ada');
  for (const name of HOSTILE.slice(0, 3)) {
    const mallory = await scene.arrive(name, { email: name });
    await mallory.seeMembers('Ada');
    await mallory.memberButton('Ada').click();
    await mallory.say(name);
    await ada.unread(ada.privates, name, 1).click();
    await ada.heading(name).waitFor();
    await seeText(ada, name);
    await assertUnharmed(mallory);
    await ada.entry(ada.channels, 'general').click();
    await mallory.button('Sign out').click();
    await ada.see(`${name} left the channel`);
  }
  await assertUnharmed(ada);
});

story('a hostile channel is a channel like any other', async (scene) => {
  const [ada, bob] = await scene.arriveBoth();
  for (const channel of HOSTILE) {
    await ada.join(channel);
    await bob.join(channel);
    await ada.see('Bob joined the channel');
    await ada.entry(ada.channels, 'general').click();
    await bob.say('a word');
    await ada.unread(ada.channels, channel, 1).click();
    await ada.see('a word');
    await ada.button('Leave channel').click();
    await ada.entry(ada.channels, channel).waitFor({ state: 'detached' });
  }
  for (const person of [ada, bob]) await assertUnharmed(person);
});

story('a hostile address is a channel like any other', async (scene) => {
  for (const channel of HOSTILE) {
    const ada = await scene.visit('Ada', { path: `/#${encodeURIComponent(channel)}` });
    await ada.signIn();
    await ada.heading(channel).waitFor();
    await assertUnharmed(ada);
    await ada.page.close();
  }
});

async function seeText(person, text) {
  const message = person.messages.filter({ hasText: text }).first();
  await message.waitFor();
}
