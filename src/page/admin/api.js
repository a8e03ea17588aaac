// Asks the server, with the key of this tab where there is one.

import { recallKey, rememberKey } from '../memory.js';

const PATIENCE_MS = 10_000;
/** What a header carries of a key or a token. */
const CARRIED = /^[\x21-\x7e]+$/;

/** What the server has refused, in its own words; without a `code` it did not answer at all. */
export class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
  }

  /** Whether another key would help. */
  get asksForKey() {
    return this.status === 401;
  }

  /** Whether the key, or rather the token, does not allow it. */
  get lacksRight() {
    return this.code === 'not-allowed';
  }
}

export class Api {
  #key = takeKey();

  get hasKey() {
    return this.#key !== null;
  }

  use(key) {
    this.#key = key;
    rememberKey(key);
  }

  stats() {
    return this.#ask('stats');
  }

  clients(query) {
    return this.#ask(`clients?${new URLSearchParams(query)}`);
  }

  channels(query) {
    return this.#ask(`channels?${new URLSearchParams(query)}`);
  }

  /** `part` is what of it is wanted: `''`, `'/members'` or `'/history'`. */
  channel({ channel, dialect }, part, query = {}) {
    return this.#ask(`channels/${encodeURIComponent(channel)}${part}?${new URLSearchParams({ dialect, ...query })}`);
  }

  close(id, how) {
    return this.#ask(`clients/${encodeURIComponent(id)}/close`, how);
  }

  remove(channel, id) {
    return this.#ask(`channels/${encodeURIComponent(channel)}/remove`, { id });
  }

  async #ask(path, body) {
    if (this.#key !== null && !CARRIED.test(this.#key)) {
      throw new Refusal(401, 'key-wrong', 'A key has characters of ASCII alone, and no spaces.');
    }
    let response;
    let answer;
    try {
      response = await fetch(`api/${path}`, {
        method: body ? 'POST' : 'GET',
        headers: {
          ...(this.#key !== null && { Authorization: `Bearer ${this.#key}` }),
          ...(body && { 'Content-Type': 'application/json' }),
        },
        body: body && JSON.stringify(body),
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      answer = await response.json();
    } catch {
      throw new Refusal(response?.status ?? 0, null, 'The server does not answer.');
    }
    if (response.ok) return answer;
    const { code = null, message = 'The server refused.' } = answer?.error ?? {};
    throw new Refusal(response.status, code, message);
  }
}

/** The key of this tab, or null. One in the address becomes it, and is taken from where others could see it. */
function takeKey() {
  if (!location.hash.startsWith('#key=')) return recallKey();
  const key = decoded(location.hash.slice('#key='.length));
  history.replaceState(null, '', location.pathname);
  rememberKey(key);
  return key;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
