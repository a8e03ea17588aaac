// A text box that says what is wrong with what is in it.

import { setAttribute, setText } from './dom.js';

export class Field {
  #box;
  #flaw;

  /** `id` is the box's; the words are shown in the element of that id and `-flaw`. */
  constructor(id) {
    this.#box = document.getElementById(id);
    this.#flaw = document.getElementById(`${id}-flaw`);
    this.#box.addEventListener('input', () => this.#tell(null));
  }

  get text() {
    return this.#box.value.trim();
  }

  fill(text) {
    this.#box.value = text;
    this.#tell(null);
  }

  /** Says why this text cannot be taken. */
  refuse(words) {
    this.#tell(words);
    this.#box.focus();
  }

  focus() {
    this.#box.focus();
  }

  #tell(flaw) {
    setText(this.#flaw, flaw ?? '');
    setAttribute(this.#box, 'aria-invalid', flaw === null ? null : 'true');
  }
}
