// The load generator's report: its plots can be looked into, and nothing else about it moves.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { openPage } from './support/browser.mjs';
import { assertAccessible, tabTo } from './support/looks.mjs';

const LOADGEN = path.join(path.dirname(process.env.SERVER), 'loadgen');
const SMALL = ['--clients', '8', '--duration', '1s', '--warmup', '200ms'];
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

const folder = mkdtempSync(path.join(tmpdir(), 'hubbub-'));
after(() => rmSync(folder, { recursive: true }));

/** What each mode's plots are called, and what a reading of one of them looks like. */
const MODES = {
  fanout: {
    'Latency by percentile': /^[\d.]+%: latency [\d.]+\s[µm]s, to the last receiver /,
    'Latency over time': /^[\d.]+\ss: p50 [\d.]+\s[µm]s, p99 [\d.]+\s[µm]s/,
    'Deliveries over time': /^[\d.]+\ss: deliveries [\d.]+\sk?\/s$/,
    'Messages in a frame': /^\d+(-\d+)?: frames [\d.]+%$/,
    'Latency by position in the fan-out': /^\d+: mean latency [\d.]+\s[µm]s$/,
  },
  compare: {
    'hubbub-again ÷ hubbub': /^CPU per delivery( \(\d+ of 2\))?: median [\d.]+, low [\d.]+, high [\d.]+$/,
    'Latency by percentile': /^[\d.]+%: hubbub [\d.]+\s[µm]s, hubbub-again [\d.]+\s[µm]s$/,
    'CPU per delivery, round by round': /^round 1: hubbub [\d.]+\s[µm]s, hubbub-again [\d.]+\s[µm]s$/,
  },
  search: {
    'Latency by rate': /^[\d.]+\sk?\/s: p50 [\d.]+\s[µm]s, p99 [\d.]+\s[µm]s/,
  },
};

/** The report of a small run, made once. */
const reports = Object.fromEntries(Object.keys(MODES).map((mode) => [mode, report(mode)]));

for (const mode of Object.keys(MODES)) {
  test(`the plots of ${mode} tell their figures to the keyboard`, async () => {
    const reader = await open(mode);
    const plots = await reader.page.getByRole('slider').all();
    const names = await Promise.all(plots.map((plot) => plot.getAttribute('aria-label')));
    assert.deepEqual(names, Object.keys(MODES[mode]));
    for (const [at, plot] of plots.entries()) {
      await plot.press('Home');
      const first = await plot.getAttribute('aria-valuetext');
      assert.match(first, MODES[mode][names[at]]);
      assert.deepEqual(words(await line(plot).innerText()), words(first));
      await plot.press('End');
      const last = await plot.getAttribute('aria-valuenow');
      assert.equal(last, await plot.getAttribute('aria-valuemax'));
      await plot.press('ArrowRight');
      assert.equal(await plot.getAttribute('aria-valuenow'), last, 'the end is the end');
    }
    assert.deepEqual(reader.complaints, []);
  });
}

test('the marker goes where the pointer is, and stays there for the keyboard', async () => {
  const { page } = await open('fanout');
  const plot = page.getByRole('slider', { name: 'Latency by percentile' });
  const marker = plot.locator('.wide .marker');
  assert.equal(await isSeen(marker), false, 'nobody looks yet');
  const { x, y, width, height } = await plot.boundingBox();
  const seen = [];
  for (const part of [0.3, 0.6, 0.9]) {
    await page.mouse.move(x + width * part, y + height / 2);
    const box = await marker.boundingBox();
    assert(Math.abs(box.x + box.width / 2 - x - width * part) < width / 20, `the marker at ${part}`);
    seen.push(Number(await plot.getAttribute('aria-valuenow')));
  }
  assert(seen[0] < seen[1] && seen[1] < seen[2], `${seen}`);
  await plot.press('ArrowLeft');
  assert.equal(Number(await plot.getAttribute('aria-valuenow')), seen[2] - 1);
  await plot.press('PageDown');
  assert.equal(Number(await plot.getAttribute('aria-valuenow')), Math.max(seen[2] - 11, 0));
});

