/** Requests to a camera, and what went wrong with them. */

import { TEXT_MAX, cut } from "./bounds.js";
import { permissions } from "./permission.js";

/**
 * What was asked of a camera, as much as decides whether a browser lets it through.
 * @typedef {object} Attempt
 * @property {string} url
 * @property {string} method
 * @property {Record<string, string>} headers
 * @property {boolean} credentials
 */

/**
 * A request that brought nothing. The message is for a person.
 * kind: "network" if the browser tells a script nothing more, "timeout", or "http" of an answer that is an error.
 */
export class CameraError extends Error {
  /**
   * @param {"network"|"timeout"|"http"} kind
   * @param {string} message
   * @param {Attempt} attempt
   * @param {{status?: number, code?: string, field?: string, after?: number}} [details] after: seconds to wait (Retry-After)
   */
  constructor(kind, message, attempt, details = {}) {
    super(message);
    this.kind = kind;
    this.attempt = attempt;
    this.status = details.status ?? 0;
    this.code = details.code ?? null;
    this.field = details.field ?? null;
    this.after = details.after ?? null;
  }

  /** Whether the camera asks for a token, or for another. */
  get isLocked() {
    return this.status === 401 && this.code !== null && LOCKED.includes(this.code);
  }
}

const LOCKED = ["no-token", "wrong-token"]; // strict/error.py has all codes
const TIMEOUT_MS = 8000;
const BODY_MAX = 65_536; // bytes of a status or of settings, which have a few thousand
const ERROR_MAX = 4096;
const AFTER_MAX_S = 300;

/**
 * One request.
 * @param {import("./cameras.js").Camera} camera
 * @param {string} path with the query
 * @param {{json?: object, signal?: AbortSignal, timeout?: number, accept?: string}} [options] json: is sent with PUT.
 *   signal: ends it, with an AbortError. timeout: milliseconds until the answer's headers; 0 for none. accept: a media
 *   type, which needs no preflight (Fetch, "CORS-safelisted request-header").
 * @returns {Promise<Response>} an answer of 200 to 299
 * @throws {CameraError}
 */
export async function ask(camera, path, { json, signal, timeout = TIMEOUT_MS, accept } = {}) {
  const attempt = attemptOf(camera, path, json !== undefined);
  const late = new AbortController();
  const timer = timeout ? setTimeout(() => late.abort(), timeout) : undefined;
  let response;
  try {
    response = await send(attempt, {
      headers: accept ? { ...attempt.headers, Accept: accept } : attempt.headers,
      body: json === undefined ? undefined : JSON.stringify(json),
      signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    if (late.signal.aborted) throw new CameraError("timeout", "The camera does not answer in time.", attempt);
    throw new CameraError("network", "The browser got no answer that it may hand to this page.", attempt);
  } finally {
    clearTimeout(timer);
  }
  if (!response.ok) throw await httpError(response, attempt);
  return response;
}

/**
 * One request whose answer is JSON, of at most BODY_MAX bytes within TIMEOUT_MS.
 * @param {import("./cameras.js").Camera} camera
 * @param {string} path with the query
 * @returns {Promise<unknown>} the value, of which nothing is known
 * @throws {CameraError}
 */
export async function askJson(camera, path) {
  const response = await ask(camera, path);
  const attempt = attemptOf(camera, path);
  const { text, isWhole } = await beginning(response, BODY_MAX);
  if (!isWhole) throw new CameraError("http", `The answer is longer than ${BODY_MAX} bytes, or comes to no end.`, attempt);
  try {
    return JSON.parse(text);
  } catch {
    throw new CameraError("http", "The answer is not JSON.", attempt);
  }
}

/**
 * The first bytes of a body; the rest is not waited for.
 * @param {Response} response @param {number} most bytes
 * @returns {Promise<{text: string, isWhole: boolean}>}
 */
async function beginning(response, most) {
  if (!response.body) return { text: "", isWhole: true };
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const timer = setTimeout(() => reader.cancel().catch(() => {}), TIMEOUT_MS);
  const end = performance.now() + TIMEOUT_MS;
  let text = "";
  let left = most;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { text: text + decoder.decode(), isWhole: performance.now() < end };
      text += decoder.decode(value.subarray(0, left), { stream: true });
      left -= value.length;
      if (left < 0) return { text, isWhole: false };
    }
  } catch {
    return { text, isWhole: false }; // the connection broke off
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => {}); // it may be at its end already
  }
}

/** @param {import("./cameras.js").Camera} camera @param {string} path @param {boolean} isChange @returns {Attempt} */
export function attemptOf(camera, path, isChange = false) {
  return {
    url: camera.url + path,
    method: isChange ? "PUT" : "GET",
    headers: { ...shown(camera), ...(isChange && { "Content-Type": "application/json" }) },
    credentials: camera.credentials,
  };
}

/**
 * The header that shows a camera's token, if there is one.
 * @param {import("./cameras.js").Camera} camera @returns {Record<string, string>}
 */
export function shown({ token }) {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/**
 * The attempt as a fetch, as it is.
 * @param {Attempt} attempt @param {RequestInit} [more]
 */
export function send(attempt, more = {}) {
  return fetch(attempt.url, {
    method: attempt.method,
    headers: attempt.headers,
    credentials: attempt.credentials ? "include" : "omit",
    mode: "cors",
    cache: "no-store",
    redirect: "error",
    referrerPolicy: "no-referrer",
    ...permissions.option(new URL(attempt.url)),
    ...more,
  });
}

/** @param {Response} response @param {Attempt} attempt */
async function httpError(response, attempt) {
  let text = "";
  let field;
  let code;
  try {
    text = (await beginning(response, ERROR_MAX)).text.trim();
    const said = JSON.parse(text);
    if (typeof said.error === "string") text = typeof said.remedy === "string" ? `${said.error}; ${said.remedy}` : said.error;
    if (typeof said.code === "string") code = cut(said.code);
    if (typeof said.field === "string") field = cut(said.field);
  } catch {
    // An error that is no JSON is shown as it is.
  }
  const asked = Number(response.headers.get("Retry-After")) || 0;
  const after = asked > 0 ? Math.min(asked, AFTER_MAX_S) : undefined; // a timer of more than 24 days fires at once
  const message = cut(text, TEXT_MAX) || `The camera answers with the error ${response.status}.`;
  return new CameraError("http", message, attempt, { status: response.status, code, field, after });
}
