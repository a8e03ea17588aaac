// Texts that would be markup or code if they were taken for it.

import assert from 'node:assert/strict';

export const HOSTILE = [
  '<img src=x onerror=window.pwned=1>',
  '<script>window.pwned=1</script>',
  '"><svg onload=window.pwned=1>',
  "' onmouseover='window.pwned=1' x='",
  '<iframe srcdoc="<script>parent.pwned=1</script>">',
  'javascript:window.pwned=1',
  '&lt;img src=x onerror=window.pwned=1&gt;',
  '${window.pwned=1}{{window.pwned=1}}',
  '\u202E\u2066 reversed',
  '__proto__',
  'constructor',
];

/** Nothing ran, nothing can run later, and the prototypes are as they were. */
export async function assertUnharmed(person) {
  const found = await person.page.evaluate(() => ({
    pwned: window.pwned,
    inherited: Object.keys(Object.prototype),
    elements: document.querySelectorAll('iframe, object, embed, script:not([src]), img[src="x"]').length,
    handlers: [...document.querySelectorAll('*')].flatMap((element) => element.getAttributeNames())
      .filter((name) => name.startsWith('on')),
    links: [...document.links].map((link) => link.protocol).filter((protocol) => !/^https?:$/.test(protocol)),
  }));
  assert.deepEqual(found, { pwned: undefined, inherited: [], elements: 0, handlers: [], links: [] });
}
