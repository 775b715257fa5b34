/**
 * Why is it blocked? A browser tells a script nothing but "Failed to fetch", on purpose. Where `camcors dashboard`
 * serves the page, that examines the camera and judges. Without it, there is left what only a page sees: what the
 * browser says of its permissions, and whether other requests pass.
 */

import { CameraError, send } from "./api.js";
import { permissions } from "./permission.js";
import { explain } from "./place.js";
import { examine } from "./server.js";

/**
 * What was found. cause: one of a closed list, for programs and tests. commands: each fixes it or a part.
 * facts: what was tried, each in a sentence.
 * @typedef {object} Diagnosis
 * @property {"busy"|"token"|"http"|"mixed"|"ask"|"permission"|"unreachable"|"unclear"|"origin"|"method"|"header"|"credentials"|
 *   "host"|"passing"|"other"} cause
 * @property {string} title
 * @property {string} text
 * @property {string[]} commands
 * @property {string[]} facts
 * @property {string} [brief] what a tile says above all commands, in place of the first one
 * @property {string} [act] what a button says that has the browser ask
 * @property {string} [open] an address that a person may open to see for themselves
 */

const PROBE_MS = 4000;
const SAFE = ["GET", "HEAD", "POST"]; // Fetch, "CORS-safelisted method"
const METHODS = ["PUT", "PATCH", "DELETE"]; // what a policy lists beside those, as a rule
const HEADERS = { "Content-Type": "application/json" }; // what this page sends beside a token
const BUSY = ["busy", "no-memory", "streams-taken"]; // codes that pass by themselves; strict/error.py has all
const RECENT_MS = 20_000;
let probes = 0;

/**
 * @param {Error} error
 * @param {{server: import("./server.js").Server, answeredAt: number, isStreaming: boolean}} known
 *   answeredAt: when the camera answered last (performance.now(), 0: never). isStreaming: pictures come right now
 * @returns {Promise<Diagnosis>}
 */
export async function diagnose(error, known) {
  if (!(error instanceof CameraError)) return other(error.message);
  if (error.kind === "http") return ofAnswer(error);
  const found = await find(error.attempt, known);
  const { repl, cameras } = known.server;
  const isNear = repl && cameras.length === 1 && cameras[0] === new URL(error.attempt.url).origin;
  return isNear ? { ...found, commands: found.commands.map((command) => withPort(command, repl)) } : found;
}

/** @param {string} command @param {string} repl */
function withPort(command, repl) {
  return command.startsWith("camcors policy ") ? `${command} --port ${quote(repl)}` : command;
}

/**
 * @param {import("./api.js").Attempt} attempt
 * @param {Parameters<typeof diagnose>[1]} known
 * @returns {Promise<Diagnosis>}
 */
async function find(attempt, known) {
  const url = new URL(attempt.url);
  const found = (known.server.doctor ? await byServer(attempt) : byPlace(url)) ?? (await byProbes(attempt, known));
  return withCertificate(found, url);
}

/** What the browser does by where page and camera are, null if it lets the request through. @param {URL} url */
export function byPlace(url) {
  return explain(permissions.verdict(url), new URL(location.href), url, permissions.browser, permissions.stage(url));
}

/**
 * Nothing was found over https: a browser tells a script nothing of a certificate.
 * @param {Diagnosis} found @param {URL} url @returns {Diagnosis}
 */
function withCertificate(found, { protocol, origin }) {
  if (protocol !== "https:" || (found.cause !== "unreachable" && found.cause !== "unclear")) return found;
  const text =
    `Open ${origin} in a tab. A warning there means that this browser does not trust the camera’s certificate yet; ` +
    `if nothing answers, the camera may have none: camcors tls setup makes one. ${found.text}`;
  return { ...found, text, commands: [`camcors tls trust --check ${origin}`, ...found.commands], open: origin };
}

/** @param {string} text @returns {Diagnosis} */
function other(text) {
  return { cause: "other", title: "Something went wrong", text, commands: [], facts: [] };
}

/** @param {CameraError} error @returns {Diagnosis} */
function ofAnswer(error) {
  const asked = `${error.attempt.method} ${new URL(error.attempt.url).pathname}`;
  const facts = ["CORS: allowed, since this page can read the answer.", `Endpoint: answers ${asked}${error.status ? ` with ${error.status}` : ""}.`];
  const text = error.message;
  if (error.isLocked) {
    const title = error.code === "wrong-token" ? "Another token is needed" : "This camera is locked";
    return { cause: "token", title, text: sentence(text), commands: [], facts };
  }
  if (error.code === null ? error.status === 503 : BUSY.includes(error.code)) {
    return { cause: "busy", title: "The camera is busy", text: sentence(text), commands: [], facts };
  }
  return { cause: "http", title: titleOf(error), text: sentence(text), commands: [], facts };
}

