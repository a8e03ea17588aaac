// Finds out why a handshake failed, which the platform keeps from programs: asks the same address without one.

import { HubError } from './error.js';

const ANSWER_MS = 10_000;

/** Statuses that will be the same again, until something else is different. */
const FINAL = [401, 403];

/** `{error, isFinal}` as the server answers it; null if there is no answer of use. */
export async function refusalAt(url, token, fetch) {
  const plain = new URL(url);
  plain.protocol = plain.protocol.replace('ws', 'http');
  // Browsers do not say it themselves when a page asks where it came from; other programs come from nowhere else.
  plain.searchParams.set('origin', globalThis.location?.origin ?? plain.origin);
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  try {
    const answer = await fetch(plain, { headers, cache: 'no-store', signal: AbortSignal.timeout(ANSWER_MS) });
    const { code, message } = (await answer.json()).error;
    return { error: new HubError(code, message), isFinal: FINAL.includes(answer.status) };
  } catch {
    return null;
  }
}
