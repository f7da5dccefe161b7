/** The API key: requested from the user if the server requires one, and kept in this tab. */

import { $, say } from "./dom.js";
import { recall, remember } from "./memory.js";

const inTab = () => sessionStorage;
let asking = null;
let key = recall("key", inTab);

export const currentKey = () => key;

/** Asks for a key, once for all waiting callers; resolves to null if none is given. */
export function askKey(refused) {
  asking ??= ask(refused).finally(() => { asking = null; });
  return asking;
}

function ask(refused) {
  const dialog = $("key-dialog");
  say($("key-words"), refused
    ? "The server rejected this key. Please check it."
    : "This server requires a key. Ask its operator for one.");
  $("key").value = "";
  dialog.showModal();
  return new Promise((resolve) => {
    const done = new AbortController();
    const close = (value) => {
      done.abort();
      dialog.close();
      if (value) {
        key = value;
        remember("key", value, inTab);
      }
      resolve(value);
    };
    const { signal } = done;
    $("key-form").addEventListener("submit", (event) => {
      event.preventDefault();
      close($("key").value.trim() || null);
    }, { signal });
    $("key-cancel").addEventListener("click", () => close(null), { signal });
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      close(null);
    }, { signal });
  });
}
