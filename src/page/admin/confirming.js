// Asks before something is done that cannot be undone.

import { setText } from '../view/dom.js';

export class Confirming {
  #dialog = document.getElementById('confirming');
  #title = document.getElementById('confirming-title');
  #words = document.getElementById('confirming-words');
  #how = document.getElementById('confirming-how');
  #reason = document.getElementById('confirming-reason');
  #button = document.getElementById('confirming-do');
  #answer = null;

  constructor() {
    document.getElementById('confirming-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#end({ reason: this.#reason.value.trim() });
    });
    document.getElementById('confirming-cancel').addEventListener('click', () => this.#end(null));
    this.#dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      this.#end(null);
    });
  }

  /** Promises how it is to be done, `{reason}`, or null if it is not. */
  ask({ title, words, button, takesReason }) {
    setText(this.#title, title);
    setText(this.#words, words);
    setText(this.#button, button);
    this.#how.hidden = !takesReason;
    this.#reason.value = '';
    this.#dialog.showModal();
    return new Promise((resolve) => { this.#answer = resolve; });
  }

  #end(answer) {
    this.#dialog.close();
    this.#answer?.(answer);
    this.#answer = null;
  }
}