test('the marker goes down the rows of ratios with the pointer and with the keyboard', async () => {
  const { page } = await open('compare');
  const plot = page.getByRole('slider', { name: 'hubbub-again ÷ hubbub' });
  const marker = plot.locator('.wide .marker');
  assert.equal(await isSeen(marker), false, 'nobody looks yet');
  await plot.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await plot.boundingBox();
  const rows = Number(await plot.getAttribute('aria-valuemax')) + 1;
  const seen = [];
  for (const part of [0.2, 0.4, 0.7]) {
    await page.mouse.move(x + width / 2, y + height * part);
    const box = await marker.boundingBox();
    assert(Math.abs(box.y + box.height / 2 - y - height * part) < height / rows, `the marker at ${part}`);
    seen.push(Number(await plot.getAttribute('aria-valuenow')));
  }
  assert(seen[0] < seen[1] && seen[1] < seen[2], `${seen}`);
  await plot.press('ArrowDown');
  assert.equal(Number(await plot.getAttribute('aria-valuenow')), seen[2] + 1, 'down is down');
  await plot.press('ArrowUp');
  await plot.press('ArrowUp');
  assert.equal(Number(await plot.getAttribute('aria-valuenow')), seen[2] - 1);
  await plot.press('Home');
  assert.equal(Number(await plot.getAttribute('aria-valuenow')), 0, 'the first row');
});

test('Tab leads to a plot, which then tells something', async () => {
  const { page } = await open('fanout');
  const plot = page.getByRole('slider').first();
  const hasKeyboard = (target) => target.evaluate((element) => element === document.activeElement);
  await tabTo({ page, hasKeyboard }, plot);
  assert.equal(await isSeen(plot.locator('.wide .marker')), true);
  assert.match(await line(plot).innerText(), /^0%/);
});

for (const colorScheme of ['light', 'dark']) {
  for (const [size, options] of [['desk', {}], ['phone', PHONE]]) {
    test(`a plot can be looked into on a ${size} in the ${colorScheme}, and nothing is beside the screen`, async () => {
      const { page, complaints } = await open('fanout', { colorScheme, ...options });
      const plot = page.getByRole('slider', { name: 'Latency over time' });
      await plot.scrollIntoViewIfNeeded();
      const { x, y, width, height } = await plot.boundingBox();
      if (size === 'phone') await page.touchscreen.tap(x + width * 0.7, y + height / 2);
      else await page.mouse.click(x + width * 0.7, y + height / 2);
      assert.match(await line(plot).innerText(), /p50/);
      const drawing = size === 'phone' ? '.narrow' : '.wide';
      assert.equal(await isSeen(plot.locator(`${drawing} .marker`)), true);
      await assertAccessible({ page });
      assert.equal(await page.evaluate(() => document.scrollingElement.scrollWidth - window.innerWidth), 0);
      assert.deepEqual(complaints.filter((words) => !words.includes('axe')), []);
    });
  }
}

/** A reader of a mode's report, and what the browser complained of. */
async function open(mode, options) {
  const page = await openPage(options);
  const complaints = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(pathToFileURL(await reports[mode]).href);
  return { page, complaints };
}

async function report(mode) {
  const file = path.join(folder, `${mode}.html`);
  // A search that demands what nobody can give ends where no lower rate is tried; and only a comparison in which nothing can be
  // late has ratios on a busy machine too. How it came out is of no interest here.
  const flags = {
    compare: ['--rounds', '2', '--load', 'saturate', '--publishers', '1', '--window', '1'],
    search: ['--rate', '4', '--slo', 'p99<1us'],
  }[mode] ?? [];
  const run = promisify(execFile)(LOADGEN, [mode, ...SMALL, ...flags, '--report', file]);
  await run.catch(({ stderr }) => assert(existsSync(file), stderr));
  return file;
}

/** Whether it can be seen, if it is no wider than a stroke. */
function isSeen(marker) {
  return marker.evaluate((element) => element.checkVisibility({ visibilityProperty: true }));
}

/** The line below a plot. */
function line(plot) {
  return plot.locator('xpath=following-sibling::p');
}

/** The words of a text, however they are set apart. */
function words(text) {
  return text.replaceAll(/[:,]|\s+/g, ' ').trim().split(/ +/);
}
