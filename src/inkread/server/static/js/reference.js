/** Shows the OpenAPI document as a page to read. */

import { el } from "./dom.js";

/** @param {Object} document the response of GET /openapi.json. @returns {HTMLElement[]} */
export function reference(document) {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
  );
  return document.tags.map(({ name, description }) => el("section", { class: "api-group" },
    el("h3", {}, description),
    ...operations.filter(({ tags }) => tags.includes(name)).map((each) => operationOf(each, document))));
}

function operationOf(operation, document) {
  const { path, method, summary, description, parameters = [], requestBody, responses } = operation;
  const kind = el("b", { class: `method ${method}` }, method.toUpperCase());
  const good = Object.entries(responses).filter(([status]) => status < "300").map(([, response]) => response);
  const examples = (contents = {}) => Object.values(contents).map((each) => example(each, document));
  return el("details", { class: "operation" },
    el("summary", {}, kind, " ", el("code", {}, path), " ", el("span", { class: "faint" }, summary)),
    ...paragraphs(description),
    parameters.length > 0 && options(parameters, document),
    requestBody && el("p", {}, el("b", {}, "Body: "), Object.keys(requestBody.content).join(", ")),
    ...examples(requestBody?.content),
    el("p", {}, el("b", {}, "Responses")),
    el("ul", { class: "responses" }, ...Object.entries(responses).map(([status, response]) => (
      el("li", {}, el("code", {}, status), " ", ...inline(withoutStatus(response.description)))
    ))),
    ...good.flatMap(({ content }) => examples(content)));
}

function options(parameters, document) {
  const rows = parameters.map(({ name, required, description, schema }) => {
    const { type, enum: choices, default: standard, anyOf } = resolved(schema, document);
    const types = anyOf?.map((each) => each.type).filter(Boolean);
    const kind = (choices ?? types)?.join(" | ") ?? type ?? "";
    const value = standard === undefined || standard === null || standard === "" ? "" : String(standard);
    return el("tr", {},
      el("th", { scope: "row" }, el("code", {}, name), required ? " *" : ""),
      el("td", {}, kind),
      el("td", {}, value),
      el("td", {}, ...inline(description ?? schema.description ?? "")));
  });
  const head = ["Option", "Type", "Default", "Meaning"].map((words) => el("th", { scope: "col" }, words));
  return el("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "Options" },
    el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows)));
}

/** Shows an example, if the document has one for this content or its schema. */
function example({ example: one, examples, schema }, document) {
  const ofSchema = resolved(schema ?? {}, document).examples?.[0];
  const found = one ?? Object.values(examples ?? {})[0]?.value ?? ofSchema;
  if (found === undefined) return null;
  const text = typeof found === "string" ? found : JSON.stringify(found, null, 2);
  return el("pre", { tabindex: 0, "aria-label": "Example" }, el("code", {}, text));
}

function resolved(schema, document) {
  const name = schema.$ref?.split("/").at(-1);
  return name ? document.components.schemas[name] : schema;
}

function withoutStatus(description) {
  return description.replace(/^\d{3} [^:]*: /, "");
}

function paragraphs(text = "") {
  return text.split(/\n\s*\n/).filter(Boolean).map((each) => el("p", {}, ...inline(each)));
}

/** Turns `code` in a text into elements. */
function inline(text) {
  return text.split(/`+([^`]+)`+/).map((part, index) => (index % 2 ? el("code", {}, part) : part));
}
