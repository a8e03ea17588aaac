// The lists of channels and people, and who one is.

import { few } from '../words.js';
import { element, nameElement, reconcile, setAttribute, setText } from './dom.js';
import { Field } from './field.js';
import { picture } from './picture.js';

export class Sidebar {
  #channels = document.getElementById('channels');
  #people = document.getElementById('people');
  #peopleHint = document.getElementById('people-hint');
  #dot = document.getElementById('unread-dot');
  #unread = document.getElementById('unread-words');
  #name = document.getElementById('me-name');
  #picture = document.getElementById('me-picture');
  #pictureSeed = null;
  #turnTo;

  /** `join(name)` returns what is wrong with the name, or null. */
  constructor({ turnTo, join, signOut }) {
    this.#turnTo = turnTo;
    const field = new Field('join-channel-name');
    document.getElementById('join-channel').addEventListener('submit', (event) => {
      event.preventDefault();
      const flaw = join(field.text);
      if (flaw === null) field.fill('');
      else field.refuse(flaw);
    });
    document.getElementById('sign-out').addEventListener('click', signOut);
  }

  /** `name` is one's own, by which one signed in. */
  render({ channels, people, current, unread, self }, name) {
    this.#list(this.#channels, channels, current);
    this.#list(this.#people, people, current);
    this.#peopleHint.hidden = people.length > 0;
    this.#dot.hidden = unread === 0;
    setText(this.#unread, unread > 0 ? few(unread, 'unread message') : '');
    setText(this.#name, name);
    this.#name.title = name;
    const seed = self?.avatar ?? null;
    if (this.#pictureSeed === seed) return;
    this.#pictureSeed = seed;
    this.#picture.replaceChildren(...(seed === null ? [] : [picture(seed)]));
  }

  #list(list, conversations, current) {
    reconcile(
      list,
      conversations,
      (conversation) => conversation,
      (conversation) => this.#entry(conversation),
      ({ firstElementChild: button }, conversation) => {
        const { name, unread, isGone } = conversation;
        setAttribute(button, 'aria-current', conversation === current ? 'true' : null);
        setAttribute(button, 'aria-label', unread > 0 ? `${name}, ${unread} unread` : name);
        button.classList.toggle('is-gone', Boolean(isGone));
        const badge = button.lastElementChild;
        badge.hidden = unread === 0;
        setText(badge, unread > 0 ? String(unread) : '');
      },
    );
  }

  #entry(conversation) {
    const sign = conversation.kind === 'channel' ? element('span', { className: 'hash', 'aria-hidden': 'true' }, '#') : picture(conversation.avatar);
    const button = element(
      'button',
      { type: 'button' },
      sign,
      nameElement(conversation.name),
      ' ',
      element('span', { className: 'badge' }),
    );
    button.addEventListener('click', () => this.#turnTo(conversation));
    return element('li', {}, button);
  }
}
