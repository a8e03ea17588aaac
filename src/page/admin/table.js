// A table that is asked for, searched, and brought up to date every now and then.

import { element, reconcile, setText } from '../view/dom.js';

const REFRESH_MS = 5_000;
/** After the last key of who writes what is searched for. */
const PAUSE_MS = 250;

export class Table {
  #section;
  #body;
  #note;
  #search;
  #load;
  #cells;
  #keyOf;
  #failed;
  #timer = null;
  /** How often it was asked for: only the latest answer counts. */
  #asked = 0;

  /**
   * `id` is the section's. `load` gets what is searched for and promises `{rows, note}`; a row is a list of cells by `cells`,
   * each `{create, update}`; `failed` is told why there is no answer.
   */
  constructor(id, { load, cells, keyOf, failed }) {
    this.#section = document.getElementById(id);
    this.#body = this.#section.querySelector('tbody');
    this.#note = this.#section.querySelector('.table-note');
    this.#search = this.#section.querySelector('input[type=search]');
    this.#load = load;
    this.#cells = cells;
    this.#keyOf = keyOf;
    this.#failed = failed;
    this.#section.querySelector('form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.refresh();
    });
    this.#search.addEventListener('input', () => this.#refreshIn(PAUSE_MS));
  }

  async refresh() {
    this.#asked += 1;
    const asked = this.#asked;
    clearTimeout(this.#timer);
    try {
      const { rows, note } = await this.#load(this.#search.value.trim());
      if (asked === this.#asked) this.#render(rows, note);
    } catch (refusal) {
      this.#failed(refusal);
    }
    if (asked === this.#asked) this.#refreshIn(REFRESH_MS);
  }

  stop() {
    this.#asked += 1;
    clearTimeout(this.#timer);
  }

  #refreshIn(pause) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.refresh(), pause);
  }

  #render(rows, note) {
    setText(this.#note, note);
    reconcile(this.#body, rows, this.#keyOf, (row) => this.#newRow(row), (made, row) => {
      made.row = row;
      this.#cells.forEach(({ update }, index) => update?.(made.cells[index], row));
    });
  }

  #newRow(row) {
    const made = element('tr', {});
    // What is done later is done to the row as it is then.
    made.append(...this.#cells.map(({ create }) => create(() => made.row ?? row)));
    return made;
  }
}

/** A cell with a text, `write` making it of the row. */
export function text(write, className = '') {
  return {
    create: () => element('td', { className }),
    update: (cell, row) => setText(cell, write(row)),
  };
}
