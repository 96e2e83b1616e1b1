"use strict";
// Shows the document in this page and calls its routes on the same host. Everything goes into the page as text.

const api = JSON.parse(document.getElementById("document").textContent);
const place = document.body.dataset.place ? ` ${document.body.dataset.place}` : "";
const base = api.servers[0].url.replace(/\/$/, "");
const main = document.getElementById("main");
const tokenField = document.getElementById("token");
const filter = document.getElementById("filter");
const UNRECORDED = new Set([401, 405, 408, 413, 429, 431, 503]); // the gateway refused: nothing happened that a trace could show
const drafts = new Map(); // what was typed, and the last reply, by route
const routes = Object.entries(api.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation, id: operation.operationId })));

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function resolved(node) {
  let found = node;
  while (found && found.$ref) found = found.$ref.slice(2).split("/").reduce((at, step) => at[step], api);
  return found;
}

// ---------------------------------------------------------------------------------------------------------- words

function callers(operation) {
  const ways = operation.security;
  if (ways.length === 0 || ways.some((way) => Object.keys(way).length === 0)) return "for anyone";
  const groups = ways.flatMap((way) => way.bearer || []);
  return groups.length ? `for the groups: ${groups.join(", ")}` : "for anyone signed in";
}

function typed(schema) {
  const it = { ...resolved(schema), ...schema };
  if (it.enum) return it.enum.map(String).join(" | ");
  if (it.anyOf) return it.anyOf.map(typed).join(" or ");
  if (it.type === "array") return `list of ${it.items ? typed(it.items) : "anything"}`;
  return [it.format || it.title || [it.type || "anything"].flat().join(" or ")].join("");
}

function bounds(schema) {
  const it = resolved(schema);
  const say = { minimum: "≥ ", exclusiveMinimum: "> ", maximum: "≤ ", exclusiveMaximum: "< ", minLength: "length ≥ ",
    maxLength: "length ≤ ", minItems: "items ≥ ", maxItems: "items ≤ ", multipleOf: "multiple of ", pattern: "pattern " };
  const found = Object.entries(say).filter(([name]) => it[name] !== undefined).map(([name, words]) => words + it[name]);
  if (it.default !== undefined) found.push(`default ${JSON.stringify(it.default)}`);
  return [typed(schema), ...found].join(", ");
}

function quoted(text) {
  return /^[A-Za-z0-9_./:=@%,+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

// JSON as it came, indented: parsing it would round long numbers.
function pretty(text) {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g) || [];
  const out = make("pre", { tabindex: "0" });
  let depth = 0;
  const line = () => out.append("\n" + "  ".repeat(depth));
  tokens.forEach((token, at) => {
    if (token === "{" || token === "[") {
      out.append(token);
      depth += 1;
      if (!"]}".includes(tokens[at + 1] || " ")) line();
    } else if (token === "}" || token === "]") {
      depth -= 1;
      if (!"[{".includes(tokens[at - 1] || " ")) line();
      out.append(token);
    } else if (token === ",") {
      out.append(token);
      line();
    } else if (token === ":") out.append(": ");
    else out.append(make("span", { class: token[0] !== '"' ? "v" : tokens[at + 1] === ":" ? "n" : "s" }, token));
  });
  return out;
}

function copier(text) {
  const button = make("button", { type: "button", class: "copy" }, "Copy");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  });
  return button;
}

// --------------------------------------------------------------------------------------------------------- routes

function list() {
  const wanted = filter.value.trim().toLowerCase();
  const shown = routes.filter((route) =>
    `${route.method} ${route.path} ${route.id} ${route.operation.summary || ""}`.toLowerCase().includes(wanted));
  const services = api.tags.map((tag) => tag.name).filter((name) => shown.some((route) => route.operation.tags[0] === name));
  document.getElementById("routes").replaceChildren(...services.flatMap((name) => [
    make("h2", {}, name),
    make("ul", {}, ...shown.filter((route) => route.operation.tags[0] === name).map(entry)),
  ]), shown.length ? "" : make("p", { class: "soft" }, routes.length ? "No route fits." : "The platform has no routes."));
}

