/** Texts as people read them. Knows nothing of the document. */

/** A text with a full stop at its end. Its first letter stays: it may be a file's name. */
export function sentence(text) {
  const words = String(text).trim();
  return words && !/[.!?…]$/.test(words) ? `${words}.` : words;
}
