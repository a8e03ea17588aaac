// What is opened: a client or a channel, in a dialog.

import { element, nameElement } from '../view/dom.js';
import { timeElement } from '../view/time.js';
import { nameOf } from './lists.js';
import { age, bytes, count, millis } from './words.js';

const SHOWN = 50;

export class Details {
  #api;
  #does;
  #dialog = document.getElementById('details');
  #title = document.getElementById('details-title');
  #body = document.getElementById('details-body');
  /** How often something was opened: only the latest is shown. */
  #opened = 0;

  /** `does` has what is done from here: `closeClient` and `removeMember`. */
  constructor(api, does) {
    this.#api = api;
    this.#does = does;
    document.getElementById('details-close').addEventListener('click', () => this.close());
    // A click beside it is one on the dialog itself, which has no room of its own.
    this.#dialog.addEventListener('click', ({ target }) => target === this.#dialog && this.close());
  }

  close() {
    this.#opened += 1;
    this.#dialog.close();
  }

  openClient(client) {
    return this.#open(nameOf(client), async () => {
      // One of the chat may have several sessions, and be in channels.
      const { clients } = client.name === undefined ? { clients: [client] } : await this.#api.clients({ named: client.id });
      const sessions = clients.filter(({ id }) => id === client.id);
      if (sessions.length === 0) return [element('p', {}, 'Gone.')];
      return [
        facts([['Id', nameElement(client.id, 'id')]]),
        ...sessions.map((session) => this.#sessionOf(session)),
        element('p', { className: 'deeds' }, deed('Close', () => this.#does.closeClient(client))),
      ];
    });
  }

  openChannel(channel) {
    return this.#open(channel.channel, async () => {
      const isChat = channel.dialect === 'chat';
      const [now, history, members] = await Promise.all([
        this.#api.channel(channel, ''),
        this.#api.channel(channel, '/history', { limit: SHOWN }),
        isChat ? this.#api.channel(channel, '/members', { limit: SHOWN }) : null,
      ]);
      return [
        facts([
          ['Kind', channel.dialect],
          ['Members', count(now.count)],
          ...(isChat ? [['Last number', count(now.seq)], ['Epoch', String(now.epoch)]] : []),
          ['Kept', `${count(now.kept_messages)} messages, ${bytes(now.kept_bytes)}`],
        ]),
        ...(members ? this.#membersOf(channel, members) : []),
        element('h3', {}, 'The latest that was said'),
        element('ol', { className: 'said' }, ...history.messages.map(isChat ? said : relayed)),
      ];
    });
  }

  async #open(title, load) {
    this.#opened += 1;
    const opened = this.#opened;
    this.#title.replaceChildren(nameElement(title));
    this.#body.replaceChildren(element('p', {}, 'Asking …'));
    if (!this.#dialog.open) this.#dialog.showModal();
    try {
      const parts = await load();
      if (opened === this.#opened) this.#body.replaceChildren(...parts);
    } catch (refusal) {
      if (opened === this.#opened) this.#body.replaceChildren(element('p', { className: 'flaw' }, refusal.message));
    }
  }

  #sessionOf(session) {
    const { connection, node, dialect, unsent_bytes: unsent, lag_ms: lag, age_seconds: seconds, channels = [] } = session;
    const here = connection === undefined ? [] : [
      ['Connection', connection],
      ['Unsent', bytes(unsent)],
      ['Lag', millis(lag)],
      ['Age', age(seconds)],
    ];
    const place = node === undefined ? [] : [['Node', String(node)]];
    const list = channels.map((channel) => element('li', {},
      deed(nameElement(channel), () => this.openChannel({ channel, dialect }), 'link-button')));
    return element('section', { className: 'session' },
      facts([['Kind', dialect], ...place, ...here]),
      ...(list.length > 0 ? [element('h3', {}, 'Channels'), element('ul', { className: 'names' }, ...list)] : []));
  }

  #membersOf(channel, { members, count: all }) {
    const rows = members.map((member) => element('li', {},
      deed(nameElement(member.name), () => this.openClient(member), 'link-button'),
      deed('Remove', () => this.#does.removeMember(channel, member), '', `Remove ${member.name}`)));
    const title = members.length < all ? `${count(members.length)} of ${count(all)} members` : 'Members';
    return [element('h3', {}, title), element('ul', { className: 'member-list' }, ...rows)];
  }
}

function facts(entries) {
  return element('dl', { className: 'facts' },
    ...entries.flatMap(([term, fact]) => [element('dt', {}, term), element('dd', {}, fact)]));
}

function deed(content, onclick, className = '', label = null) {
  return element('button', { type: 'button', className, onclick, ...(label && { 'aria-label': label }) }, content);
}

function said({ time, sender, message, data }) {
  const parts = [timeElement(time), ' '];
  if (sender) parts.push(nameElement(sender.name, 'name sender'), ' ');
  return element('li', {}, ...parts, element('bdi', {}, message ?? JSON.stringify(data)));
}

function relayed({ text, binary_bytes: length }) {
  return element('li', {}, text === undefined ? `binary, ${bytes(length)}` : element('bdi', {}, text));
}
