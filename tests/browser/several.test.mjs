// Two people at the pages of two servers that are one hub.

import assert from 'node:assert/strict';

import { NO_SERVER } from './support/server.mjs';
import { storyOfTwoServers } from './support/story.mjs';

storyOfTwoServers('people of two servers see each other come and go, talk, and write to each other in private', async (scene) => {
  const [ada, bob] = await arriveApart(scene);
  await ada.see('Bob joined the channel');
  await ada.say('Hello, Bob');
  await bob.see('Hello, Bob');
  await bob.say('Hello, Ada');
  await ada.see('Hello, Ada');

  await ada.memberButton('Bob').click();
  await ada.heading('Bob').waitFor();
  await ada.say('just between us');
  await bob.unread(bob.privates, 'Ada', 1).click();
  await bob.see('just between us');
  await bob.say('our secret');
  await ada.see('our secret');

  await ada.entry(ada.channels, 'general').click();
  await bob.page.close();
  await ada.see('Bob left the channel');
  await ada.seeMembers();
});

storyOfTwoServers('the people of a server that was killed vanish from the page of another, and come back to it', async (scene) => {
  const [ada, bob] = await arriveApart(scene);
  const watcher = await scene.script('Eve', 'general');
  await ada.seeMembers('Bob', 'Eve');
  const notice = watcher.page.evaluate(() => window.received(({ event }) => event === 'left'));
  bob.tolerate(NO_SERVER);
  await scene.servers[1].kill();
  await ada.see('Bob left the channel');
  await ada.seeMembers('Eve');
  assert.equal((await notice).reason, 'node-lost');

  await scene.servers[1].start();
  await bob.isIn('general');
  await bob.seeMembers('Ada', 'Eve');
  await ada.seeMembers('Bob', 'Eve');
  await bob.say('back again');
  await ada.see('back again');
});

/** Ada at the first server and Bob at the other, who see each other. */
async function arriveApart(scene) {
  const [ada, bob] = [await scene.arrive('Ada'), await scene.arrive('Bob', { base: scene.servers[1].url })];
  await ada.seeMembers('Bob');
  await bob.seeMembers('Ada');
  return [ada, bob];
}
