/** Changes the server's page to one that needs no server. Runs before the page's own modules. */

import { loading } from "../js/api.js";

const $ = (id) => document.getElementById(id);

function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Removes what only a server has; panels stay, hidden, because the page's modules fill them. */
function removeServer() {
  for (const id of ["tab-history", "tab-models", "tab-api"]) $(id)?.remove();
  if (["#history", "#models", "#api"].includes(location.hash)) history.replaceState(null, "", "#draw");
}

const ABOUT = [
  "inkread finds and reads the handwritten digits in a picture, and tells you when there are none.",
  "This page reads in your browser. Drawings and pictures never leave your device, and after the first visit "
    + "the page also works offline. It sets no cookies; your browser stores your choice of theme.",
  "The networks and the steps are those of the program inkread, which also reads letters and text, PDF and "
    + "HEIC, and whole folders, and has a server and a Python interface.",
  "It was not trained to read print or words, and may mistake parts of them for digits. A probability of "
    + "90 % means that about nine in ten such digits are correct. If errors matter, have a person check.",
  "The networks run in ONNX Runtime Web, © Microsoft Corporation, MIT license.",
];

/** Replaces the description of the server; its elements stay hidden, because the page's modules fill them. */
function describe() {
  const article = $("panel-about")?.querySelector("article");
  if (article) {
    const before = make("div", { hidden: "" }, ...article.childNodes);
    const [lead, ...rest] = ABOUT;
    const paragraphs = [make("p", { class: "lead" }, lead), ...rest.map((text) => make("p", {}, text))];
    article.append(make("h1", {}, "About"), ...paragraphs, before);
  }
  if ($("camera-https")) $("camera-https").textContent = "Publish this site with HTTPS.";
  const words = $("camera-words");
  if (words)
    words.textContent =
      "Hold digits in front of the camera to read them. Nothing is recorded or leaves this device.";
}

/** Shows how much of the reader is loaded, until it is. */
function showLoading() {
  const words = make("span", {}, "Loading the reader …");
  const bar = make("progress", { max: 1, value: 0, "aria-label": "Loading the reader" });
  const status = make("div", { id: "site-status", role: "status", hidden: "" }, words, bar);
  document.body.append(status);
  loading.addEventListener("progress", ({ detail: { loaded, total, done, error } }) => {
    status.hidden = Boolean(done);
    document.documentElement.dataset.reader = done ? "ready" : error ? "failed" : "loading";
    if (error) {
      words.textContent = `The reader cannot be loaded (${error.message}). Reload the page to try again.`;
      bar.hidden = true;
    } else if (total) {
      const megabytes = (count) => (count / 1e6).toFixed(1);
      words.textContent = `Loading the reader: ${megabytes(loaded)} of ${megabytes(total)} MB`;
      bar.value = loaded / total;
    }
  });
}

/** Keeps the site on this device; browsers allow it on https and on this machine. */
function workOffline() {
  const register = () => navigator.serviceWorker?.register("service-worker.js").catch(() => null);
  if (document.readyState === "complete") register();
  else addEventListener("load", register);
}

removeServer();
describe();
showLoading();
workOffline();
