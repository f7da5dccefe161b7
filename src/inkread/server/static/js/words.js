/** Text formatting. Does not use the DOM. */

/** Ends a text with a period. Keeps the first letter because it may belong to a file name. */
export function sentence(text) {
  const words = String(text).trim();
  return words && !/[.!?…]$/.test(words) ? `${words}.` : words;
}

/** Formats a time for the reader's locale; "" if it is not a time. */
export function when(created) {
  const date = new Date(created);
  return Number.isNaN(date.valueOf())
    ? ""
    : date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** "1 correction", "2 corrections", or "" for none. */
export function many(count, what) {
  return count ? `${count} ${what}${count === 1 ? "" : "s"}` : "";
}
