/** What one camera may make the page hold and show, checked where its answers come in. */

export const TEXT_MAX = 400; // characters of any text that is shown
export const CAMERAS_MAX = 64;
export const LINES_MAX = 32; // of what was found on the way to a camera
const NAME_MAX = 64;
const FAULTS_MAX = 32;
const FIELDS_MAX = 64;
const CHOICES_MAX = 64;
/** @type {Role[]} */
const ROLES = ["view", "control", "admin"];
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu; // controls, also those that turn the direction of a text

/** @typedef {import("../../../firmware/pages/api.js").Range} Range */
/** @typedef {import("../../../firmware/pages/api.js").Role} Role */
/** @typedef {import("../../../firmware/pages/api.js").Status} Status */
/** @typedef {import("../../../firmware/pages/api.js").Value} Value */
/** @template T @typedef {import("../../../firmware/pages/api.js").Unchecked<T>} Unchecked */

/**
 * What is used of an answer of /api/status; null is what a firmware does not say, or says in another type.
 * @typedef {object} Report
 * @property {string|null} name what people call the camera, or its host name
 * @property {string|null} board
 * @property {string|null} firmware
 * @property {string|null} micropython
 * @property {number|null} uptime_s
 * @property {{viewers: number, viewers_max: number}|null} clients
 * @property {number|null} captured
 * @property {number|null} failed
 * @property {{used: number, free: number}|null} heap
 * @property {{name: string|null, error: string|null, led: number|null}} camera
 * @property {{state: string, digest: string|null, error: string|null}|null} policy
 * @property {Role|null} role of who asked
 * @property {string[]} faults
 */

/**
 * A text that can be shown, cut when long; of a line break a space is left.
 * @param {string} value @param {number} [most]
 */
export function cut(value, most = TEXT_MAX) {
  const whole = value.slice(0, 2 * most).replace(/\s+/g, " ").replace(UNSEEN, "\uFFFD");
  return whole.length > most || value.length > 2 * most ? `${whole.slice(0, most)}…` : whole;
}

/** @param {unknown} value @param {number} [most] @returns {string|null} */
function text(value, most) {
  return typeof value === "string" && value ? cut(value, most) : null;
}

/** A camera's name, or null. @param {unknown} value */
export const nameOf = (value) => text(value, NAME_MAX);

/** @param {unknown} value @returns {number|null} */
function number(value) {
  return typeof value === "number" && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? value : null;
}

/** @param {unknown} value @returns {Record<string, unknown>} */
function object(value) {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? /** @type {Record<string, unknown>} */ (value) : {};
}

/**
 * Two numbers of an object, or null if one is missing.
 * @template {string} A @template {string} B
 * @param {unknown} value @param {A} first @param {B} second
 * @returns {Record<A|B, number>|null}
 */
function pair(value, first, second) {
  const [a, b] = [number(object(value)[first]), number(object(value)[second])];
  return a === null || b === null ? null : /** @type {Record<A|B, number>} */ ({ [first]: a, [second]: b });
}

/** @param {unknown} value as parsed @returns {Report} */
export function reportOf(value) {
  const said = /** @type {Unchecked<Status>} */ (object(value));
  const camera = /** @type {Unchecked<Status["camera"]>} */ (object(said.camera));
  const policy = /** @type {Unchecked<Status["policy"]>} */ (object(said.policy));
  const frames = /** @type {Unchecked<Status["frames"]>} */ (object(said.frames));
  const access = /** @type {Unchecked<Status["access"]>} */ (object(said.access));
  const state = text(policy.state, NAME_MAX);
  return {
    name: text(said.title, NAME_MAX) ?? text(said.name, NAME_MAX),
    board: text(said.board, NAME_MAX),
    firmware: text(said.firmware, NAME_MAX),
    micropython: text(said.micropython, NAME_MAX),
    uptime_s: number(said.uptime_s),
    clients: pair(said.clients, "viewers", "viewers_max"),
    captured: number(frames.captured),
    failed: number(frames.failed),
    heap: pair(said.heap, "used", "free"),
    camera: { name: text(camera.name, NAME_MAX), error: text(camera.error), led: number(camera.led) },
    policy: state === null ? null : { state, digest: text(policy.digest, NAME_MAX), error: text(policy.error) },
    role: ROLES.find((each) => each === access.role) ?? null,
    faults: (Array.isArray(said.faults) ? said.faults : []).slice(0, FAULTS_MAX).map((each) => cut(String(each))),
  };
}

/**
 * The fields of an answer of /api/camera that have a range, each with its value.
 * @param {unknown} value as parsed
 * @returns {[string, Range, unknown][]}
 */
export function fieldsOf(value) {
  const said = object(value);
  /** @type {[string, Range, unknown][]} */
  const found = [];
  for (const [name, given] of Object.entries(object(said.ranges)).slice(0, FIELDS_MAX)) {
    const range = rangeOf(given);
    if (range && /^\w{1,64}$/.test(name)) found.push([name, range, said[name]]);
  }
  return found;
}

/** @param {unknown} value @returns {Range|null} */
function rangeOf(value) {
  const { values } = object(value);
  if (!Array.isArray(values)) return pair(value, "min", "max");
  const isChoice = (/** @type {unknown} */ each) =>
    typeof each === "boolean" || number(each) !== null || (typeof each === "string" && each.length <= NAME_MAX);
  return values.length <= CHOICES_MAX && values.every(isChoice) ? { values } : null;
}
