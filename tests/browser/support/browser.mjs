// One Chromium for all tests of a file; each page has a context of its own, as on a machine of its own.

import { after } from 'node:test';
import { chromium } from 'playwright-core';

import { PATIENCE_MS } from './waiting.mjs';

const DESKTOP = { width: 1280, height: 800 };

// Nothing but loopback is ever looked up or connected to.
const FLAGS = ['--no-proxy-server', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'];

let launched;

/** A blank page, `options` being those of a Playwright context: viewport, color scheme and so on. */
export async function openPage(options = {}) {
  launched ??= launch();
  const browser = await launched;
  const context = await browser.newContext({
    locale: 'en-US',
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
    viewport: DESKTOP,
    ...options,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  return context.newPage();
}

function launch() {
  // Chromium's own sandbox needs a user who is not root.
  const flags = process.getuid() === 0 ? [...FLAGS, '--no-sandbox'] : FLAGS;
  return chromium.launch({ executablePath: process.env.CHROMIUM, args: flags });
}

after(async () => {
  const browser = await launched;
  await browser?.close();
});
