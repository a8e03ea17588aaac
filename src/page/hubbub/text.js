// Half of a pair of surrogates cannot be said in UTF-8: it becomes U+FFFD, as where the platform sends text.

export function wellFormed(text) {
  const string = String(text);
  return string.toWellFormed?.() ?? string;
}
