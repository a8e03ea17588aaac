// One Chromium for all tests of a file; each page has a context of its own, as on a machine of its own.

import { after } from 'node:test';
import { chromium } from 'playwright-core';

import { openOrdinaryPage } from './ordinary.mjs';
import { PATIENCE_MS } from './waiting.mjs';

const DESKTOP = { width: 1280, height: 800 };

// Nothing but loopback is ever looked up or connected to.
const FLAGS = ['--no-proxy-server', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'];

let launched;

/**
 * A blank page, `options` being those of a Playwright context: viewport, color scheme and so on. One that `isOrdinary` has none
 * of them, and is of a browser that leads the life of any other.
 */
export async function openPage({ isOrdinary, ...options } = {}) {
  const page = isOrdinary ? await openOrdinaryPage(flags()) : await openShellPage(options);
  page.context().setDefaultTimeout(PATIENCE_MS);
  return page;
}

async function openShellPage(options) {
  launched ??= launch();
  const browser = await launched;
  const context = await browser.newContext({
    locale: 'en-US',
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
    viewport: DESKTOP,
    ...options,
  });
  return context.newPage();
}

function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM, args: flags() });
}

/** Chromium's own sandbox needs a user who is not root. */
function flags() {
  return process.getuid() === 0 ? [...FLAGS, '--no-sandbox'] : FLAGS;
}

after(async () => {
  const browser = await launched;
  await browser?.close();
});
