// The tables of clients and of channels.

import { element, setAttribute, setText } from '../view/dom.js';
import { Table, text } from './table.js';
import { age, bytes, count, millis, UNKNOWN } from './words.js';

const LISTED = 50;

export class Lists {
  #api;
  #clients;
  #channels;
  #rank = 'unsent';

  /** `does` has what is done to a row: `openClient`, `closeClient`, `openChannel`; and `failed`. */
  constructor(api, does) {
    this.#api = api;
    const { failed } = does;
    this.#clients = new Table('clients', {
      failed,
      keyOf: ({ id, connection }) => `${connection ?? ''} ${id}`,
      load: (wanted) => this.#loadClients(wanted),
      cells: [
        opener(nameOf, does.openClient),
        text(({ dialect }) => dialect, 'wide'),
        text(({ channel_count: channels }) => count(channels), 'number wide'),
        text(({ unsent_bytes: unsent }) => known(unsent, bytes), 'number'),
        text(({ lag_ms: lag }) => (lag ? millis(lag) : UNKNOWN), 'number'),
        text(({ age_seconds: seconds }) => known(seconds, age), 'number wide'),
        closer(does.closeClient),
      ],
    });
    this.#channels = new Table('channels', {
      failed,
      keyOf: ({ dialect, channel }) => `${dialect} ${channel}`,
      load: (wanted) => this.#loadChannels(wanted),
      cells: [
        opener(({ channel }) => channel, does.openChannel),
        text(({ dialect }) => dialect, 'wide'),
        text(({ count: members }) => count(members), 'number'),
        text(({ seq }) => known(seq, count), 'number'),
        text(({ kept_bytes: kept }) => bytes(kept), 'number wide'),
      ],
    });
    for (const button of document.querySelectorAll('#clients [data-rank]')) {
      button.addEventListener('click', () => this.#sort(button.dataset.rank));
    }
  }

  refresh() {
    this.#clients.refresh();
    this.#channels.refresh();
  }

  stop() {
    this.#clients.stop();
    this.#channels.stop();
  }

  #sort(rank) {
    this.#rank = rank;
    for (const button of document.querySelectorAll('#clients [data-rank]')) {
      setAttribute(button.closest('th'), 'aria-sort', button.dataset.rank === rank ? 'descending' : null);
    }
    this.#clients.refresh();
  }

  async #loadClients(wanted) {
    const query = wanted === '' ? { sort: this.#rank } : { named: wanted };
    const { clients } = await this.#api.clients({ ...query, limit: LISTED });
    const note = wanted === '' ? `The first ${LISTED} by ${RANKS[this.#rank]}.` : 'Those with exactly this id or name, at all servers.';
    return { rows: clients, note: clients.length > 0 ? note : 'No client.' };
  }

  async #loadChannels(wanted) {
    const dialects = ['chat', 'relay'];
    const lists = await Promise.all(dialects.map((dialect) => this.#api.channels({ dialect, prefix: wanted, limit: LISTED })));
    const rows = lists.flatMap(({ channels }, index) => channels.map((channel) => ({ ...channel, dialect: dialects[index] })));
    const isAll = lists.every(({ next }) => next === undefined);
    return { rows, note: rows.length === 0 ? 'No channel.' : isAll ? '' : `The first ${LISTED} of each kind; search for others.` };
  }
}

const RANKS = { unsent: 'what waits for them', lag: 'how long it has waited', age: 'age' };

/** How a client is called: by its name, or else its id. */
export function nameOf({ name, id }) {
  return name ?? id;
}

function known(value, write) {
  return value === undefined ? UNKNOWN : write(value);
}

function opener(write, open) {
  return {
    create(row) {
      const button = element('button', { type: 'button', className: 'link-button', onclick: () => open(row()) }, element('bdi', { className: 'name' }));
      return element('th', { scope: 'row' }, button);
    },
    update: (cell, row) => setText(cell.firstChild.firstChild, write(row)),
  };
}

function closer(close) {
  return {
    create(row) {
      return element('td', { className: 'deed' }, element('button', { type: 'button', onclick: () => close(row()) }, 'Close'));
    },
    update: (cell, row) => setAttribute(cell.firstChild, 'aria-label', `Close ${nameOf(row)}`),
  };
}
