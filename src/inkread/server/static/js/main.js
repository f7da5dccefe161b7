/** Assembles the page. */

import { Api } from "./api.js";
import { ApiTab } from "./api_tab.js";
import { CameraTab } from "./camera.js";
import { Corrections } from "./corrections.js";
import { DrawTab } from "./draw.js";
import { $, el } from "./dom.js";
import { HistoryTab } from "./history.js";
import { askKey, currentKey } from "./key.js";
import { recall, remember } from "./memory.js";
import { startExamples } from "./examples.js";
import { ModelsTab } from "./models.js";
import { ReadingOptions } from "./options.js";
import { startTabs } from "./tabs.js";
import { startTheme } from "./theme.js";
import { UploadTab } from "./upload.js";
import { notice } from "./view.js";
import { sentence } from "./words.js";

const SAME_HOST = "Pictures are sent only to the server that this page came from.";
const FORGOTTEN = "They are read in memory and discarded; nothing is stored.";
const COLLECTED =
  "This server collects data: it stores uploads, as pictures of at most 2000 × 2000 pixels, with their "
  + "readings, and uses corrections for training. You can delete all of it under History. Drawings and "
  + "camera frames are stored only if you correct something in them.";
const NO_OTHERS = "The page loads nothing from any other host and sets no cookies.";

let known = null; // the response of GET /v1/info
let answer; // ends the wait for it, even after a failure
const answered = new Promise((resolve) => { answer = resolve; });
let chosen = recall("model"); // null: the server's default model

const alphabet = $("alphabet");
const options = new ReadingOptions();
const api = new Api({
  base: document.baseURI,
  key: currentKey,
  askKey,
  alphabet: () => (alphabet.value === "digits" ? null : alphabet.value),
  single: () => options.single,
  noted: (request) => apiTab.note(request),
});
const apiTab = new ApiTab({ api });
const corrections = new Corrections(api, () => Boolean(known?.collect));
const shared = { api, corrections, options, answered, info: () => known, model: () => chosen ?? undefined };

startTheme($("theme"));
const draw = new DrawTab(shared);
const upload = new UploadTab(shared);
const camera = new CameraTab({ ...shared, add: (files) => upload.take(files) });
const history = new HistoryTab(shared);
const models = new ModelsTab({ ...shared, choose });
startExamples((files) => upload.take(files));

function choose(name) {
  chosen = name;
  remember("model", name);
  again();
}

/** Reads again after a choice that changes what is read. */
function again() {
  draw.again();
  upload.again();
}

options.addEventListener("change", ({ detail }) => {
  if (detail === "single") again();
  else upload.refresh();
});

alphabet.value = recall("alphabet") ?? "digits";
if (!alphabet.value) alphabet.value = "digits";
alphabet.addEventListener("change", () => {
  remember("alphabet", alphabet.value);
  again();
});

const open = {
  history: () => known && history.load(),
  models: () => known && models.load(),
  api: () => known && apiTab.load(),
};
startTabs(document.querySelector("[role=tablist]"), (name, before) => {
  if (before === "camera") camera.stop();
  open[name]?.();
});

async function start() {
  try {
    known = await api.info();
    answer();
    if (known.api_key && !currentKey()) await askKey(false);
    const isChosen = ({ name, selectable }) => name === chosen && selectable;
    if (chosen && !(await api.models()).models.some(isChosen)) choose(null);
    notice("");
  } catch (error) {
    answer();
    notice(sentence(error.message));
    $("notice").append(
      " ",
      el("button", { type: "button", class: "link", on: { click: start } }, "Try again"),
    );
    return;
  }
  tell(known);
  open[location.hash.slice(1)]?.();
}

/** Shows facts about this server: accepted pictures and stored data. */
function tell({ version, collect, formats = [], limits = {} }) {
  const megabytes = limits.bytes ? `, up to ${Math.floor(limits.bytes / 2 ** 20)} MiB each` : "";
  if (formats.length) $("formats").textContent = `${formats.join(", ")}${megabytes}`;
  $("about-privacy").textContent = [SAME_HOST, collect ? COLLECTED : FORGOTTEN, NO_OTHERS].join(" ");
  const facts = [
    ["Version", version],
    ["Largest picture", limits.pixels && `${Math.round(limits.pixels / 1e6)} megapixels${megabytes}`],
    ["Formats", formats.join(", ")],
    ["Collects", collect ? "pictures, readings, and corrections" : "nothing"],
  ];
  const fact = ([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value));
  $("about-facts").replaceChildren(...facts.filter(([, value]) => value).map(fact));
  for (const tab of [draw, upload, camera]) tab.view.refresh();
}

start();
