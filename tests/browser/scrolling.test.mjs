// Long conversations: staying at the end, reading back, and a bounded page.

import assert from 'node:assert/strict';

import { story } from './support/story.mjs';
import { eventually } from './support/waiting.mjs';

const MANY = 10_000;
/** Elements of the whole page, far fewer than there are messages. */
const MOST_ELEMENTS = 5_000;
/** The same where every message has as much in it as one may have. */
const MOST_ELEMENTS_OF_LONG = 30_000;

story('the conversation stays at its end until one reads back, and returns there', async (scene) => {
  const [ada, script] = await hearHundred(scene);
  await ada.latestButton.waitFor({ state: 'hidden' });
  await readBack(ada);
  const reading = await firstInView(ada);
  const place = await placeOf(ada, reading);
  await script.say(...numbered(101, 110));
  await ada.latestButton.filter({ hasText: '10' }).waitFor();
  assert.equal(await isInView(ada, 'message 110.'), false);
  const placeNow = await placeOf(ada, reading);
  assert(Math.abs(placeNow - place) <= 1, `what one reads moved from ${place} to ${placeNow}`);

  await ada.latestButton.click();
  await eventuallyInView(ada, 'message 110.');
  await ada.latestButton.waitFor({ state: 'hidden' });
  await script.say(...numbered(111, 112));
  await eventuallyInView(ada, 'message 112.');
});

story('who says something is taken to the end', async (scene) => {
  const [ada] = await hearHundred(scene);
  await readBack(ada);
  await ada.say('my own words');
  await eventuallyInView(ada, 'my own words');
});

story(`${MANY} messages leave a page of bounded size, with the last one in view`, async (scene) => {
  const ada = await scene.arrive('Ada');
  const script = await scene.script('Script');
  await script.say(...numbered(1, MANY));
  await eventuallyInView(ada, `message ${MANY}.`);
  const elements = await ada.page.evaluate(() => document.querySelectorAll('*').length);
  assert(elements < MOST_ELEMENTS, `${elements} elements`);

  await ada.log.hover();
  await eventually(async () => {
    await ada.page.mouse.wheel(0, -100_000);
    assert(await ada.log.getByText('Older messages are not kept').isVisible(), 'the beginning is reached');
  });
  await ada.latestButton.click();
  await eventuallyInView(ada, `message ${MANY}.`);
  await ada.say('and one more');
  await eventuallyInView(ada, 'and one more');
});

story('long messages full of code leave a page of bounded size too, and can be read in full', async (scene) => {
  const ada = await scene.arrive('Ada');
  const script = await scene.script('Script');
  const long = '`a` '.repeat(1_000);
  await script.say(...Array.from({ length: 100 }, () => long), `the last: ${long}the end`);
  const last = await ada.see('the last: ');
  const elements = await ada.page.evaluate(() => document.querySelectorAll('*').length);
  assert(elements < MOST_ELEMENTS_OF_LONG, `${elements} elements`);
  await last.getByRole('button', { name: 'Show all of it', exact: true }).click();
  await ada.see('the end');
});

story('who unfolds the last message is left to read it', async (scene) => {
  const ada = await scene.arrive('Ada');
  const script = await scene.script('Script');
  await script.say('long\n'.repeat(200));
  await ada.button('Show all of it').focus();
  await ada.page.keyboard.press('Enter');
  await ada.latestButton.waitFor();
  assert.match(await ada.page.evaluate(() => document.activeElement.textContent), /^long\n/);
  await script.say('meanwhile');
  await ada.latestButton.filter({ hasText: '1 new' }).waitFor();
  assert.equal(await isInView(ada, 'meanwhile'), false);
});

async function hearHundred(scene) {
  const ada = await scene.arrive('Ada');
  const script = await scene.script('Script');
  await script.say(...numbered(1, 100));
  await eventuallyInView(ada, 'message 100.');
  return [ada, script];
}

async function readBack(person) {
  await person.log.hover();
  await person.page.mouse.wheel(0, -1500);
  await person.latestButton.waitFor();
}

function numbered(first, last) {
  return Array.from({ length: last - first + 1 }, (_, index) => `message ${first + index}.`);
}

async function eventuallyInView(person, text) {
  await eventually(async () => assert(await isInView(person, text), `${text} is in view`));
}

/** Whether the last line of a message is where one can see it. */
async function isInView(person, text) {
  const message = person.message(text);
  if (await message.count() !== 1) return false;
  return message.evaluate((element) => {
    const { left, bottom } = element.getBoundingClientRect();
    return element.contains(document.elementFromPoint(left + 1, bottom - 1));
  });
}

async function firstInView(person) {
  for (const text of numbered(1, 100)) {
    if (await isInView(person, text)) return text;
  }
  throw new Error('none of the messages is in view');
}

async function placeOf(person, text) {
  return (await person.message(text).boundingBox()).y;
}
