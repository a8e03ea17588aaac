// The screen on which one chooses a name.

import { flawOfName } from '../names.js';
import { picture } from './picture.js';
import { setText } from './dom.js';

const FIGURE = ['Ada', 'Grace', 'Alan', 'Barbara', 'Edsger', 'Katherine', 'Dennis', 'Radia', 'Ken', 'Margaret', 'Tim', 'Karen'];

export class Joining {
  #screen = document.getElementById('joining');
  #name = document.getElementById('name');
  #email = document.getElementById('email');
  #flaw = document.getElementById('name-flaw');
  #picture = document.getElementById('joining-picture');

  /** `start({name, email})` is called with a name that can be one. */
  constructor(start) {
    document.getElementById('joining-figure').append(...FIGURE.map(picture));
    document.getElementById('joining-form').addEventListener('submit', (event) => {
      event.preventDefault();
      const name = this.#name.value.trim();
      const flaw = flawOfName(name);
      if (flaw) this.refuse(`A name ${flaw}`);
      else start({ name, email: this.#email.value.trim() });
    });
    this.#name.addEventListener('input', () => this.#excuse());
    this.#email.addEventListener('input', () => this.#draw());
  }

  show(profile) {
    this.#screen.hidden = false;
    this.#excuse();
    this.#name.value = profile?.name ?? '';
    this.#email.value = profile?.email ?? '';
    this.#draw();
    this.#name.focus();
  }

  hide() {
    this.#screen.hidden = true;
  }

  /** Says why this name cannot be taken. */
  refuse(words) {
    setText(this.#flaw, words);
    this.#name.setAttribute('aria-invalid', 'true');
    this.#name.focus();
  }

  #excuse() {
    setText(this.#flaw, '');
    this.#name.removeAttribute('aria-invalid');
  }

  /** Previews the picture, which only an email decides beforehand, and only a secure page can hash. */
  async #draw() {
    const email = this.#email.value.trim().toLowerCase();
    const seed = email && crypto.subtle ? await sha256(email) : null;
    if (email !== this.#email.value.trim().toLowerCase()) return;
    this.#picture.replaceChildren(...(seed ? [picture(seed)] : []));
  }
}

async function sha256(text) {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
