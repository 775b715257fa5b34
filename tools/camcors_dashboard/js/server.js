/**
 * What serves the dashboard. `camcors dashboard` can ask a camera by itself, which a page cannot; any other
 * server of static files cannot, and the dashboard works without.
 */

import { LINES_MAX, cut, nameOf } from "./bounds.js";

const SETTINGS = "dashboard.json";

/**
 * cameras: addresses that are offered where there is none. doctor: it sends the requests of a page itself.
 * find: it looks for cameras in the network. explain: it reads the policy over a camera's REPL. repl: the port of that, "" if there is none.
 * ready: all of it is known; until then the server is taken for one that can nothing.
 * @typedef {{cameras: string[], doctor: boolean, find: boolean, explain: boolean, repl: string, ready: Promise<void>}} Server
 */

/** @returns {Server} */
export function findServer() {
  /** @type {Server} */
  const server = { cameras: [], doctor: false, find: false, explain: false, repl: "", ready: Promise.resolve() };
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
    server.find = found.find === true;
    server.repl = String(found.repl ?? "");
    server.explain = server.repl !== "";
  } catch {
    // Files alone, on a server that answers otherwise.
  }
}

/** @typedef {{error: string, remedy: string}} Fault */

/**
 * Asks the server.
 * @param {"doctor"|"explain"|"find"} what
 * @param {object} question
 * @returns {Promise<unknown>} its answer, or a Fault
 */
async function ask(what, question) {
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
 * The cameras that the server found in its network: what they say of themselves, and no more.
 * @returns {Promise<{url: string, name: string}[]|Fault>}
 */
export async function findCameras() {
  const said = /** @type {{found?: unknown}|Fault} */ (await ask("find", {}));
  if ("error" in said) return { error: cut(String(said.error)), remedy: cut(String(said.remedy)) };
  const found = list(said.found).map((each) => /** @type {{url?: unknown, name?: unknown}} */ (each ?? {}));
  return found.map(({ url, name }) => ({ url: String(url), name: nameOf(name) ?? "" }));
}

/**
 * Which origins may do what: the server's own answer, of explain_origins.
 * @typedef {object} Origins
 * @property {string} digest of the policy
 * @property {string[]} columns
 * @property {{origin: string, note: string, cells: {allowed: boolean, reason: string|null}[]}[]} rows
 */

/**
 * @param {string} camera its address
 * @returns {Promise<Origins|Fault>}
 */
export async function askOrigins(camera) {
  return /** @type {Origins|Fault} */ (await ask("explain", { camera }));
}

/**
 * What the server found on its own way to a camera, as Examination.to_json() of the command says it.
 * @typedef {object} Examination
 * @property {"allowed"|"blocked"|"unreachable"} verdict
 * @property {string} reason "" if nothing blocks
 * @property {string} code
 * @property {string} endpoint what it makes of the request, whoever may read the answer; "" if the request reaches none
 * @property {boolean} isRefused the endpoint refuses the request, which shows no token unless the server has it
 * @property {number} status of the endpoint's answer, 0 if it gave none
 * @property {boolean|null} frames whether this page may show the answer in an <iframe>
 * @property {string[]} commands
 * @property {string[]} remarks
 * @property {string[]} steps their words
 * @property {boolean} isCamera what answers is a camcors camera
 */

/**
 * @param {import("./api.js").Attempt} attempt
 * @param {{isTokenShown?: boolean}} [options] isTokenShown: the server is told the token, as the person asked for; else
 *   only that there is one
 * @returns {Promise<Examination|null>} null: it cannot tell
 */
export async function examine({ url, method, headers, credentials }, { isTokenShown = false } = {}) {
  const told = Object.entries(headers).map(([name, value]) => [name, name === "Authorization" && !isTokenShown ? "" : value]);
  const question = { url, method, headers: told, credentials };
  const said = /** @type {Partial<Record<keyof Examination | "is_camera", unknown>>} */ (await ask("doctor", question));
  const { verdict } = said;
  const endpoint = /** @type {{works?: unknown, text?: unknown, status?: unknown}} */ (said.endpoint ?? {});
  if (verdict !== "allowed" && verdict !== "blocked" && verdict !== "unreachable") return null;
  return {
    verdict,
    reason: cut(String(said.reason ?? "")),
    code: String(said.code ?? ""),
    endpoint: cut(String(endpoint.text ?? "")),
    isRefused: endpoint.works === false,
    status: Number(endpoint.status ?? 0),
    frames: typeof said.frames === "boolean" ? said.frames : null,
    commands: list(said.commands).map(String), // whole, or they do something else
    remarks: list(said.remarks).map((each) => cut(String(each))),
    steps: list(said.steps).map((step) => cut(String(/** @type {{text?: unknown}|null} */ (step)?.text))),
    isCamera: said.is_camera === true,
  };
}

/** @param {unknown} value @returns {unknown[]} */
function list(value) {
  return Array.isArray(value) ? value.slice(0, LINES_MAX) : [];
}
