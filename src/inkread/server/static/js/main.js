/** Assembles the page. */

import { Alphabet } from "./alphabet.js";
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
const MEMORY = { glyphs: "model", text: "text-model" }; // the names of the choices in the browser, by kind
const chosen = { glyphs: recall(MEMORY.glyphs), text: recall(MEMORY.text) }; // null: the server's default

const alphabet = new Alphabet($("alphabet"));
const options = new ReadingOptions();
const api = new Api({
  base: document.baseURI,
  key: currentKey,
  askKey,
  alphabet: () => alphabet.name,
  single: () => options.single,
  noted: (request) => apiTab.note(request),
});
const apiTab = new ApiTab({ api });
const corrections = new Corrections(api, () => Boolean(known?.collect));
const model = () => chosen[alphabet.kind] ?? undefined;
const shared = { api, corrections, options, alphabet, answered, info: () => known, model };

startTheme($("theme"));
const draw = new DrawTab(shared);
const upload = new UploadTab(shared);
const camera = new CameraTab({ ...shared, add: (files) => upload.take(files) });
const history = new HistoryTab(shared);
const models = new ModelsTab({ api, chosen, choose });
startExamples(alphabet, (files) => upload.take(files));

function choose(kind, name) {
  chosen[kind] = name;
  remember(MEMORY[kind], name);
  if (kind === alphabet.kind) again();
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

alphabet.addEventListener("change", again);

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
    if (chosen.glyphs || chosen.text) forget((await api.models()).models);
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

/** Forgets the choice of models that the server does not offer any more. */
function forget(models) {
  for (const kind of Object.keys(chosen)) {
    const isChosen = (each) => each.name === chosen[kind] && each.kind === kind && each.selectable;
    if (chosen[kind] && !models.some(isChosen)) choose(kind, null);
  }
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
