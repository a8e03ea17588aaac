// Shows a window of a conversation's items and moves it as one reads back, at a bounded number of elements.

import { few } from '../words.js';
import { reconcile, setText } from './dom.js';
import { joinUp, pendingRow, rowOf } from './row.js';

/** Rows that are shown at first, and added at once when the reader comes near an edge. */
const PAGE = 60;
const ROWS_MAX = 240;
/** How near an edge more is shown, and how near the end still counts as the end, in CSS pixels. */
const NEAR = 600;
const AT_END = 40;
/** More at once than this is not read out. */
const ANNOUNCED_MAX = 5;

/** What stands before the first item, by what there is before it. */
const BEFORE = new Map([
  ['dropped', 'Older messages are not kept on this page.'],
  ['gone', 'Older messages are not kept.'],
]);

export class Log {
  #scroller = document.getElementById('log');
  #oldest = document.getElementById('log-oldest');
  #list = document.getElementById('log-items');
  #pending = document.getElementById('log-pending');
  #empty = document.getElementById('log-empty');
  #latest = document.getElementById('latest');
  #latestCount = document.getElementById('latest-count');
  #conversation = null;
  /** The numbers of the items shown: from `start` on, up to but without `end`. */
  #start = 0;
  #end = 0;
  /** Whether the end is kept in view as messages come in. */
  #isFollowing = true;
  #receivedWhenLeft = 0;
  #unreadFrom = null;
  #voice = null;
  #actions;

