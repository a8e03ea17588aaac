// Says whether a name of a person or a channel is one that the server takes.

export const NAME_CHARS_MAX = 64;

/** What is wrong with a name, in words that follow "A name" or "A channel's name"; null if nothing is. */
export function flawOfName(name) {
  if (name.trim() === '') return 'cannot be empty.';
  if ([...name].length > NAME_CHARS_MAX) return `has at most ${NAME_CHARS_MAX} characters.`;
  if (/\p{Cc}/u.test(name)) return 'cannot have control characters.';
  return null;
}
