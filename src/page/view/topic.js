// The head of a conversation: what it is about, and the way out.

import { few } from '../words.js';
import { element, setText } from './dom.js';
import { picture } from './picture.js';

export class Topic {
  #sign = document.getElementById('topic-sign');
  #name = document.getElementById('topic-name');
  #detail = document.getElementById('topic-detail');
  #leave = document.getElementById('leave');
  #leaveWords = document.getElementById('leave-words');
  #empty = document.getElementById('log-empty');
  #shown;

  constructor(leave) {
    // The second click of a double click would leave the next one too.
    this.#leave.addEventListener('click', ({ detail }) => detail < 2 && leave());
  }

  render(conversation, isConnected) {
    setText(this.#detail, isConnected ? detailOf(conversation) : 'Not connected');
    if (conversation === this.#shown) return;
    this.#shown = conversation;
    this.#leave.hidden = !conversation;
    this.#sign.replaceChildren();
    this.#name.replaceChildren(element('bdi', { title: conversation?.name ?? '' }, conversation?.name ?? 'No channel'));
    if (!conversation) return;
    const isChannel = conversation.kind === 'channel';
    setText(this.#leaveWords, isChannel ? 'Leave channel' : 'Close conversation');
    this.#sign.append(isChannel ? '#' : picture(conversation.avatar));
    this.#empty.replaceChildren(
      element('p', { className: 'log-empty-title' }, 'Nothing said yet'),
      element('p', {}, isChannel ? 'Say the first word; everyone in the channel will hear it.' : 'What you write here is for the two of you alone.'),
    );
  }
}

function detailOf(conversation) {
  if (!conversation) return 'Join one to begin';
  if (conversation.kind === 'channel') return conversation.isJoined ? few(conversation.count, 'member') : 'Joining…';
  return conversation.isGone ? 'Not connected any more' : 'Private conversation';
}
