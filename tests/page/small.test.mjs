// The page's small decisions: waits, names, pictures, words.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hueOf, patternOf, PICTURE_SIZE } from '../../src/page/avatar.js';
import { Backoff } from '../../src/page/hubbub/backoff.js';
import { flawOfName } from '../../src/page/names.js';
import { few, wordsForClose, wordsForError } from '../../src/page/words.js';

test('waits grow from one second to thirty, and begin again after success', () => {
  const backoff = new Backoff(() => 1);
  const waits = Array.from({ length: 7 }, () => backoff.next());
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  backoff.reset();
  assert.equal(backoff.next(), 1_000);
});

test('waits are spread over their whole range', () => {
  assert.equal(new Backoff(() => 0).next(), 0);
  assert.equal(new Backoff(() => 0.5).next(), 500);
});

test('a name has 1 to 64 characters, none of them a control character', () => {
  for (const name of ['Ada', 'é'.repeat(64), '😄'.repeat(64), '<b>', '\u202eabc', '__proto__']) {
    assert.equal(flawOfName(name), null, name);
  }
  for (const name of ['', '  ', 'a'.repeat(65), 'a\u0000', 'a\nb', 'a\u0085']) {
    assert.notEqual(flawOfName(name), null, name);
  }
});

test('a picture depends on its seed alone', () => {
  assert.deepEqual(patternOf('ada'), patternOf('ada'));
  assert.notDeepEqual(patternOf('ada'), patternOf('grace'));
  assert.equal(hueOf('ada'), hueOf('ada'));
  assert.ok(new Set(Array.from({ length: 200 }, (_, seed) => hueOf(`${seed}`))).size > 20);
});

test('a picture stays within its square', () => {
  for (const path of Object.values(patternOf('ada'))) {
    for (const number of path.match(/-?[\d.]+/g) ?? []) assert.ok(number >= 0 && number <= PICTURE_SIZE);
  }
});

test('errors and endings have words, known or not', () => {
  assert.equal(wordsForError({ code: 'bad-json', message: 'not JSON' }), 'Not JSON.');
  assert.match(wordsForError({}), /server/);
  assert.match(wordsForClose(4001), /slow/);
  assert.match(wordsForClose(4999), /4999/);
  assert.equal(few(1, 'member'), '1 member');
  assert.equal(few(3, 'member'), '3 members');
});
