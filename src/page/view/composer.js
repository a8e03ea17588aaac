// Where one writes. Each conversation keeps its draft.

export class Composer {
  #form = document.getElementById('composer');
  #message = document.getElementById('message');
  #conversation = null;

  /** `say(text)` says whether the text is on its way; if not it stays. */
  constructor(say) {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      const text = this.#message.value;
      if (text.trim() !== '' && this.#conversation && say(text)) this.#write('');
      this.#message.focus();
    });
    this.#message.addEventListener('input', () => this.#grow());
    this.#message.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || isComposing(event)) return;
      event.preventDefault();
      this.#form.requestSubmit();
    });
  }

  render(conversation) {
    if (conversation === this.#conversation) return;
    if (this.#conversation) this.#conversation.draft = this.#message.value;
    this.#conversation = conversation;
    this.#write(conversation?.draft ?? '');
    this.#message.disabled = !conversation;
    this.#message.placeholder = conversation ? `Write to ${conversation.name}` : '';
  }

  /** Gives words back to be changed, before what is already there. */
  take(text) {
    this.#write([text, this.#message.value].filter(Boolean).join('\n'));
    this.#message.focus();
  }

  #write(text) {
    this.#message.value = text;
    this.#grow();
  }

  #grow() {
    if (CSS.supports('field-sizing', 'content')) return;
    this.#message.style.setProperty('height', 'auto');
    this.#message.style.setProperty('height', `${this.#message.scrollHeight}px`);
  }
}

/** Whether a key belongs to an input method; Safari says so by the code alone for the one that ends a composition. */
function isComposing({ isComposing: isSaid, keyCode }) {
  return isSaid || keyCode === 229;
}
