// A panel that is a drawer where the screen is narrow: out of reach until it is opened, alone in reach while it is.

export class Drawer {
  static #open = null;
  #panel;
  #button;
  #narrow;

  #opened;

  constructor({ panel, button, close, query, opened = () => {} }) {
    this.#opened = opened;
    this.#panel = document.getElementById(panel);
    this.#button = document.getElementById(button);
    this.#narrow = matchMedia(query);
    this.#narrow.addEventListener('change', () => this.close());
    this.#button.addEventListener('click', () => this.open());
    document.getElementById(close).addEventListener('click', () => this.close());
    this.#apply();
  }

  /** Closes the one that is open; says whether one was. */
  static closeOpen() {
    const open = Drawer.#open;
    open?.close();
    return open !== null;
  }

  open() {
    Drawer.closeOpen();
    Drawer.#open = this;
    this.#apply();
    this.#opened();
    this.#panel.querySelector('[aria-current], button, input')?.focus();
  }

  close() {
    const wasOpen = this.#isOpen;
    if (wasOpen) Drawer.#open = null;
    this.#apply();
    if (wasOpen) this.#button.focus();
  }

  get #isOpen() {
    return Drawer.#open === this;
  }

  #apply() {
    this.#panel.classList.toggle('is-open', this.#isOpen);
    this.#panel.inert = this.#narrow.matches && !this.#isOpen;
    this.#button.setAttribute('aria-expanded', String(this.#isOpen));
    document.getElementById('conversation').inert = Drawer.#open !== null;
    document.getElementById('scrim').hidden = Drawer.#open === null;
  }
}
