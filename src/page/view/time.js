// Writes times as the reader's locale does.

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const dayOfYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });

import { element } from './dom.js';

export function timeElement(time) {
  const date = new Date(time);
  return element('time', { dateTime: date.toISOString(), title: full.format(date) }, clock.format(date));
}

export function isSameDay(one, other) {
  return new Date(one).toDateString() === new Date(other).toDateString();
}

/** "Today", "Yesterday", "Monday, 3 May", "3 May 2019". */
export function dayName(time, now = new Date()) {
  const date = new Date(time);
  const midnight = (of) => new Date(of.getFullYear(), of.getMonth(), of.getDate());
  const days = Math.round((midnight(date) - midnight(now)) / 86_400_000);
  if (days === 0 || days === -1) return capitalised(relative.format(days, 'day'));
  return (date.getFullYear() === now.getFullYear() ? day : dayOfYear).format(date);
}

function capitalised(text) {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
