/** A button that requires a second press to confirm. */

import { el } from "./dom.js";

const PATIENCE = 5000; // milliseconds until the first press is forgotten

/**
 * @param {string} words
 * @param {string} name what it does, for screen readers.
 * @param {() => Promise<void>} act
 * @param {(error: Error) => void} failed
 */
export function sureButton(words, name, act, failed) {
  let timer = 0;
  const calm = () => {
    clearTimeout(timer);
    button.classList.remove("danger");
    button.textContent = words;
    button.setAttribute("aria-label", name);
  };
  const press = async () => {
    if (!button.classList.contains("danger")) {
      button.classList.add("danger");
      button.textContent = "Sure?";
      button.setAttribute("aria-label", `${name}: press again to confirm`);
      timer = setTimeout(calm, PATIENCE);
      return;
    }
    calm();
    button.disabled = true;
    try {
      await act();
    } catch (error) {
      failed(error);
    }
    button.disabled = false;
  };
  const button = el(
    "button",
    { type: "button", class: "button quiet", "aria-label": name, on: { click: press, blur: calm } },
    words,
  );
  return button;
}
