/** The requests of the page as programs in other languages. Does not use the DOM. */

import { query } from "./api.js";

/** What a visitor sees before anything was read. */
export const FIRST = { method: "POST", path: "v1/read", options: {}, file: "photo.jpg" };

/**
 * @typedef {Object} Request
 * @property {string} method
 * @property {string} path such as "v1/read".
 * @property {Object} options the options in the URL.
 * @property {string} [file] the name of the picture in the body.
 * @property {Object} [json] the body, if it is JSON.
 */

export const LANGUAGES = { curl, Python: python, JavaScript: javascript };

/** @param {Request} request @param {{base: string, key: boolean}} server */
function curl(request, { base, key }) {
  const parts = ["curl"];
  if (key) parts.push('--header "Authorization: Bearer $INKREAD_API_KEY"');
  if (request.file) parts.push(`--data-binary ${quoted(`@${request.file}`)}`);
  else if (request.json) {
    parts.push("--header 'Content-Type: application/json'", `--data ${quoted(JSON.stringify(request.json))}`);
  }
  return [...parts, quoted(urlOf(request, base))].join(" \\\n  ");
}

function python(request, { base, key }) {
  const given = Object.entries(request.options);
  const options = given.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(String(value))}`);
  const arguments_ = [
    JSON.stringify(new URL(request.path, base).href),
    options.length && `params={${options.join(", ")}}`,
    key && 'headers={"Authorization": f"Bearer {os.environ[\'INKREAD_API_KEY\']}"}',
    request.file && `content=Path(${JSON.stringify(request.file)}).read_bytes()`,
    request.json && `json=json.loads(${JSON.stringify(JSON.stringify(request.json))})`,
    "timeout=60",
  ];
  const path = request.file && "from pathlib import Path";
  const imports = [request.json && "import json", key && "import os", path];
  return [
    ...imports.filter(Boolean),
    imports.some(Boolean) && "",
    "import httpx  # pip install httpx",
    "",
    `answer = httpx.${request.method.toLowerCase()}(`,
    ...arguments_.filter(Boolean).map((each) => `    ${each},`),
    ")",
    "answer.raise_for_status()",
    request.file ? 'print(answer.json()["text"])' : "print(answer.json())",
  ].filter((line) => line !== false && line !== undefined).join("\n");
}

function javascript(request, { base, key }) {
  const headers = [
    key && "Authorization: `Bearer ${process.env.INKREAD_API_KEY}`",
    request.json && '"Content-Type": "application/json"',
  ].filter(Boolean);
  const body = request.file
    ? `await openAsBlob(${JSON.stringify(request.file)})`
    : request.json && `JSON.stringify(${JSON.stringify(request.json)})`;
  return [
    request.file && 'import { openAsBlob } from "node:fs"; // in a page: a File of <input type="file">',
    request.file && "",
    `const answer = await fetch(${JSON.stringify(urlOf(request, base))}, {`,
    `  method: ${JSON.stringify(request.method)},`,
    headers.length > 0 && `  headers: { ${headers.join(", ")} },`,
    body && `  body: ${body},`,
    "});",
    "if (!answer.ok) throw new Error((await answer.json()).detail);",
    request.file ? "console.log((await answer.json()).text);" : "console.log(await answer.json());",
  ].filter((line) => line !== false && line !== undefined).join("\n");
}

function urlOf({ path, options }, base) {
  return new URL(`${path}${query(options)}`, base).href;
}

/** Quotes a word for a POSIX shell. */
function quoted(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
