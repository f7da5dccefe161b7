/** Example pictures to click, for a first look: no picture of your own is needed. */

import { el } from "./dom.js";

const NUMBERS = [
  ["phone_number.jpg", "A number"],
  ["pencil_rows.jpg", "A page"],
  ["column_sum.jpg", "A sum"],
];
const DIGIT = ["drawing.png", "A digit"];
const NOTE = ["note.jpg", "A note"];

const urlOf = (file) => new URL(`../examples/${file}`, import.meta.url);

/**
 * Fills each `[data-examples]`, anew for each choice of what to read.
 * @param {import("./alphabet.js").Alphabet} alphabet
 * @param {(files: File[]) => void} read
 */
export function startExamples(alphabet, read) {
  const fill = () => {
    const shown = alphabet.isDigits ? [...NUMBERS, DIGIT] : [NOTE, ...NUMBERS];
    for (const list of document.querySelectorAll("[data-examples]"))
      list.replaceChildren(...shown.map(([file, name]) => el("li", {}, example(file, name, read))));
  };
  alphabet.addEventListener("change", fill);
  fill();
}

function example(file, name, read) {
  const open = async () => {
    const picture = await (await fetch(urlOf(file))).blob();
    read([new File([picture], file, { type: picture.type })]);
  };
  return el(
    "button",
    { type: "button", class: "example", on: { click: open } },
    el("img", { src: urlOf(file), alt: "", width: 96, height: 60 }),
    el("span", {}, name),
  );
}
