// Turns the text of a message into nodes.

import { isLargeEmoji, parse } from '../text/parse.js';
import { element } from './dom.js';

/** Longer ones are folded until asked for. */
const FOLDED_CHARS = 1_600;
const FOLDED_LINES = 20;

export function textElement(message) {
  if (isLong(message)) return folded(message);
  const tokens = parse(message);
  const text = textOf(tokens);
  if (isLargeEmoji(tokens)) text.classList.add('is-large');
  return text;
}

function textOf(tokens) {
  return element('div', { className: 'text', dir: 'auto' }, ...tokens.map(nodeOf));
}

function nodeOf({ kind, text, href }) {
  if (kind === 'link') return element('a', { href, target: '_blank', rel: 'noopener noreferrer nofollow' }, text);
  if (kind === 'code') return element('code', {}, text);
  return text;
}

function isLong(message) {
  return message.length > FOLDED_CHARS || message.split('\n', FOLDED_LINES + 1).length > FOLDED_LINES;
}

/** The beginning of a message, with a way to all of it: what nobody asks for is not in the page. */
function folded(message) {
  const beginning = textOf(beginningOf(message));
  beginning.classList.add('is-folded');
  const unfold = element('button', { type: 'button', className: 'link-button' }, 'Show all of it');
  const frame = element('div', {}, beginning, unfold);
  unfold.addEventListener('click', () => {
    const text = textOf(parse(message));
    // The keyboard stays with the message, whose button is gone.
    text.tabIndex = -1;
    frame.replaceChildren(text);
    text.focus({ preventScroll: true });
  });
  return frame;
}

function beginningOf(message) {
  const tokens = parse(message.slice(0, FOLDED_CHARS));
  const last = tokens.at(-1);
  // Cut off, an address leads elsewhere.
  if (last?.kind === 'link') tokens.splice(-1, 1, { kind: 'text', text: last.text });
  return tokens;
}
