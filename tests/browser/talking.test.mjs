// Two people at their pages: who they are, what they say, and how they come and go.

import assert from 'node:assert/strict';

import { story } from './support/story.mjs';

story('what one says, both see, with its sender and its time', async (scene) => {
  const ada = await scene.arrive('Ada', { email: 'ada@example.org' });
  const bob = await scene.arrive('Bob');
  await ada.say('Hello, Bob');
  await bob.see('Hello, Bob');
  await bob.say('Hello, Ada');
  for (const person of [ada, bob]) {
    for (const [sender, text] of [['Ada', 'Hello, Bob'], ['Bob', 'Hello, Ada']]) {
      const message = await person.see(text);
      assert.match(await message.innerText(), new RegExp(sender));
      const time = new Date(await message.locator('time').first().getAttribute('datetime'));
      assert(Math.abs(Date.now() - time) < 60_000, `${person.name} sees it said at ${time}`);
    }
  }
  assert.equal(await ada.messageBox.inputValue(), '');
});

story('own messages are told from those of others', async (scene) => {
  const [ada, bob] = await scene.arriveBoth();
  await ada.say('by Ada');
  await bob.see('by Ada');
  await bob.say('by Bob');
  await ada.see('by Bob');
  await bob.see('by Bob');
  const own = (person, text) => person.message(text).and(person.page.locator('[data-own="true"]')).count();
  assert.deepEqual([await own(ada, 'by Ada'), await own(ada, 'by Bob')], [1, 0]);
  assert.deepEqual([await own(bob, 'by Ada'), await own(bob, 'by Bob')], [0, 1]);
});

story('members and notices follow who comes and goes', async (scene) => {
  const ada = await scene.arrive('Ada');
  await ada.seeMembers();
  const bob = await scene.arrive('Bob', { email: 'bob@example.org' });
  await ada.see('Bob joined the channel');
  await ada.seeMembers('Bob');
  await bob.seeMembers('Ada');
  const cleo = await scene.arrive('Cleo');
  await ada.see('Cleo joined the channel');
  await ada.seeMembers('Bob', 'Cleo');
  await bob.page.close();
  await ada.see('Bob left the channel');
  await ada.seeMembers('Cleo');
  await cleo.seeMembers('Ada');
});

story('who signs out leaves, and is asked for a name again', async (scene) => {
  const [ada, bob] = await scene.arriveBoth();
  await bob.button('Sign out').click();
  await bob.startButton.waitFor();
  assert.equal(await bob.nameBox.inputValue(), '');
  await ada.see('Bob left the channel');
  await bob.page.reload();
  await bob.startButton.waitFor();
});

story('who signs in where somebody else was before finds nothing of theirs', async (scene) => {
  const page = await scene.arrive('Ada');
  await page.say('said by Ada');
  await page.see('said by Ada');
  await page.button('Sign out').click();
  page.name = 'Bob';
  await page.signIn();
  await page.seeMembers();
  await page.log.getByText('Older messages are not kept.').waitFor();
  assert.equal(await page.log.getByText('Nothing said yet').isVisible(), false);
  await page.entry(page.channels, 'general').click();
  await page.say('said by Bob');
  await page.see('said by Bob');
  assert.equal(await page.page.getByText('Ada').count(), 0);
}, ['--history', '0']);

story('a page that is loaded again goes on with its name and its channels', async (scene) => {
  const [ada, bob] = await scene.arriveBoth();
  await bob.join('garden');
  await bob.page.reload();
  await bob.isIn('garden');
  await bob.entry(bob.channels, 'general').click();
  await bob.isIn('general');
  await bob.say('back again');
  await ada.see('back again');
});

story('two of the same name are two people', async (scene) => {
  const first = await scene.arrive('Ada');
  const second = await scene.arrive('Ada');
  await first.say('said by one');
  await second.see('said by one');
  assert.equal(await second.page.locator('[data-own="true"]').count(), 0);
  await first.seeMembers('Ada');
});

story('an empty name does not get in', async (scene) => {
  const nobody = await scene.visit('nobody');
  for (const name of ['', '   ']) {
    await nobody.nameBox.fill(name);
    await nobody.startButton.click();
    assert(await nobody.startButton.isVisible());
    assert.equal(await nobody.log.count(), 0);
  }
});
