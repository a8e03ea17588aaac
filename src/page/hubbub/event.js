// Tells what happened, as the platform does, in versions without `CustomEvent` too.

export function emit(target, type, detail) {
  target.dispatchEvent(Object.assign(new Event(type), { detail }));
}
