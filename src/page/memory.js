// Remembers who one is and where, over a reload (this tab) and over a visit (this browser).

const SESSION = 'hubbub.session';
const PROFILE = 'hubbub.profile';
const TOKEN = 'hubbub.token';
const KEY = 'hubbub.key';

/** `{name, email, channels, current}` of this tab, or null. */
export const recallSession = () => named(read('sessionStorage', SESSION));

/** `{name, email}` of the last visit, or null. */
export const recallProfile = () => named(read('localStorage', PROFILE));

/** The token of this tab, or null. */
export function recallToken() {
  const token = read('sessionStorage', TOKEN);
  return typeof token === 'string' ? token : null;
}

/** The operator's key of this tab, or null. */
export function recallKey() {
  const key = read('sessionStorage', KEY);
  return typeof key === 'string' ? key : null;
}

export function rememberSession(session) {
  write('sessionStorage', SESSION, session);
}

export function rememberProfile(profile) {
  write('localStorage', PROFILE, profile);
}

export function rememberToken(token) {
  write('sessionStorage', TOKEN, token);
}

export function rememberKey(key) {
  write('sessionStorage', KEY, key);
}

export function forget() {
  write('sessionStorage', TOKEN, null);
  write('sessionStorage', SESSION, null);
  write('localStorage', PROFILE, null);
}

function named(value) {
  return typeof value?.name === 'string' ? value : null;
}

// Storage may be switched off, full or written by others; the page works without it.

function read(storage, key) {
  try {
    return JSON.parse(globalThis[storage].getItem(key));
  } catch {
    return null;
  }
}

function write(storage, key, value) {
  try {
    if (value === null) globalThis[storage].removeItem(key);
    else globalThis[storage].setItem(key, JSON.stringify(value));
  } catch {
    // As above.
  }
}
