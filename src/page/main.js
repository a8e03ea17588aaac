// Wires the page together: one session, the views that show it, the address and the keyboard.

import {
  forget,
  recallProfile,
  recallSession,
  recallToken,
  rememberProfile,
  rememberSession,
  rememberToken,
} from './memory.js';
import { flawOfName } from './names.js';
import { FIRST_CHANNEL, Session } from './session.js';
import { Alerts } from './view/alerts.js';
import { Composer } from './view/composer.js';
import { Drawer } from './view/drawer.js';
import { focusHome, keepingFocus } from './view/focus.js';
import { Joining } from './view/joining.js';
import { Log } from './view/log.js';
import { Members } from './view/members.js';
import { Sidebar } from './view/sidebar.js';
import { Status } from './view/status.js';
import { Topic } from './view/topic.js';
import { wordsForClose, wordsForRefusal } from './words.js';

/** The code of a connection that ended without one; the status says enough then. */
const LOST = 1006;
/** How often a page that cannot be seen is brought up to date: its title counts on. */
const HIDDEN_MS = 500;

const shell = document.getElementById('shell');
let session = null;
let token = takeToken();
let isRenderDue = false;
/** What was remembered last, so that storage is written only on a change. */
let remembered = '';

const alerts = new Alerts();
const joining = new Joining((profile) => {
  rememberProfile(profile);
  begin({ ...profile, channels: [], current: null });
});
const log = new Log({
  retrieve(message) {
    session.drop(session.store.current, message);
    composer.take(message.text);
  },
  drop: (message) => session.drop(session.store.current, message),
  readBack: (channel) => session.readBack(channel),
});
const members = new Members((member) => arrive(() => session.meet(member)));
const sidebar = new Sidebar({
  turnTo: (conversation) => arrive(() => session.turnTo(conversation)),
  join: (name) => {
    const flaw = session.join(name);
    if (flaw === null) arrive(() => {});
    return flaw;
  },
  signOut,
});
const topic = new Topic(() => arrive(() => session.leave(session.store.current)));
const composer = new Composer((text) => {
  const isSent = session.say(session.store.current, text);
  if (isSent) log.toEnd();
  return isSent;
});
const status = new Status(() => session.retryNow());
new Drawer({ panel: 'sidebar', button: 'open-channels', close: 'sidebar-close', query: '(width < 48rem)' });
new Drawer({ panel: 'members', button: 'open-members', close: 'members-close', opened: change, query: '(width < 68rem)' });

function begin({ name, email, channels, current }) {
  const named = channelInAddress();
  const wanted = [...new Set([...channels, named].filter((channel) => typeof channel === 'string' && !flawOfName(channel)))];
  if (wanted.length === 0) wanted.push(FIRST_CHANNEL);
  session = new Session({
    change,
    connection: connectionIs,
    alert: (words, kind) => alerts.add(words, kind),
    settle: (kind) => alerts.remove(kind),
  });
  session.store.show(!document.hidden);
  joining.hide();
  shell.hidden = false;
  session.start({ name, email, channels: wanted, current: named ?? current, token });
  render();
  focusHome();
}

function signOut() {
  forget();
  session.end();
  session = null;
  token = null;
  remembered = '';
  Drawer.closeOpen();
  alerts.clear();
  composer.render(null);
  shell.hidden = true;
  document.title = 'Hubbub';
  history.replaceState(null, '', location.pathname);
  joining.show(null);
}

/** Goes to a conversation and leaves the keyboard where one writes. */
function arrive(go) {
  go();
  Drawer.closeOpen();
  render();
  focusHome();
}

function connectionIs(state, before) {
  keepingFocus(() => status.render(state));
  if (state.state === 'connected') alerts.remove('connection');
  if (state.refusal) alerts.add(wordsForRefusal(state.refusal), 'connection');
  const { code = LOST } = state;
  if (state.state === 'waiting' && before.state === 'connected' && code !== LOST) alerts.add(wordsForClose(code), 'connection');
}

/** Renders once per frame at most, whatever arrives in between. */
function change() {
  if (isRenderDue) return;
  isRenderDue = true;
  if (document.hidden) setTimeout(render, HIDDEN_MS);
  else requestAnimationFrame(render);
}

function render() {
  isRenderDue = false;
  if (session) keepingFocus(renderSession);
}

function renderSession() {
  const { store } = session;
  const { current } = store;
  sidebar.render(store, session.profile.name);
  topic.render(current, session.isConnected);
  composer.render(current);
  const isChannel = current?.kind === 'channel';
  shell.classList.toggle('is-private', !isChannel);
  if (isChannel && members.isVisible) {
    session.refreshMembers(current);
    members.render(current, (id) => store.isOwn(id));
  }
  log.render(current);
  document.title = titleOf(store);
  remember(store);
}

function titleOf({ unread, current }) {
  return `${unread > 0 ? `(${unread}) ` : ''}${current ? `${current.name} · ` : ''}Hubbub`;
}

function remember({ channels, current }) {
  const { name, email } = session.profile;
  const names = channels.map((channel) => channel.name);
  const shown = current?.kind === 'channel' ? current.name : null;
  const fingerprint = JSON.stringify([name, email, names, shown]);
  if (fingerprint === remembered) return;
  remembered = fingerprint;
  rememberSession({ name, email, channels: names, current: shown });
  history.replaceState(null, '', shown === null ? location.pathname : `#${encodeURIComponent(shown)}`);
}

/** The token of this tab, or null. One in the address becomes it, and is taken from where others could see it. */
function takeToken() {
  const found = /^#token=([\w.-]*)/.exec(location.hash);
  if (!found) return recallToken();
  history.replaceState(null, '', location.pathname);
  rememberToken(found[1]);
  return found[1];
}

function channelInAddress() {
  try {
    const name = decodeURIComponent(location.hash.slice(1)).trim();
    return flawOfName(name) ? null : name;
  } catch {
    return null;
  }
}

/** Goes on to the next conversation in the sidebar, or back to the one before. */
function step(by) {
  const all = [...session.store.channels, ...session.store.people];
  const position = all.indexOf(session.store.current);
  if (all.length > 0) arrive(() => session.turnTo(all[(position + by + all.length) % all.length]));
}

addEventListener('hashchange', () => {
  if (location.hash.startsWith('#token=')) {
    takeToken();
    location.reload();
    return;
  }
  const name = channelInAddress();
  if (session && name !== null) session.join(name);
});

addEventListener('keydown', (event) => {
  if (!session) return;
  if (event.key === 'Escape') Drawer.closeOpen();
  if (!event.altKey || event.ctrlKey || event.metaKey) return;
  // In a text, these keys move by a paragraph on macOS.
  if (event.target.value) return;
  if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
    event.preventDefault();
    step(event.key === 'ArrowUp' ? -1 : 1);
  }
});

document.addEventListener('visibilitychange', () => {
  if (!session) return;
  session.store.show(!document.hidden);
  isRenderDue = false;
  change();
});

document.getElementById('scrim').addEventListener('click', () => Drawer.closeOpen());
document.getElementById('skip').addEventListener('click', (event) => {
  event.preventDefault();
  focusHome();
});

const earlier = recallSession();
if (earlier && !flawOfName(earlier.name)) begin({ email: '', channels: [], current: null, ...earlier });
else joining.show(recallProfile());