/** @param {CameraError} error */
function titleOf({ code, status }) {
  if (code === "role-too-low") return "The token’s role is too low";
  return status >= 400 ? `The camera answers ${status}` : "Not a camera’s answer";
}

/** What the server calls its verdicts. @type {Record<string, Diagnosis["cause"]>} */
const CODES = {
  NO_ALLOW_ORIGIN: "origin",
  OTHER_ORIGIN: "origin",
  WRITE_GUARD: "origin",
  STAR_WITH_CREDENTIALS: "credentials",
  NO_ALLOW_CREDENTIALS: "credentials",
  PREFLIGHT_METHOD: "method",
  FORBIDDEN_METHOD: "method",
  PREFLIGHT_HEADER: "header",
  PREFLIGHT_AUTHORIZATION: "header",
  HOST_REFUSED: "host",
  MIXED_CONTENT: "mixed",
  LOCAL_NETWORK: "permission",
  UNREACHABLE: "unreachable",
};

/**
 * The server sends the same requests without a browser in between, and reads what a page may not.
 * @param {import("./api.js").Attempt} attempt
 * @returns {Promise<Diagnosis|null>} null: it cannot tell either
 */
async function byServer(attempt) {
  const said = await examine(attempt);
  if (!said) return null;
  if (said.verdict === "allowed") return null;
  const facts = [...said.steps, ...(said.endpoint ? [`endpoint: ${said.endpoint}`] : [])].map(sentence);
  const cause = CODES[said.code] ?? "other";
  if (said.verdict === "blocked" && !said.isCamera && cause !== "mixed" && cause !== "permission" && cause !== "host") {
    return notCamera(new URL(attempt.url), facts);
  }
  const words = cause === "origin" ? notListed() : [said.reason, ...said.remarks].join("; ");
  const title = said.code === "PREFLIGHT_AUTHORIZATION" ? TOKEN_HEADER : (TITLES[cause] ?? "Blocked");
  return { cause, title, text: sentence(words), commands: said.commands, facts };
}

/** @param {URL} url @param {string[]} facts @returns {Diagnosis} */
function notCamera({ origin, host }, facts) {
  const text =
    `Something answers at ${host}, but it is not a camcors camera. Remove it here and add the camera by its own address: ` +
    "its page shows the picture, and its console says “ready” and the address at the start.";
  return { cause: "other", title: "Not a camera", text, commands: [], facts, open: origin };
}

const TOKEN_HEADER = "The token’s header is not allowed";

/** @type {Partial<Record<Diagnosis["cause"], string>>} */
const TITLES = {
  origin: "This page’s origin is not allowed",
  method: "The method is not allowed",
  header: "A header is not allowed",
  credentials: "Credentials are not allowed",
  host: "The camera does not know this name",
  mixed: "An https page, an http camera",
  permission: "The browser guards your network",
  unreachable: "The camera does not answer",
};

/** @param {string} text */
export function sentence(text) {
  const trimmed = text.trim();
  return trimmed && trimmed[0].toUpperCase() + trimmed.slice(1) + (/[.!?:…]$/.test(trimmed) ? "" : ".");
}

/**
 * Whether a request passes, by its own URL: a cached preflight answers for the URL that it was for.
 * @param {import("./api.js").Attempt} attempt @param {Partial<import("./api.js").Attempt>} other @param {RequestInit} [more]
 */
export async function passes(attempt, other, more = {}) {
  const url = `${new URL(attempt.url).origin}/api/status?why=${++probes}`;
  const signal = AbortSignal.timeout(PROBE_MS);
  const redirect = more.mode === "no-cors" ? "follow" : "error"; // Fetch, "new Request(input, init)": else a TypeError
  try {
    const answer = await send({ ...attempt, url, method: "GET", headers: {}, credentials: false, ...other }, { redirect, ...more, signal });
    answer.body?.cancel().catch(() => {}); // it may have no end
    return true;
  } catch {
    return signal.aborted ? null : false;
  }
}

