// The screen on which one chooses a name.

import { flawOfName } from '../names.js';
import { Field } from './field.js';
import { picture } from './picture.js';

const FIGURE = ['Ada', 'Grace', 'Alan', 'Barbara', 'Edsger', 'Katherine', 'Dennis', 'Radia', 'Ken', 'Margaret', 'Tim', 'Karen'];

export class Joining {
  #screen = document.getElementById('joining');
  #name = new Field('name');
  #email = document.getElementById('email');
  #picture = document.getElementById('joining-picture');

  /** `start({name, email})` is called with a name that can be one. */
  constructor(start) {
    document.getElementById('joining-figure').append(...FIGURE.map(picture));
    document.getElementById('joining-form').addEventListener('submit', (event) => {
      event.preventDefault();
      const name = this.#name.text;
      const flaw = flawOfName(name);
      if (flaw) this.#name.refuse(`A name ${flaw}`);
      else start({ name, email: this.#email.value.trim() });
    });
    this.#email.addEventListener('input', () => this.#draw());
  }

  show(profile) {
    this.#screen.hidden = false;
    this.#name.fill(profile?.name ?? '');
    this.#email.value = profile?.email ?? '';
    this.#draw();
    this.#name.focus();
  }

  hide() {
    this.#screen.hidden = true;
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
