// Finds out why a handshake failed, which browsers keep from pages: asks the same address without one.

const ANSWER_MS = 10_000;

/** Statuses that will be the same again, until something else is different. */
const FINAL = [401, 403];

/** `{code, message, isFinal}` as the server answers it; null if there is no answer of use. */
export async function refusalAt(url, token) {
  const plain = new URL(url);
  plain.protocol = plain.protocol === 'wss:' ? 'https:' : 'http:';
  // Browsers do not say it themselves when a page asks where it came from.
  plain.searchParams.set('origin', location.origin);
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  try {
    const answer = await fetch(plain, { headers, cache: 'no-store', signal: AbortSignal.timeout(ANSWER_MS) });
    const { code, message } = (await answer.json()).error;
    return { code, message, isFinal: FINAL.includes(answer.status) };
  } catch {
    return null;
  }
}
