/** What the browser keeps for this page; a browser that keeps nothing does no harm. */

export function recall(name, storage = () => localStorage) {
  try {
    return storage().getItem(`inkread.${name}`);
  } catch {
    return null;
  }
}

/** Keeps a text; null forgets it. */
export function remember(name, value, storage = () => localStorage) {
  try {
    if (value === null) storage().removeItem(`inkread.${name}`);
    else storage().setItem(`inkread.${name}`, value);
  } catch {
    // private windows may refuse; the choice then lasts as long as the page
  }
}
