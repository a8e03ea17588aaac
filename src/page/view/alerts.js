// Tells errors in words, until they are dismissed.

import { element, icon } from './dom.js';
import { keepingFocus } from './focus.js';

const ALERTS_MAX = 3;

export class Alerts {
  #list = document.getElementById('alerts');

  /** Adds an alert; one of a `kind` takes the place of the last of its kind, unless that says the same. */
  add(words, kind = words) {
    if (this.#of(kind)?.textContent === words) return;
    this.remove(kind);
    const dismiss = element('button', { type: 'button', className: 'icon-button', 'aria-label': 'Dismiss' }, icon('close'));
    const alert = element('div', { className: 'alert' }, element('p', {}, words), dismiss);
    alert.dataset.kind = kind;
    dismiss.addEventListener('click', () => this.remove(kind));
    this.#list.append(alert);
    if (this.#list.children.length > ALERTS_MAX) this.remove(this.#list.firstElementChild.dataset.kind);
  }

  remove(kind) {
    keepingFocus(() => this.#of(kind)?.remove());
  }

  #of(kind) {
    return [...this.#list.children].find((alert) => alert.dataset.kind === kind);
  }

  clear() {
    this.#list.replaceChildren();
  }
}
