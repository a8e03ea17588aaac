// Keeps the keyboard on something, as what has it may vanish at any time.

/** Where one writes, or the nearest thing to it that is in reach. */
const PLACES = ['message', 'join-channel-name', 'open-channels', 'members-close'];

export function focusHome() {
  PLACES.map((id) => document.getElementById(id)).some((place) => {
    place.focus();
    return place === document.activeElement;
  });
}

/** Makes a change to the page; the keyboard goes home if what had it is out of reach then. */
export function keepingFocus(change) {
  const before = document.activeElement;
  change();
  if (before !== document.body && !isInReach(before)) focusHome();
}

function isInReach(element) {
  return element.isConnected && element.checkVisibility() && !element.closest('[inert], :disabled');
}
