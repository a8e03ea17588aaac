// The text of a message: links, code, emoji.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMOJI } from '../../src/page/text/emoji.js';
import { isLargeEmoji, parse } from '../../src/page/text/parse.js';

const links = (message) => parse(message).filter(({ kind }) => kind === 'link');
const texts = (message) => parse(message).map(({ text }) => text).join('|');

test('plain text is one token, whatever it looks like', () => {
  const message = '<img src=x onerror=alert(1)> & "more"';
  assert.deepEqual(parse(message), [{ kind: 'text', text: message }]);
  assert.deepEqual(parse(''), []);
});

test('only http and https become links', () => {
  assert.deepEqual(links('see http://a.example and https://b.example/x').map(({ href }) => href), [
    'http://a.example/',
    'https://b.example/x',
  ]);
  for (const message of ['javascript:alert(1)', 'data:text/html,x', 'ftp://a.example', 'https://', 'http://[']) {
    assert.deepEqual(links(message), [], message);
  }
});

test('a link leaves out the punctuation of its sentence', () => {
  assert.equal(texts('(see https://a.example/x).'), '(see |https://a.example/x|).');
  assert.equal(texts('https://a.example/x?!'), 'https://a.example/x|?!');
  assert.equal(texts('“https://a.example/x”'), '“|https://a.example/x|”');
});

test('a link keeps the brackets that it opened', () => {
  assert.equal(texts('https://a.example/x_(y)'), 'https://a.example/x_(y)');
  assert.equal(texts('(https://a.example/x_(y))'), '(|https://a.example/x_(y)|)');
});

test('a link that ends in thousands of brackets is read once, not once for each', () => {
  assert.equal(links(`https://a.example/${')'.repeat(60_000)}`)[0].text, 'https://a.example/');
});

test('short codes become emoji, and unknown ones stay', () => {
  assert.equal(texts(':smile: :nothing: :TADA:'), '😄 :nothing: 🎉');
  assert.equal(texts(':smile::heart:'), '😄❤️');
  assert.equal(texts('at 10:30:20 and :no:smile:'), 'at 10:30:20 and :no😄');
  assert.equal(texts(':constructor: :__proto__:'), ':constructor: :__proto__:');
});

test('code is taken as it is', () => {
  assert.deepEqual(parse('run `a :smile: https://a.example`'), [
    { kind: 'text', text: 'run ' },
    { kind: 'code', text: 'a :smile: https://a.example' },
  ]);
  assert.equal(texts('a lone ` is nothing'), 'a lone ` is nothing');
});

test('a few emoji alone are large', () => {
  const isLarge = (message) => isLargeEmoji(parse(message));
  assert.ok(isLarge(':tada: :sparkles:'));
  assert.ok(isLarge('👩‍👩‍👧'));
  assert.ok(isLarge('🇪🇪🇫🇮'));
  assert.ok(!isLarge('😄😄😄😄'));
  assert.ok(!isLarge('well 😄'));
  assert.ok(!isLarge('123'));
});

test('the marks of a message are limited, and what follows is text', () => {
  const tokens = parse('`a`'.repeat(20_000));
  assert.equal(tokens.length, 101);
  assert.deepEqual(tokens.at(-1), { kind: 'text', text: '`a`'.repeat(19_900) });
});

test('what is almost nothing but emoji is told from it without trying every way to read it', () => {
  for (const emoji of ['⭐', '🇪🇪', '❤️', '👍🏽', '👩‍👧', '\u3000']) {
    assert.ok(!isLargeEmoji(parse(`${emoji.repeat(38).slice(0, 38)}a`)), emoji);
  }
});

test('every short code can be typed and stands for something', () => {
  for (const [name, emoji] of EMOJI) {
    assert.match(name, /^[a-z0-9_+-]{1,32}$/);
    assert.match(emoji, /\p{Extended_Pictographic}/u);
  }
});
