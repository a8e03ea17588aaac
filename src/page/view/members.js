// The list of who is in the channel.

import { few } from '../words.js';
import { element, nameElement, reconcile, setText } from './dom.js';
import { picture } from './picture.js';

const PAGE = 100;
const order = new Intl.Collator(undefined, { numeric: true });

export class Members {
  #panel = document.getElementById('members');
  #title = document.getElementById('members-title');
  #list = document.getElementById('members-list');
  #more = document.getElementById('members-more');
  #shown = PAGE;
  #rendered = null;
  #meet;

  constructor(meet) {
    this.#meet = meet;
    this.#more.addEventListener('click', () => {
      this.#shown += PAGE;
      this.#renderList(this.#rendered.channel, this.#rendered.isOwn);
    });
  }

  /** Whether the list is on screen, as a panel or a drawer. */
  get isVisible() {
    return !this.#panel.inert;
  }

  render(channel, isOwn) {
    const isSame = this.#rendered?.channel === channel;
    if (isSame && this.#rendered.version === channel.membersVersion) return;
    if (!isSame) this.#shown = PAGE;
    this.#rendered = { channel, isOwn, version: channel.membersVersion };
    setText(this.#title, few(channel.count, 'member'));
    this.#renderList(channel, isOwn);
  }

  #renderList(channel, isOwn) {
    const members = [...channel.members.values()].sort(
      (one, other) => isOwn(other.id) - isOwn(one.id) || order.compare(one.name, other.name),
    );
    const shown = members.slice(0, this.#shown);
    reconcile(this.#list, shown, ({ id }) => id, (member) => this.#entry(member, isOwn(member.id)));
    const isMore = members.length > shown.length;
    const unlisted = channel.count - members.length;
    this.#more.hidden = !isMore && unlisted <= 0;
    this.#more.disabled = !isMore;
    setText(this.#more, isMore ? 'Show more' : `and ${unlisted.toLocaleString()} more`);
  }

  #entry(member, isOwn) {
    const inside = [picture(member.avatar), nameElement(member.name)];
    if (isOwn) return element('li', {}, element('span', { className: 'member' }, ...inside, ' ', element('span', { className: 'you' }, '(you)')));
    const button = element('button', { type: 'button', className: 'member', 'aria-label': `Message ${member.name}` }, ...inside);
    button.addEventListener('click', () => this.#meet(member));
    return element('li', {}, button);
  }
}