function entry(route) {
  const here = current() === route;
  return make("li", {}, make("a", { href: `#${route.id}`, "aria-current": here ? "page" : null, title: route.operation.summary },
    make("span", { class: `method ${route.method}` }, route.method.toUpperCase()), make("span", {}, route.path)));
}

function current() {
  const id = decodeURIComponent(location.hash.slice(1));
  return routes.find((route) => route.id === id) || routes[0];
}

// ---------------------------------------------------------------------------------------------------------- forms

function draft(route) {
  if (!drafts.has(route.id)) {
    const values = {};
    for (const one of route.operation.parameters || []) values[`${one.in} ${one.name}`] = shownExample(one);
    const body = bodyOf(route);
    drafts.set(route.id, { values, body: body && body.example !== undefined ? JSON.stringify(body.example, null, 2) : "", reply: null });
  }
  return drafts.get(route.id);
}

function shownExample(parameter) {
  const value = parameter.example;
  if (value === undefined) return "";
  return Array.isArray(value) ? value.map(String).join("\n") : typeof value === "string" ? value : JSON.stringify(value);
}

function bodyOf(route) {
  return route.operation.requestBody ? route.operation.requestBody.content["application/json"] : null;
}

function field(parameter, kept) {
  const key = `${parameter.in} ${parameter.name}`;
  const schema = resolved(parameter.schema);
  const id = `field ${key}`.replaceAll(" ", "-");
  const shared = { id, "data-key": key, "aria-describedby": `${id}-what`, "aria-required": parameter.required ? "true" : null,
    oninput: (event) => { kept.values[key] = event.target.value; } };
  const choices = schema.type === "boolean" ? ["true", "false"] : schema.enum;
  let input;
  if (choices) {
    input = make("select", shared, ...["", ...choices.map(String)].map((value) => make("option", { value }, value || "–")));
  } else if (schema.type === "array") {
    input = make("textarea", { ...shared, class: "short", placeholder: "one a line", spellcheck: "false" });
  } else {
    const given = schema.default !== undefined ? schema.default : (schema.examples || [])[0];
    input = make("input", { ...shared, placeholder: given === undefined ? "" : String(given), spellcheck: "false", autocomplete: "off" });
  }
  input.value = kept.values[key];
  return make("div", { class: "field" },
    make("label", { for: id }, parameter.name, parameter.required ? make("span", { class: "must", title: "required" }, " *") : null),
    input,
    make("span", { class: "soft", id: `${id}-what` }, `${parameter.in} · ${bounds(parameter.schema)}`,
      parameter.description ? ` · ${parameter.description}` : ""));
}

function bodyField(route, kept) {
  const media = bodyOf(route);
  const area = make("textarea", { id: "body", "data-key": "body", spellcheck: "false", "aria-label": "Body, as JSON",
    oninput: (event) => { kept.body = event.target.value; } });
  area.value = kept.body;
  area.rows = Math.min(24, kept.body.split("\n").length + 1);
  const name = media.schema.$ref ? media.schema.$ref.split("/").pop() : "Its schema";
  return make("section", {}, make("h3", {}, route.operation.requestBody.required ? "Body" : "Body (may be left out)"), area,
    make("details", {}, make("summary", {}, `${name} as JSON Schema`), pretty(JSON.stringify(resolved(media.schema)))));
}

