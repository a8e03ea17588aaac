// How long a test waits at most, and for what; a wait ends as soon as it may, so that its length is no statement.

import { setTimeout as pause } from 'node:timers/promises';

/** Milliseconds after which anything that has not come is missing. */
export const PATIENCE_MS = 15_000;

const POLL_MS = 50;

/** Repeats a check until it throws no more, and returns what it returns; throws what it threw last. */
export async function eventually(check) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await pause(POLL_MS);
  }
}
