// Turns the text of a message into nodes.

import { isLargeEmoji, parse } from '../text/parse.js';
import { element } from './dom.js';

/** Longer ones are folded until asked for. */
const FOLDED_CHARS = 1_600;
const FOLDED_LINES = 20;

export function textElement(message) {
  const tokens = parse(message);
  const text = element('div', { className: 'text', dir: 'auto' }, ...tokens.map(nodeOf));
  if (isLargeEmoji(tokens)) text.classList.add('is-large');
  return isLong(message) ? folded(text) : text;
}

function nodeOf({ kind, text, href }) {
  if (kind === 'link') return element('a', { href, target: '_blank', rel: 'noopener noreferrer nofollow' }, text);
  if (kind === 'code') return element('code', {}, text);
  return text;
}

function isLong(message) {
  return message.length > FOLDED_CHARS || message.split('\n', FOLDED_LINES + 1).length > FOLDED_LINES;
}

function folded(text) {
  text.classList.add('is-folded');
  const unfold = element('button', { type: 'button', className: 'link-button' }, 'Show all of it');
  unfold.addEventListener('click', () => {
    text.classList.remove('is-folded');
    unfold.remove();
  });
  return element('div', {}, text, unfold);
}