function show() {
  const route = current();
  list();
  if (!route) return;
  document.title = `${route.method.toUpperCase()} ${route.path} · ${api.info.title}`;
  const kept = draft(route);
  const { operation } = route;
  const answer = make("section", { id: "answer", "aria-live": "polite" });
  const button = make("button", { class: "send", type: "submit" }, "Send");
  const form = make("form", { novalidate: true, onsubmit: (event) => { event.preventDefault(); send(route, kept, button, answer); } },
    operation.parameters ? make("h3", {}, "Parameters") : null, ...(operation.parameters || []).map((one) => field(one, kept)),
    operation.requestBody ? bodyField(route, kept) : null,
    make("div", { class: "bar" }, button, make("span", { class: "soft" }, "Ctrl+Enter sends"),
      make("button", { type: "button", class: "copy", onclick: (event) => copyCurl(route, kept, event.target) }, "Copy as curl")));
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); }
  });
  main.replaceChildren(
    make("h2", {}, make("span", { class: `method ${route.method}` }, `${route.method.toUpperCase()} `), make("span", { class: "mono" }, route.path)),
    make("p", {}, operation.summary || ""),
    ...(operation.description || "").split(/\n\s*\n/).filter(Boolean).map((text) => make("p", { class: "soft" }, text)),
    make("p", {}, make("span", { class: "tag" }, callers(operation)), " ", make("code", { class: "soft" }, route.id)),
    form, answer, replies(operation));
  if (kept.reply) showReply(kept.reply, answer);
}

function replies(operation) {
  const rows = Object.entries(operation.responses).map(([status, given]) => {
    const what = resolved(given);
    const content = Object.values(what.content || {})[0];
    const kind = content && content.schema && content.schema.$ref && status < 400 ? content.schema.$ref.split("/").pop() : "";
    return make("tr", {}, make("th", { class: colour(Number(status)) }, status), make("td", {}, what.description),
      make("td", {}, kind ? make("details", {}, make("summary", {}, kind), pretty(JSON.stringify(resolved(content.schema)))) : ""));
  });
  return make("details", {}, make("summary", {}, "What it may answer"), make("table", {}, make("tbody", {}, ...rows)));
}

// ------------------------------------------------------------------------------------------------------- requests

function request(route, kept) {
  const headers = {};
  const query = new URLSearchParams();
  let path = base + route.path;
  const missing = [];
  for (const one of route.operation.parameters || []) {
    const text = kept.values[`${one.in} ${one.name}`];
    const many = resolved(one.schema).type === "array";
    const values = many ? text.split("\n").map((part) => part.trim()).filter(Boolean) : text === "" ? [] : [text];
    if (one.in === "path" && !values.length) missing.push(one.name);
    else if (one.in === "path") path = path.replace(`{${one.name}}`, encodeURIComponent(values[0]));
    else if (one.in === "query") values.forEach((value) => query.append(one.name, value));
    else if (values.length) headers[one.name] = values.join(", ");
  }
  const body = route.operation.requestBody && kept.body.trim() !== "" ? kept.body : undefined;
  if (body !== undefined) headers["content-type"] = "application/json";
  const url = path + (query.size ? `?${query}` : "");
  return { method: route.method.toUpperCase(), url, headers, body, missing };
}

async function send(route, kept, button, answer) {
  const asked = request(route, kept);
  mark([]);
  if (asked.missing.length) {
    mark(asked.missing.map((name) => ({ in: "path", name, detail: "This part of the path is needed" })));
    return;
  }
  const headers = { ...asked.headers };
  const token = tokenField.value.trim().replace(/^bearer\s+/i, "");
  if (token) headers.authorization = `Bearer ${token}`;
  button.disabled = true;
  const started = performance.now();
  try {
    const reply = await fetch(asked.url, { method: asked.method, headers, body: asked.body, credentials: "omit", redirect: "manual", cache: "no-store" });
    const text = await reply.text();
    kept.reply = { status: reply.status, phrase: reply.statusText, headers: [...reply.headers], text,
      took: performance.now() - started, asked, signed: Boolean(token) };
  } catch (error) {
    kept.reply = { failed: String(error.message || error), asked };
  }
  button.disabled = false;
  if (current() === route) showReply(kept.reply, answer);
}

async function copyCurl(route, kept, button) {
  const asked = request(route, kept);
  const words = ["curl", "-sS", "-i", "-X", asked.method, new URL(asked.url, location.href).href];
  for (const [name, value] of Object.entries(asked.headers)) words.push("-H", `${name}: ${value}`);
  if (asked.body !== undefined) words.push("--data-raw", asked.body);
  const token = tokenField.value.trim() ? ' -H "authorization: Bearer $TOKEN"' : "";
  await navigator.clipboard.writeText(words.map(quoted).join(" ") + token);
  button.textContent = "Copied as curl";
}

