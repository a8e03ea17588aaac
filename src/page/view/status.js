// Says how the connection is.

import { setText } from './dom.js';

const WORDS = new Map([
  ['connecting', 'Connecting…'],
  ['connected', 'Connected'],
  ['waiting', 'Disconnected. Trying again'],
  ['refused', 'Not let in'],
]);

export class Status {
  #frame = document.getElementById('state');
  #words = document.getElementById('status-words');
  #wait = document.getElementById('status-wait');
  #tryNow = document.getElementById('try-now');
  #ticking = null;

  constructor(tryNow) {
    this.#tryNow.addEventListener('click', tryNow);
  }

  render({ state, retryAt }) {
    clearInterval(this.#ticking);
    const isWaiting = state === 'waiting';
    this.#frame.dataset.phase = state;
    setText(this.#words, WORDS.get(state) ?? '');
    this.#tryNow.hidden = !isWaiting && state !== 'refused';
    const tick = () => setText(this.#wait, isWaiting ? `in ${secondsUntil(retryAt)} s` : '');
    tick();
    if (isWaiting) this.#ticking = setInterval(tick, 500);
  }
}

function secondsUntil(time) {
  return Math.max(1, Math.ceil((time - Date.now()) / 1000));
}
