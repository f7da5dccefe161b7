/** Text formatting. Does not use the DOM. */

/** Ends a text with a period. Keeps the first letter because it may belong to a file name. */
export function sentence(text) {
  const words = String(text).trim();
  return words && !/[.!?…]$/.test(words) ? `${words}.` : words;
}
