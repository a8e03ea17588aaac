// The types of hubbub.js, for those who write TypeScript.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const OPTIONS = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--types', '', '--lib', 'es2022,dom'];

test('hubbub.js can be used with its types, and not against them', async () => {
  const complaints = await new Promise((resolve) => {
    const compiler = here('node_modules/typescript/bin/tsc');
    execFile(process.execPath, [compiler, ...OPTIONS, here('support/typed.mts')], (error, stdout) => {
      resolve(error ? stdout || String(error) : '');
    });
  });
  assert.equal(complaints, '');
});
