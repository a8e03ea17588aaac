// Never run: what of hubbub.js compiles, and what must not.

import { connect, HubError, type Message } from '../../../src/page/hubbub.js';

const hub = connect('/ws', { name: 'Ada', token: 'a.b.c', WebSocket });
const tea = hub.join('tea', { last: 50 });
tea.addEventListener('message', ({ detail }) => {
  const message: Message = detail;
  hub.isOwn(message.sender.id);
  const shown: string = message.message ?? JSON.stringify(message.data);
  shown.trim();
  // @ts-expect-error It may say something else than a text.
  message.message.trim();
});
tea.addEventListener('gap', ({ detail: { from, to } }) => to - from + 1);
hub.addEventListener('state', ({ detail: { retryAt, refusal } }) => refusal?.code ?? retryAt);
// @ts-expect-error There is no such event.
tea.addEventListener('mesage', () => {});
// @ts-expect-error A gap has no text.
tea.addEventListener('gap', ({ detail }) => detail.message);
try {
  const { seq, epoch }: { seq: number; epoch: number } = await tea.send('hot', { retry: true });
  for await (const { name } of tea.allMembers()) name.trim();
  const { messages } = await tea.history({ before: seq, epoch });
  messages.map(({ time }) => time);
} catch (error) {
  if (error instanceof HubError) error.code.trim();
}
