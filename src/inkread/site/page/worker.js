/**
 * Reads pictures in a web worker. It receives {id, task, picture | values, options} and answers
 * {id, result | error}; while it loads, it reports {loaded, total} bytes.
 */

import * as ort from "./onnxruntime.js";
import { decode } from "./pictures.js";
import { openNetworks } from "./reader/networks.js";
import { Reader } from "./reader/reader.js";

const here = new URL("./", import.meta.url);
let opening = null;
let turn = Promise.resolve(); // one picture at a time

addEventListener("message", ({ data }) => {
  turn = turn.then(() => answer(data));
});

async function answer({ id, task, ...rest }) {
  try {
    opening ??= open();
    postMessage({ id, result: await tasks[task](await opening, rest) });
  } catch (error) {
    if (!(await opening?.catch(() => null))) opening = null; // the next request tries again
    postMessage({ id, error: { message: error.message, isPicture: Boolean(error.isPicture) } });
  }
}

const tasks = {
  open: async () => null,
  read: async (reader, { picture, options }) => {
    const start = performance.now();
    const { grey, size } = await decode(picture);
    const reading = await reader.read(grey, { size, ...options });
    return { ...reading, milliseconds: performance.now() - start };
  },
  classify: (reader, { values }) => reader.classify(values),
};

async function open() {
  const settings = await (await get("settings.json")).json();
  let loaded = 0;
  const load = async (name) => {
    const bytes = await whole(await get(name), (count) => {
      loaded += count;
      postMessage({ loaded: Math.min(loaded, settings.bytes), total: settings.bytes });
    });
    return bytes;
  };
  ort.env.wasm.numThreads = 1; // more need headers that static hosts do not send
  ort.env.wasm.wasmBinary = (await unpacked(await load("onnxruntime.wasm.gz"))).buffer;
  const networks = await openNetworks(ort, (name) => load(`networks/${name}.onnx`));
  return new Reader(networks, settings);
}

async function get(name) {
  const response = await fetch(new URL(name, here));
  if (!response.ok) throw new Error(`${name} cannot be loaded (${response.status})`);
  return response;
}

/** Reads a response to its end, and reports the number of bytes of each part. */
async function whole(response, onPart) {
  const parts = [];
  for (const reader = response.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    onPart(value.length);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Decompresses a gzip file, unless the host announced it as compressed, so that the browser already has. */
async function unpacked(bytes) {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