const notListed = () => `The camera’s policy does not list ${location.origin}, so the browser keeps its answers from this page. Allow it:`;

/** @param {string} word */
const quote = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`);

/**
 * @param {import("./api.js").Attempt} attempt
 * @param {{answeredAt: number, isStreaming: boolean}} known
 * @returns {Promise<Diagnosis>}
 */
async function byProbes(attempt, known) {
  const { origin } = new URL(attempt.url);
  const plain = await passes(attempt, {});
  if (plain) return ofRequest(attempt);
  const facts = ["A plain GET does not pass either, so neither method nor headers are the reason."];
  const opaque = plain === null ? null : await passes(attempt, {}, { mode: "no-cors" });
  const recently = known.answeredAt && performance.now() - known.answeredAt < RECENT_MS;
  if (plain === null || opaque === null) {
    facts.push(`Nothing came back within ${PROBE_MS / 1000} s; a refusal would come at once.`);
    return unreachable(origin, facts);
  }
  const allow = `camcors policy allow ${quote(location.origin)}`;
  if (opaque) facts.push("A request that reads nothing gets through: the camera is there.");
  else if (known.isStreaming) facts.push("Its stream still runs: the camera is there.");
  else if (recently) facts.push("It answered a moment ago.");
  if (opaque || known.isStreaming) {
    return { cause: "origin", title: TITLES.origin ?? "", text: notListed(), commands: [allow], facts };
  }
  facts.push("A browser does not tell a script the difference between a refused connection and a refused answer.");
  return {
    cause: "unclear",
    title: "Blocked, or not there",
    text: `Open ${origin} in a tab. If the camera’s own page shows, its policy does not list ${location.origin}: allow it. If not, check the address, and that the camera is switched on and in this network.`,
    commands: [allow],
    facts,
    open: origin,
  };
}

/** @param {string} origin @param {string[]} facts @returns {Diagnosis} */
function unreachable(origin, facts) {
  const text = `Nothing answers at ${origin}. Check that the camera is switched on and in this network, and its address.`;
  return { cause: "unreachable", title: "The camera does not answer", text, commands: [], facts, open: origin };
}

/**
 * The origin is allowed: something of the request is not.
 * @param {import("./api.js").Attempt} attempt
 * @returns {Promise<Diagnosis>}
 */
async function ofRequest(attempt) {
  const facts = ["A plain GET passes: the camera is there and allows this page’s origin."];
  const { origin } = new URL(attempt.url);
  const { method } = attempt;
  if (!SAFE.includes(method) && !(await passes(attempt, { method }, { body: "{}" }))) {
    const listed = [];
    for (const each of METHODS) if (each !== method && (await passes(attempt, { method: each }, { body: "{}" }))) listed.push(each);
    const text = `The policy’s allowed_methods has no ${method}. This is the list with it, and with what passes already:`;
    const commands = [`camcors policy set allowed_methods ${["GET", ...listed, quote(method)].join(",")}`];
    return { cause: "method", title: `${method} is not allowed`, text, commands, facts };
  }
  for (const [name, value] of Object.entries(attempt.headers)) {
    if (await passes(attempt, { headers: { [name]: value } })) continue;
    const listed = [];
    for (const [other, given] of Object.entries({ ...HEADERS, ...attempt.headers })) {
      if (other !== name && (await passes(attempt, { headers: { [other]: given } }))) listed.push(other);
    }
    const text = `The policy’s allowed_headers has no ${name}. This is the list with it, and with what passes already; if your pages send others, name them too:`;
    const commands = [`camcors policy set allowed_headers ${[...listed, quote(name)].join(",")}`];
    const title = name === "Authorization" ? TOKEN_HEADER : `The header ${name} is not allowed`;
    return { cause: "header", title, text, commands, facts };
  }
  if (attempt.credentials && !(await passes(attempt, { credentials: true }))) {
    const text =
      "The camera’s answers may not be read by a page that sends cookies or logins: its policy has allow_credentials off, " +
      "or allows any origin (*), which excludes them. List the origin, then allow credentials; or switch them off here.";
    const origins = `camcors policy set allowed_origins ${quote(location.origin)}`;
    return { cause: "credentials", title: TITLES.credentials ?? "", text, commands: [origins, "camcors policy set allow_credentials true"], facts };
  }
  const text = "It passes now: the camera was away for a moment, or the policy has just been changed.";
  return { cause: "passing", title: "It works again", text, commands: [], facts, open: origin };
}
