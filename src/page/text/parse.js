// Splits the text of a message into what a reader sees: words, links, code and emoji. It makes no markup.

import { EMOJI } from './emoji.js';

const PATTERN = /`(?<code>[^`\n]+)`|(?<link>https?:\/\/[^\s<>"`]+)|:(?<name>[a-z0-9_+-]{1,32})(?=:)/giu;
/** One class, since a character that two alternatives match makes the failures exponential; flags are of the first. */
const EMOJI_ONLY = /^[\p{Emoji_Presentation}\p{Extended_Pictographic}\u200d\ufe0f\u{1f3fb}-\u{1f3ff}\s]+$/u;
/** Links and code in one message, beyond which the rest is text: each of them is an element of the page. */
const MARKS_MAX = 100;
const GRAPHEMES_OF_LARGE_EMOJI = 3;
const PUNCTUATION = /[.,:;!?'"*_~…»”’]/u;
const CLOSERS = { ')': '(', ']': '[', '}': '{' };

/** Tokens, each `{kind: 'text' | 'code' | 'link', text}`, links also with `href`. Their texts make up the message. */
export function parse(message) {
  const tokens = [];
  let position = 0;
  let marks = 0;
  for (const match of message.matchAll(PATTERN)) {
    if (marks === MARKS_MAX) break;
    if (match.index < position) continue;
    const token = tokenOf(match);
    if (!token) continue;
    pushText(tokens, message.slice(position, match.index));
    if (token.kind === 'text') {
      pushText(tokens, token.text);
    } else {
      tokens.push(token);
      marks += 1;
    }
    position = match.index + (token.length ?? match[0].length);
  }
  pushText(tokens, message.slice(position));
  return tokens;
}

/** Whether a message is nothing but a few emoji, which are then worth showing large. */
export function isLargeEmoji(tokens) {
  if (tokens.length !== 1 || tokens[0].kind !== 'text') return false;
  const text = tokens[0].text.trim();
  return text.length <= 40 && EMOJI_ONLY.test(text) && graphemes(text) <= GRAPHEMES_OF_LARGE_EMOJI;
}

/** The token that a match begins, `length` characters long where that is not the whole match; nothing if it is none. */
function tokenOf({ groups: { code, link, name } }) {
  if (code !== undefined) return { kind: 'code', text: code };
  if (name !== undefined) {
    const emoji = EMOJI.get(name.toLowerCase());
    return emoji && { kind: 'text', text: emoji, length: name.length + 2 };
  }
  const text = withoutTrailingPunctuation(link);
  const url = safeUrl(text);
  return url && { kind: 'link', text, href: url.href, length: text.length };
}

function safeUrl(text) {
  try {
    const url = new URL(text);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url : null;
  } catch {
    return null;
  }
}

/** A sentence's punctuation is not the link's, and a closing bracket is only where the link also opened it. */
function withoutTrailingPunctuation(link) {
  const counts = new Map();
  for (const char of link) counts.set(char, (counts.get(char) ?? 0) + 1);
  let end = link.length;
  for (; end > 0; end -= 1) {
    const last = link[end - 1];
    const isUnbalanced = last in CLOSERS && counts.get(last) > (counts.get(CLOSERS[last]) ?? 0);
    if (!isUnbalanced && !PUNCTUATION.test(last)) break;
    counts.set(last, counts.get(last) - 1);
  }
  return link.slice(0, end);
}

function graphemes(text) {
  const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text);
  return [...segments].filter(({ segment }) => segment.trim() !== '').length;
}

function pushText(tokens, text) {
  if (text === '') return;
  const last = tokens.at(-1);
  if (last?.kind === 'text') last.text += text;
  else tokens.push({ kind: 'text', text });
}
