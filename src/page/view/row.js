// Makes the row of one item of a log: a message, a notice, or what is missing.

import { element, nameElement } from './dom.js';
import { picture, tinted } from './picture.js';
import { textElement } from './text.js';
import { dayName, isSameDay, timeElement } from './time.js';

const GROUP_MS = 5 * 60_000;

/** `previous` is the item before, in the log or not, by which messages are grouped and days begin. */
export function rowOf(item, previous, isFirstUnread) {
  const isNewDay = !previous || !isSameDay(previous.time, item.time);
  const row = element('li', { className: 'row' });
  if (isNewDay) row.append(element('p', { className: 'day' }, dayName(item.time)));
  if (isFirstUnread) row.append(element('p', { className: 'unread-mark' }, 'New'));
  if (item.kind === 'message') {
    const isContinued = !isNewDay && !isFirstUnread && continues(item, previous);
    row.dataset.own = item.isOwn;
    row.classList.toggle('is-head', !isContinued);
    row.append(message(item, isContinued));
  } else {
    row.append({ notice, gap, restart }[item.kind](item));
  }
  return row;
}

/** A row that was the first has something before it now: it may begin no day any more. */
export function joinUp(row, item, previous) {
  if (isSameDay(previous.time, item.time)) row.querySelector('.day')?.remove();
}

/** A message of one's own that the server has not confirmed; `actions` are for one that it refused. */
export function pendingRow({ text, state, reason }, { retrieve, drop }) {
  const row = element('li', { className: 'row', 'data-state': state }, element('div', { className: 'message' }, textElement(text)));
  if (state === 'sending') {
    row.append(element('p', { className: 'fate' }, 'Sending…'));
    return row;
  }
  const edit = element('button', { type: 'button', className: 'link-button', onclick: retrieve }, 'Edit it again');
  const forget = element('button', { type: 'button', className: 'link-button', onclick: drop }, 'Discard');
  row.append(element('p', { className: 'fate', role: 'alert' }, element('strong', {}, 'Not sent. '), `${reason} `, edit, ' ', forget));
  return row;
}

function continues(item, previous) {
  return (
    previous.kind === 'message' && previous.sender.id === item.sender.id && item.time - previous.time < GROUP_MS
  );
}

function message({ sender, avatar, isOwn, text, time }, isContinued) {
  const byline = element('p', { className: 'byline' }, tinted(nameElement(sender.name, 'sender'), avatar));
  if (isOwn) byline.append(' ', element('span', { className: 'you' }, 'you'));
  const article = element('div', { className: 'message' }, byline, timeElement(time), textElement(text));
  if (isContinued) article.classList.add('is-continued');
  else article.prepend(picture(avatar));
  return article;
}

function notice({ event, member, text, time }) {
  const words = { joined: ' joined the channel', left: ' left the channel' }[event];
  const sentence = member && words ? [nameElement(member.name), words] : [element('bdi', {}, text ?? '')];
  return element('p', { className: 'notice' }, ...sentence, ' ', timeElement(time));
}

function gap({ count }) {
  const words = count === 1 ? '1 message or notice is missing here.' : `${count.toLocaleString()} messages or notices are missing here.`;
  return element('p', { className: 'notice gap' }, words);
}

function restart() {
  return element('p', { className: 'notice gap' }, 'The channel began again here; the last messages before that may be missing.');
}
