// Puts codes of the protocol and of WebSocket closings into words for people.

const ENDINGS = new Map([
  [1001, 'The server is going away for a moment.'],
  [1008, 'The server refused what this page sent.'],
  [1009, 'That message was too large for the server.'],
  [1011, 'Something went wrong in the server.'],
  [4001, 'This connection was too slow to keep up.'],
  [4002, 'The server did not hear from this page in time.'],
]);

/** Why a connection ended. */
export function wordsForClose(code) {
  return ENDINGS.get(code) ?? `The connection ended (code ${code}).`;
}

const REFUSALS = new Map([
  ['token-missing', 'This server lets nobody in without a token. Open the link that you were given.'],
  ['token-expired', 'Your token has expired. Ask for a new link.'],
  ['upgrade-required', 'The server is there, but no WebSocket gets through to it. A proxy in between may not pass them on.'],
]);

/** Why a connection did not begin. */
export function wordsForRefusal({ code, message }) {
  return REFUSALS.get(code) ?? sentence(message ?? code ?? 'The server let nobody in');
}

const ERRORS = new Map([
  ['not-a-member', 'You are not in this channel any more.'],
  ['no-such-channel', 'There is no such channel any more.'],
  ['unknown', 'The connection was lost. It may have arrived, or not.'],
  ['no-such-client', 'This person’s connection is gone. They may be back in the list of members.'],
]);

/** What an error of the server means; its own words where there are none better. */
export function wordsForError({ code, message }) {
  return ERRORS.get(code) ?? sentence(message ?? code ?? 'The server reported an error');
}

/** `few(3, 'member')` is "3 members". */
export function few(count, noun) {
  return `${count.toLocaleString()} ${noun}${count === 1 ? '' : 's'}`;
}

function sentence(text) {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/u.test(begun) ? begun : `${begun}.`;
}
