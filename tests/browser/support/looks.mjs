// What every page owes those who see, hear and use it otherwise.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Presses Tab until it is there, all around the page if need be. */
export async function tabTo(person, target) {
  const stops = [];
  for (let presses = 0; presses < 60; presses += 1) {
    if (await person.hasKeyboard(target)) return;
    await person.page.keyboard.press('Tab');
    stops.push(await person.page.evaluate(() => document.activeElement.outerHTML.slice(0, 80)));
  }
  assert.fail(`Tab does not lead to ${target}, but to\n${[...new Set(stops)].join('\n')}`);
}

/** Everything has a name, and nothing is in the way of those who do not see it. */
export async function assertAccessible(person) {
  const nameless = /^ *- (button|textbox|link|navigation|log)(?! ")/m;
  assert.doesNotMatch(await person.page.locator('body').ariaSnapshot(), nameless);
  await person.page.evaluate(axe);
  const violations = await person.page.evaluate(async () => {
    const { violations: all } = await window.axe.run({ resultTypes: ['violations'] });
    return all.filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('; ')}`);
  });
  assert.deepEqual(violations, []);
}

/** Nothing that can be seen reaches beyond the screen or is cut off, but for boxes that scroll and what ends in dots. */
export async function assertFits(person) {
  const misfits = await person.page.evaluate(() => {
    const isCutShort = (style) => style.textOverflow === 'ellipsis' || style.clipPath !== 'none';
    const isWhole = (element) => {
      for (let one = element; one; one = one.parentElement) if (isCutShort(getComputedStyle(one))) return false;
      return true;
    };
    const fits = (element) => {
      const { left, right } = element.getBoundingClientRect();
      const isCut = getComputedStyle(element).overflowX !== 'visible' && element.scrollWidth > element.clientWidth;
      return left >= -0.5 && right <= window.innerWidth + 0.5 && !isCut;
    };
    return [...document.querySelectorAll('body, body :not(svg, svg *, input, textarea)')]
      .filter((element) => element.checkVisibility({ visibilityProperty: true }) && isWhole(element) && !fits(element))
      .map((element) => `${element.outerHTML.slice(0, 120)}: ${element.scrollWidth} in ${element.clientWidth}`);
  });
  assert.deepEqual(misfits, []);
}
