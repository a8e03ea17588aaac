// The operator's listener of a server, and a key that is needed there.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';

export const KEY = '0123456789abcdef';

/** What has a server listen to programs of this machine. */
export const OPEN_DOOR = ['--admin-addr', '127.0.0.1:0'];

/** What has it demand the key. */
export function lockedDoor() {
  const folder = mkdtempSync(path.join(tmpdir(), 'hubbub-'));
  after(() => rmSync(folder, { recursive: true }));
  const keys = path.join(folder, 'keys');
  writeFileSync(keys, `operator ${KEY}\n`);
  return [...OPEN_DOOR, '--api-key', keys];
}