  /**
   * `actions` are `retrieve(message)` and `drop(message)`, for messages that were not sent, and `readBack(conversation)`, which
   * asks for what was said before its first item.
   */
  constructor(actions) {
    this.#actions = actions;
    this.#scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    this.#latest.addEventListener('click', () => {
      this.toEnd();
      this.#scroller.focus();
    });
    // A message that is unfolded moves the end without scrolling.
    this.#list.addEventListener('click', () => this.#scrolled());
    new ResizeObserver(() => this.#follow()).observe(this.#scroller);
  }

  render(conversation) {
    if (conversation !== this.#conversation) {
      this.#conversation = conversation;
      this.#showEnd();
    } else if (conversation) {
      this.#update();
    }
    this.#renderPending();
    this.#renderLatest();
    if (!conversation) return;
    this.#follow();
    this.#reachBack();
  }

  /** Goes on to the latest items, and stays with them. */
  toEnd() {
    if (!this.#isFollowing) this.#showEnd();
  }

  #showEnd() {
    const { first, end } = this.#conversation ?? { first: 0, end: 0 };
    this.#isFollowing = true;
    this.#unreadFrom = this.#conversation?.unreadFrom ?? null;
    this.#start = Math.max(first, end - PAGE);
    this.#end = end;
    this.#announce(Infinity);
    this.#list.replaceChildren(...this.#rows(this.#start, this.#end));
    this.#renderOldest();
    this.#renderLatest();
    this.#follow();
  }

  #update() {
    const { first, end, unreadFrom } = this.#conversation;
    const isForgotten = this.#end < first;
    const isFlood = this.#isFollowing && end - this.#end > PAGE;
    if (isForgotten || isFlood || unreadFrom !== this.#unreadFrom) {
      if (isForgotten || this.#isFollowing) {
        this.#showEnd();
        return;
      }
      this.#unreadFrom = unreadFrom;
    }
    if (this.#start < first || this.#wordsBefore !== this.#oldest.textContent) this.#keepingPlace(() => this.#dropAbove(first));
    const room = this.#isFollowing ? Infinity : ROWS_MAX - (this.#end - this.#start);
    this.#showBelow(Math.min(end, this.#end + room));
    if (this.#isFollowing && this.#end - this.#start > ROWS_MAX) this.#dropAbove(this.#end - ROWS_MAX + PAGE);
    this.#renderOldest();
  }

  /** Shows more of what was said before, or asks for it, once the reader comes near. */
  #reachBack() {
    const { first, canReadBack } = this.#conversation;
    // One who follows is near the beginning where all of it is in view.
    if (this.#scroller.scrollTop >= (this.#isFollowing ? AT_END : NEAR)) return;
    if (this.#start > first) this.#revealOlder(first);
    else if (canReadBack) this.#actions.readBack(this.#conversation);
  }

  #scrolled() {
    if (!this.#conversation) return;
    const { end } = this.#conversation;
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const below = scrollHeight - scrollTop - clientHeight;
    const wasFollowing = this.#isFollowing;
    // What came in since the last frame is not shown yet, and no reason to stop.
    this.#isFollowing = below < AT_END && (wasFollowing || this.#end === end);
    if (wasFollowing && !this.#isFollowing) this.#receivedWhenLeft = this.#conversation.received;
    this.#reachBack();
    if (scrollTop >= NEAR && below < NEAR && this.#end < end) this.#revealNewer(end);
    this.#renderLatest();
  }

  #revealOlder(first) {
    this.#announce(Infinity);
    this.#keepingPlace(() => {
      const start = Math.max(first, this.#start - PAGE);
      const { firstElementChild: row } = this.#list;
      if (row) joinUp(row, this.#conversation.item(this.#start), this.#conversation.item(this.#start - 1));
      this.#list.prepend(...this.#rows(start, this.#start));
      this.#start = start;
      while (this.#end - this.#start > ROWS_MAX) {
        this.#list.lastElementChild.remove();
        this.#end -= 1;
      }
    });
  }

  #revealNewer(end) {
    this.#announce(Infinity);
    this.#keepingPlace(() => {
      this.#showBelow(Math.min(end, this.#end + PAGE));
      if (this.#end - this.#start > ROWS_MAX) this.#dropAbove(this.#end - ROWS_MAX);
    });
  }

  #showBelow(end) {
    this.#announce(end - this.#end);
    this.#list.append(...this.#rows(this.#end, end));
    this.#end = Math.max(this.#end, end);
  }

  #dropAbove(start) {
    for (; this.#start < start; this.#start += 1) this.#list.firstElementChild.remove();
  }

  #rows(start, end) {
    const rows = [];
    for (let number = start; number < end; number += 1) {
      const conversation = this.#conversation;
      rows.push(rowOf(conversation.item(number), conversation.item(number - 1), number === this.#unreadFrom));
    }
    return rows;
  }

  /** Changes rows out of sight while what is in sight stays where it is. */
  #keepingPlace(change) {
    const edge = this.#scroller.getBoundingClientRect().top;
    const anchor = [...this.#list.children].find((row) => row.getBoundingClientRect().bottom > edge);
    // A row may lose what stands above its message.
    const before = anchor?.getBoundingClientRect().bottom;
    change();
    this.#renderOldest();
    if (anchor?.isConnected) this.#scroller.scrollTop += anchor.getBoundingClientRect().bottom - before;
  }

  #follow() {
    if (this.#isFollowing) this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #renderPending() {
    reconcile(
      this.#pending,
      this.#conversation?.pending ?? [],
      ({ key, state }) => `${key} ${state}`,
      (message) =>
        pendingRow(message, {
          retrieve: () => this.#actions.retrieve(message),
          drop: () => this.#actions.drop(message),
        }),
    );
    const isSilent = this.#conversation && this.#end === this.#start && this.#conversation.pending.length === 0;
    this.#empty.hidden = !isSilent || this.#wordsBefore !== '';
  }

  #renderOldest() {
    const words = this.#wordsBefore;
    this.#oldest.hidden = words === '';
    setText(this.#oldest, words);
  }

  get #wordsBefore() {
    if (!this.#conversation || this.#start > this.#conversation.first) return '';
    return BEFORE.get(this.#conversation.older) ?? '';
  }

  #renderLatest() {
    this.#latest.hidden = this.#isFollowing || !this.#conversation;
    if (this.#latest.hidden) return;
    const count = this.#conversation.received - this.#receivedWhenLeft;
    setText(this.#latestCount, count > 0 ? ` (${few(count, 'new message')})` : '');
  }

  /** Lets a screen reader read out a few new rows, and no more than that. */
  #announce(count) {
    if (count <= ANNOUNCED_MAX) return;
    this.#scroller.setAttribute('aria-live', 'off');
    clearTimeout(this.#voice);
    this.#voice = setTimeout(() => this.#scroller.setAttribute('aria-live', 'polite'), 500);
  }
}
