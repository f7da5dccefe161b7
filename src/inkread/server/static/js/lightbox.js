/** Shows a picture as large as the window. */

import { el } from "./dom.js";

/** @param {string} src @param {string} title */
export function enlarge(src, title) {
  const on = { click: () => dialog.close() };
  const close = el("button", { type: "button", class: "button", on }, "Close");
  const image = el("img", { src, alt: title, on });
  const remove = () => dialog.remove();
  const dialog = el("dialog", { class: "lightbox", "aria-label": title, on: { close: remove } },
    el("div", { class: "picture-head" }, el("h2", {}, title), close),
    image);
  document.body.append(dialog);
  dialog.showModal();
}
