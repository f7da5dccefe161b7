/** The theme: light, dark, or the system's. */

import { icon } from "./dom.js";
import { recall, remember } from "./memory.js";

const CHOICES = ["auto", "light", "dark"];
const WORDS = { auto: "Theme: system", light: "Theme: light", dark: "Theme: dark" };

export function startTheme(button) {
  const known = recall("theme");
  let choice = CHOICES.includes(known) ? known : "auto";
  const show = () => {
    if (choice === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    button.querySelector("svg").replaceWith(icon(choice));
    button.querySelector("span").textContent = WORDS[choice];
    button.title = WORDS[choice];
    document.dispatchEvent(new Event("themechange"));
  };
  button.addEventListener("click", () => {
    choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length];
    remember("theme", choice);
    show();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    document.dispatchEvent(new Event("themechange"));
  });
  show();
}