// -------------------------------------------------------------------------------------------------------- replies

function colour(status) {
  return status < 300 ? "good" : status < 400 ? "warn" : "bad";
}

function showReply(reply, answer) {
  if (reply.failed) {
    answer.replaceChildren(make("h3", {}, "Reply"), make("p", { class: "wrong" },
      `No reply: ${reply.failed}. Does the platform still run?`));
    return;
  }
  const found = new Map(reply.headers);
  const kind = (found.get("content-type") || "").split(";")[0];
  const size = new TextEncoder().encode(reply.text).length;
  const problem = kind === "application/problem+json" ? parsed(reply.text) : null;
  answer.replaceChildren(make("div", {},
    make("h3", {}, "Reply"),
    make("p", {}, make("span", { class: `status ${colour(reply.status)}` }, `${reply.status} ${reply.phrase}`),
      make("span", { class: "soft" }, `  ${reply.took.toFixed(0)} ms, ${size.toLocaleString()} bytes`)),
    problem ? problemShown(problem, reply) : null,
    reply.text === "" ? make("p", { class: "soft" }, "Without a body.") : kind.endsWith("json") ? pretty(reply.text)
      : make("pre", { tabindex: "0" }, reply.text),
    UNRECORDED.has(reply.status) ? null : trace(found.get("trace-id")),
    make("details", {}, make("summary", {}, `${reply.headers.length} headers`), make("table", {}, make("tbody", {},
      ...reply.headers.map(([name, value]) => make("tr", {}, make("th", {}, name), make("td", { class: "mono" }, value)))))),
  ));
  mark((problem && problem.errors) || []);
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return null; }
}

function problemShown(problem, reply) {
  const errors = Array.isArray(problem.errors) ? problem.errors : [];
  const help = reply.status !== 401 ? null : make("p", { class: "soft" }, reply.signed
    ? "The token at the top is not accepted: it may have expired. " : "Paste a token at the top. ",
    make("code", {}, `oort token --user NAME${place}`), " prints one.");
  return make("div", { class: "problem" }, make("strong", {}, problem.title || "Problem"),
    problem.detail ? make("p", {}, problem.detail) : null, help,
    errors.length ? make("ul", {}, ...errors.map((one) => make("li", {},
      make("code", {}, one.pointer !== undefined ? `body ${one.pointer || "(all of it)"}` : `${one.in} ${one.name}`), `  ${one.detail}`))) : null);
}

function trace(id) {
  if (!id) return null;
  const command = `oort trace ${id}${place}`;
  return make("p", { class: "bar" }, make("span", { class: "soft" }, "What happened:"), make("code", {}, command), copier(command));
}

// Says beside each field what the reply found wrong with it.
function mark(errors) {
  for (const old of main.querySelectorAll(".field .wrong")) old.remove();
  for (const input of main.querySelectorAll("[data-key]")) {
    const mine = errors.filter((one) => (one.in === "body" ? "body" : `${one.in} ${one.name}`) === input.dataset.key);
    input.setAttribute("aria-invalid", mine.length ? "true" : "false");
    if (mine.length && input.closest(".field")) input.closest(".field").append(make("span", { class: "wrong" }, mine.map((one) => one.detail).join("; ")));
  }
}

// ----------------------------------------------------------------------------------------------------------- page

document.getElementById("who").addEventListener("submit", (event) => event.preventDefault());
document.getElementById("token-how").append(make("code", {}, `oort token --user NAME${place}`), " prints one. It stays in this page and is gone when you leave it.");
filter.addEventListener("input", list);
window.addEventListener("hashchange", () => { show(); main.focus({ preventScroll: true }); window.scrollTo(0, 0); });
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) { event.preventDefault(); filter.focus(); }
});
show();
