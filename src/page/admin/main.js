// Wires the live view together: one question a second for all figures, and tables that are asked for apart.

import { element, setAttribute, setText } from '../view/dom.js';
import { Api } from './api.js';
import { Figure } from './chart.js';
import { Confirming } from './confirming.js';
import { Details } from './details.js';
import { FIGURES, standing } from './figures.js';
import { Lists, nameOf } from './lists.js';
import { Samples } from './samples.js';
import { plural } from './words.js';

const INTERVAL_MS = 1_000;

const api = new Api();
const samples = new Samples();
const figures = FIGURES.map((figure) => new Figure(figure));
const confirming = new Confirming();
const lists = new Lists(api, {
  openClient: (client) => details.openClient(client),
  openChannel: (channel) => details.openChannel(channel),
  closeClient,
  failed,
});
const details = new Details(api, { closeClient, removeMember });

const view = document.getElementById('view');
const keying = document.getElementById('keying');
const keyBox = document.getElementById('key');
let timer = null;

document.getElementById('figures').append(...figures.map((figure) => figure.element));

async function watch() {
  clearTimeout(timer);
  try {
    const stats = await api.stats();
    show(stats);
  } catch (refusal) {
    // Who may not even look needs another key, where one who may do nothing else does not.
    if (refusal.asksForKey || refusal.lacksRight) {
      askForKey(refusal.message);
      return;
    }
    failed(refusal);
  }
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(watch, INTERVAL_MS);
}

function show(stats) {
  if (view.hidden) {
    keying.hidden = true;
    view.hidden = false;
    lists.refresh();
  }
  tellStanding(standing(stats), 'connected');
  const values = Object.fromEntries(figures.flatMap((figure) => figure.values(stats)));
  if (!samples.add(stats.time, performance.now(), values)) return;
  for (const figure of figures) figure.render(stats, samples);
}

function failed(refusal) {
  if (refusal.asksForKey) askForKey(refusal.message);
  else tellStanding(refusal.message, 'waiting');
}

function askForKey(flaw) {
  clearTimeout(timer);
  lists.stop();
  details.close();
  samples.clear();
  view.hidden = true;
  tellStanding('', 'waiting');
  if (keying.hidden) {
    keying.hidden = false;
    keyBox.focus();
  }
  tellFlaw(api.hasKey ? flaw : '');
}

/** Says what is wrong with the key, if anything is. */
function tellFlaw(words) {
  setText(document.getElementById('key-flaw'), words);
  setAttribute(keyBox, 'aria-invalid', words === '' ? null : 'true');
}

function tellStanding(words, phase) {
  setText(document.getElementById('standing'), words);
  setAttribute(document.getElementById('standing'), 'data-phase', phase);
}

/** Says what was done, or why it was not. */
function tell(words) {
  document.getElementById('told').replaceChildren(element('span', {}, words));
}

async function closeClient(client) {
  const name = nameOf(client);
  const how = await confirming.ask({
    title: `Close ${name}?`,
    words: client.name === undefined ? 'This connection ends.' : 'All connections of this person end, at every server.',
    button: 'Close',
    takesReason: true,
  });
  if (how === null) return;
  await act(`${name}: closed`, () => api.close(client.id, how.reason === '' ? {} : { reason: how.reason }));
}

async function removeMember(channel, member) {
  const how = await confirming.ask({
    title: `Remove ${member.name}?`,
    words: `They leave ${channel.channel}, with all their sessions, and may come back.`,
    button: 'Remove',
    takesReason: false,
  });
  if (how === null) return;
  await act(`${member.name}: removed from ${channel.channel}`, () => api.remove(channel.channel, member.id));
  await details.openChannel(channel);
}

async function act(words, deed) {
  try {
    const { sessions } = await deed();
    tell(`${words}, ${plural(sessions, 'session')}.`);
    lists.refresh();
  } catch (refusal) {
    tell(refusal.message);
    if (refusal.asksForKey) askForKey(refusal.message);
  }
}

document.getElementById('key-form').addEventListener('submit', (event) => {
  event.preventDefault();
  // What is copied often has an end of line with it.
  const key = keyBox.value.trim();
  if (key === '') {
    tellFlaw('Enter a key or a token.');
    return;
  }
  api.use(key);
  keyBox.value = '';
  tellFlaw('');
  watch();
});

document.addEventListener('visibilitychange', () => {
  if (document.hidden) {
    clearTimeout(timer);
    lists.stop();
  } else {
    watch();
    if (!view.hidden) lists.refresh();
  }
});

addEventListener('hashchange', () => {
  if (location.hash.startsWith('#key=')) location.reload();
});

watch();
