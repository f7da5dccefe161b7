/** Reads the grey pictures in a folder, and prints the readings. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

import * as ort from "./onnxruntime.js";
import { openNetworks } from "./reader/networks.js";
import { Reader } from "./reader/reader.js";

const folder = process.argv[2];
const { settings, wasm, networks, pages, drawings } = JSON.parse(
  readFileSync(join(folder, "input.json"), "utf-8"),
);
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmBinary = readFileSync(wasm).buffer;
const load = async (name) => new Uint8Array(readFileSync(networks[name]));
const reader = new Reader(await openNetworks(ort, load), settings);
const readings = [];
for (const { file, width, height, single, size } of pages) {
  const grey = { data: new Uint8Array(readFileSync(join(folder, file))), width, height };
  readings.push(await reader.read(grey, { size, single, detail: true }));
}
const classified = [];
for (const file of drawings)
  classified.push(await reader.classify(new Uint8Array(readFileSync(join(folder, file)))));
console.log(JSON.stringify({ readings, classified }));
