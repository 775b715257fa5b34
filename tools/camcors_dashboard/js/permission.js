/** The browser's permission for local addresses: what it is now, and the one question that a page may bring about. */

import { judge, kindOf, targetOf } from "./reach.js";

/** Chromium has had the second name from version 142 to 144; then it split it into the first ones, as Firefox has them. */
const NAMES = { local: ["local-network", "local-network-access"], loopback: ["loopback-network", "local-network-access"] };
const KEY = "camcors.asked";

/** @typedef {"local"|"loopback"} Kind */

/**
 * Dispatches "change" when the person answers, here or in the browser's settings, and when a question begins or ends.
 *
 * browser: what this one can, known once `ready`.
 */
export class Permissions extends EventTarget {
  constructor() {
    super();
    /** @type {import("./reach.js").Browser} */
    this.browser = { asks: false, declares: "targetAddressSpace" in Request.prototype };
    /** @type {Map<Kind, PermissionStatus>} */
    this.statuses = new Map();
    /** Kinds that the browser may ask about, or has let through. @type {Set<string>} */
    this.agreed = new Set((sessionStorage.getItem(KEY) ?? "").split(" "));
    /** Of which nothing came when the browser was made to ask. @type {Set<string>} */
    this.failed = new Set();
    /** @type {{kind: string, end: Promise<void>}|null} */
    this.open = null;
    this.ready = this.#read();
  }

  async #read() {
    for (const kind of /** @type {Kind[]} */ (Object.keys(NAMES))) {
      const status = await statusOf(NAMES[kind]);
      if (!status) continue;
      this.browser.asks = true;
      this.statuses.set(kind, status);
      status.addEventListener("change", () => this.dispatchEvent(new Event("change")));
    }
  }

  /** What the person has answered about the network that a camera is in. @param {URL} url */
  state(url) {
    const kind = kindOf(url);
    return (kind && this.statuses.get(kind)?.state) ?? "granted";
  }

  /**
   * What becomes of a request now. "refused": by the person.
   * @param {URL} url @returns {ReturnType<typeof judge>|"refused"}
   */
  verdict(url) {
    const found = judge(new URL(location.href), url, this.browser);
    if (found !== "asks") return found;
    const state = this.state(url);
    return state === "granted" ? "passes" : state === "denied" ? "refused" : "asks";
  }

  /** What fetch() is told of where the camera is. @param {URL} url @returns {RequestInit} */
  option(url) {
    const targetAddressSpace = targetOf(new URL(location.href), url, this.browser);
    return /** @type {RequestInit} */ (targetAddressSpace ? { targetAddressSpace } : {});
  }

  /** Whether the person is told first what the browser will ask. @param {URL} url */
  isAhead(url) {
    return this.verdict(url) === "asks" && !this.agreed.has(String(kindOf(url)));
  }

  /** How far the browser's question is. @param {URL} url @returns {"before"|"open"|"failed"} */
  stage(url) {
    const kind = String(kindOf(url));
    if (this.open?.kind === kind) return "open";
    return this.failed.has(kind) ? "failed" : "before";
  }

  /**
   * Brings the browser's question about, by `request`, which has no time limit. One at a time: of several that wait,
   * Firefox refuses all but the last.
   * @param {URL} url @param {() => Promise<unknown>} request
   */
  async ask(url, request) {
    while (this.open) await this.open.end;
    if (!this.isAhead(url)) return;
    const kind = String(kindOf(url));
    this.open = { kind, end: this.#ask(kind, request) };
    this.dispatchEvent(new Event("change"));
    await this.open.end;
  }

  /** @param {string} kind @param {() => Promise<unknown>} request */
  async #ask(kind, request) {
    const answered = new Promise((resolve) => {
      for (const status of this.statuses.values()) status.addEventListener("change", () => resolve(true), { once: true });
    });
    const isThrough = await Promise.race([answered, request().then(() => true, () => false)]);
    this.open = null;
    if (isThrough) this.#agree(kind);
    else this.failed.add(kind);
    this.dispatchEvent(new Event("change"));
  }

  /** For this tab: where no question came, as in the camera's own network, none is announced again. @param {string} kind */
  #agree(kind) {
    this.failed.delete(kind);
    this.agreed.add(kind);
    try {
      sessionStorage.setItem(KEY, [...this.agreed].join(" "));
    } catch {
      // Storage is full or forbidden: it lasts as long as the page.
    }
  }
}

/** @param {string[]} names @returns {Promise<PermissionStatus|null>} null: the browser has no such permission */
async function statusOf(names) {
  for (const name of names) {
    try {
      return await navigator.permissions.query({ name: /** @type {PermissionName} */ (name) });
    } catch {
      // Not known by this name; another version has another one.
    }
  }
  return null;
}

export const permissions = new Permissions();
