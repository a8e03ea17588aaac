// A secret that a server may demand tokens of, and tokens of it.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';

export class Issuer {
  /** What has a server demand its tokens. */
  flags;

  constructor() {
    const folder = mkdtempSync(path.join(tmpdir(), 'hubbub-'));
    after(() => rmSync(folder, { recursive: true }));
    const secret = path.join(folder, 'secret');
    writeFileSync(secret, 'a secret of thirty-two bytes or so');
    this.flags = ['--token-key', secret];
  }

  mint(...wishes) {
    const printed = execFileSync(process.env.SERVER, ['token', ...this.flags, ...wishes], { encoding: 'utf8' });
    return printed.trim();
  }
}
