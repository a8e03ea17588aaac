// Remembers who one is and where, over a reload (this tab) and over a visit (this browser).

const SESSION = 'hubbub.session';
const PROFILE = 'hubbub.profile';

/** `{name, email, channels, current}` of this tab, or null. */
export const recallSession = () => read('sessionStorage', SESSION);

/** `{name, email}` of the last visit, or null. */
export const recallProfile = () => read('localStorage', PROFILE);

export function rememberSession(session) {
  write('sessionStorage', SESSION, session);
}

export function rememberProfile(profile) {
  write('localStorage', PROFILE, profile);
}

export function forget() {
  write('sessionStorage', SESSION, null);
  write('localStorage', PROFILE, null);
}

// Storage may be switched off, full or written by others; the page works without it.

function read(storage, key) {
  try {
    const value = JSON.parse(globalThis[storage].getItem(key));
    return typeof value?.name === 'string' ? value : null;
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
