/**
 * What serves the dashboard. `camcors dashboard` can ask a camera by itself, which a page cannot; any other
 * server of static files cannot, and the dashboard works without.
 */

import { LINES_MAX, cut } from "./bounds.js";

const SETTINGS = "dashboard.json";

/**
 * cameras: addresses that are offered where there is none. doctor: it sends the requests of a page itself.
 * explain: it reads the policy over a camera's REPL. repl: the port of that, "" if there is none.
 * ready: all of it is known; until then the server is taken for one that can nothing.
 * @typedef {{cameras: string[], doctor: boolean, explain: boolean, repl: string, ready: Promise<void>}} Server
 */

/** @returns {Server} */
export function findServer() {
  /** @type {Server} */
  const server = { cameras: [], doctor: false, explain: false, repl: "", ready: Promise.resolve() };
  server.ready = fill(server);
  return server;
}

/** @param {Server} server */
async function fill(server) {
  try {
    const response = await fetch(SETTINGS, { cache: "no-store" });
    const found = response.ok ? await response.json() : {};
    server.cameras = Array.isArray(found.cameras) ? found.cameras.map(String) : [];
    server.doctor = found.doctor === true;
    server.repl = String(found.repl ?? "");
    server.explain = server.repl !== "";
  } catch {
    // Files alone, on a server that answers otherwise.
  }
}

/**
 * Asks the server's `camcors doctor` or `explain`.
 * @param {"doctor"|"explain"} what
 * @param {object} question
 * @returns {Promise<any>} its answer, or {error, remedy}
 */
export async function askServer(what, question) {
  try {
    const response = await fetch(what, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(question),
    });
    return await response.json();
  } catch {
    return { error: "the dashboard’s server does not answer", remedy: "start it again: camcors dashboard" };
  }
}

/**
 * What the server found on its own way to a camera, as Examination.to_json() of the command says it.
 * browsers: what this browser does by where page and camera are.
 * @typedef {object} Examination
 * @property {"allowed"|"blocked"|"unreachable"} verdict
 * @property {string} reason "" if nothing blocks
 * @property {string} code
 * @property {string[]} commands
 * @property {string[]} remarks
 * @property {{mark: string, text: string}[]} steps
 * @property {string[]} browsers
 */

/**
 * @param {import("./api.js").Attempt} attempt
 * @returns {Promise<Examination|null>} null: it cannot tell
 */
export async function examine({ url, method, headers, credentials }) {
  const said = await askServer("doctor", { url, method, headers: Object.entries(headers), credentials });
  const { verdict } = said;
  if (verdict !== "allowed" && verdict !== "blocked" && verdict !== "unreachable") return null;
  const steps = list(said.steps).map((step) => ({ mark: String(step.mark), text: cut(String(step.text)) }));
  return {
    verdict,
    reason: cut(String(said.reason ?? "")),
    code: String(said.code ?? ""),
    commands: list(said.commands).map(String), // whole, or they do something else
    remarks: list(said.remarks).map((each) => cut(String(each))),
    steps,
    browsers: Object.values(said.browsers ?? {}).map(String),
  };
}

/** @param {any} value of which nothing is known */
function list(value) {
  return Array.isArray(value) ? value.slice(0, LINES_MAX) : [];
}
