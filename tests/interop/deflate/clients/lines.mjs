// Lines of JSON on stdin and stdout: see speaker.py.

import process from 'node:process';
import { createInterface } from 'node:readline';

export async function* commands() {
  for await (const line of createInterface({ input: process.stdin })) yield JSON.parse(line);
}

export function tell(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}
