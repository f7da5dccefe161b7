/** Browser storage for this page; works without it too. */

export function recall(name, storage = () => localStorage) {
  try {
    return storage().getItem(`inkread.${name}`);
  } catch {
    return null;
  }
}

/** Stores a text; null removes it. */
export function remember(name, value, storage = () => localStorage) {
  try {
    if (value === null) storage().removeItem(`inkread.${name}`);
    else storage().setItem(`inkread.${name}`, value);
  } catch {
    // private windows may reject this; the choice then lasts until the page is closed
  }
}
