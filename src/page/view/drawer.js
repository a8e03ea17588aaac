// A panel that is a drawer where the screen is narrow: out of reach until it is opened, alone in reach while it is.

export class Drawer {
  static #all = [];
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
    Drawer.#all.push(this);
    Drawer.#apply();
  }

  static closeOpen() {
    Drawer.#open?.close();
  }

  open() {
    Drawer.closeOpen();
    Drawer.#open = this;
    Drawer.#apply();
    this.#opened();
    this.#panel.querySelector('[aria-current], button, input')?.focus();
  }

  close() {
    const wasOpen = Drawer.#open === this;
    if (wasOpen) Drawer.#open = null;
    Drawer.#apply();
    if (wasOpen) this.#button.focus();
  }

  static #apply() {
    const isAnyOpen = Drawer.#open !== null;
    for (const drawer of Drawer.#all) {
      const isOpen = drawer === Drawer.#open;
      drawer.#panel.classList.toggle('is-open', isOpen);
      drawer.#panel.inert = !isOpen && (isAnyOpen || drawer.#narrow.matches);
      drawer.#button.setAttribute('aria-expanded', String(isOpen));
    }
    document.getElementById('conversation').inert = isAnyOpen;
    document.getElementById('scrim').hidden = !isAnyOpen;
  }
}
