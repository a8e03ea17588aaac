// A Chromium as people have it, windows aside: the driver changes nothing. Its pages are hidden, frozen, and kept in the
// back/forward cache, which the shell that other tests use does not have.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { chromium } from 'playwright-core';

import { start } from './process.mjs';
import { eventually } from './waiting.mjs';

const GREETING = /listening on (ws:\S+)/;

/** A blank page, in a browser of its own that ends with its context. */
export async function openOrdinaryPage(flags) {
  const browser = await launch(flags);
  return browser.contexts()[0].pages()[0];
}

/** Freezes a page as a browser does those that nobody sees, or thaws it. */
export async function freeze(page, isFrozen) {
  const session = await page.context().newCDPSession(page);
  await session.send('Page.setWebLifecycleState', { state: isFrozen ? 'frozen' : 'active' });
  await session.detach();
}

async function launch(flags) {
  const profile = mkdtempSync(path.join(tmpdir(), 'hubbub-'));
  const all = ['--headless', '--remote-debugging-port=0', `--user-data-dir=${profile}`, '--no-first-run', '--window-size=1280,800', ...flags, 'about:blank'];
  // A group of its own, as what it has started writes to the profile too.
  const child = start(process.env.WHOLE_CHROMIUM, all, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  const exit = once(child, 'exit');
  let isEnded = false;
  const end = () => {
    if (!isEnded) process.kill(-child.pid, 'SIGKILL');
    isEnded = true;
  };
  process.once('exit', end);
  after(async () => {
    end();
    await exit;
    await eventually(() => rmSync(profile, { recursive: true, force: true }));
  });
  return chromium.connectOverCDP(await greeting(child), { noDefaults: true });
}

/** Where the browser can be driven. */
async function greeting({ stderr }) {
  let said = '';
  for await (const text of stderr.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    said += text;
    if (GREETING.test(said)) break;
  }
  // What it says later is of no interest, and must not fill the pipe.
  stderr.resume();
  return GREETING.exec(said)[1];
}
