// A client of Hubbub's chat for browsers and for Node.js 22 and later: it connects again by itself, and over all its
// connections every message of a channel comes once and in order, or a gap says which are missing.

import { Hub } from './hubbub/hub.js';

export { HubError } from './hubbub/error.js';

/** Connects to the chat at `url`, in a browser relative to the page, until `close()`. `hubbub.d.ts` describes it all. */
export function connect(url, options = {}) {
  return new Hub(url, options);
}
