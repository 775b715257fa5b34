import { AddressError, parseAddress } from "./address.js";
import { CAMERAS_MAX, nameOf } from "./bounds.js";
import { tokenOf } from "./token.js";

const KEY = "camcors.cameras";

/**
 * One camera of the list. credentials: cookies and logins of the camera's address are sent to it. name: what the
 * person calls it. said: what it has called itself, for when it does not answer. token: what it is shown with each
 * request; only its own address gets it.
 * @typedef {{url: string, credentials: boolean, name?: string, said?: string, token?: string}} Camera
 */

/**
 * The cameras that the person added, kept in the browser and the same in all its tabs.
 * Dispatches "change".
 */
export class Cameras extends EventTarget {
  /** @param {Storage} storage */
  constructor(storage) {
    super();
    this.storage = storage;
    /** @type {Camera[]} */
    this.list = this.#read();
    addEventListener("storage", (event) => {
      if (event.key !== KEY && event.key !== null) return;
      this.list = this.#read();
      this.dispatchEvent(new Event("change"));
    });
  }

  /** What another version or a person may have written is checked as if it were typed. */
  #read() {
    try {
      const stored = JSON.parse(this.storage.getItem(KEY) ?? "[]");
      /** @type {Map<string, Camera>} */
      const found = new Map();
      for (const each of (Array.isArray(stored) ? stored : []).slice(0, CAMERAS_MAX)) {
        const url = parseAddress(String(each?.url ?? ""));
        const [name, said, token] = [nameOf(each.name), nameOf(each.said), tokenOf(each.token)];
        const optional = { ...(name && { name }), ...(said && { said }), ...(token && { token }) };
        found.set(url, { url, credentials: each.credentials === true, ...optional });
      }
      return [...found.values()];
    } catch {
      return [];
    }
  }

  /** Keeps `list` and tells of it. */
  #save() {
    try {
      this.storage.setItem(KEY, JSON.stringify(this.list));
    } catch {
      // Storage is full or forbidden: the list lasts as long as the page.
    }
    this.dispatchEvent(new Event("change"));
  }

  /** @param {string} url */
  find(url) {
    return this.list.find((camera) => camera.url === url);
  }

  /**
   * @param {string} text as the person wrote it
   * @param {string} [token]
   * @returns {Camera}
   * @throws {AddressError} also if the camera is there already
   */
  add(text, token) {
    const url = parseAddress(text);
    if (this.find(url)) throw new AddressError(`${url} is on the dashboard already.`);
    if (this.list.length >= CAMERAS_MAX) throw new AddressError(`The dashboard shows ${CAMERAS_MAX} cameras at most. Remove one first.`);
    const camera = { url, credentials: false, ...(token && { token }) };
    this.list = [...this.list, camera];
    this.#save();
    return camera;
  }

  /** @param {string} url @param {boolean} on */
  setCredentials(url, on) {
    this.#change(url, { credentials: on });
  }

  /** @param {string} url @param {string|undefined} token undefined: it is forgotten */
  setToken(url, token) {
    this.#change(url, { token });
  }

  /** @param {string} url @param {string} name "" for the camera's own */
  rename(url, name) {
    this.#change(url, { name: nameOf(name.trim()) ?? undefined });
  }

  /** Keeps what a camera calls itself. @param {string} url @param {string|null} said */
  learn(url, said) {
    if (said && this.find(url) && this.find(url)?.said !== said) this.#change(url, { said });
  }

  /** @param {string} url @param {Partial<Camera>} change */
  #change(url, change) {
    this.list = this.list.map((camera) => (camera.url === url ? { ...camera, ...change } : camera));
    this.#save();
  }

  /** Puts a camera at another place of the list. @param {string} url @param {number} index */
  move(url, index) {
    const camera = this.find(url);
    if (!camera || index < 0 || index >= this.list.length || this.list[index] === camera) return;
    const others = this.list.filter((each) => each !== camera);
    this.list = [...others.slice(0, index), camera, ...others.slice(index)];
    this.#save();
  }

  /**
   * @param {string} url
   * @returns {() => void} puts it back where it was
   */
  remove(url) {
    const index = this.list.findIndex((camera) => camera.url === url);
    const removed = this.list[index];
    this.list = this.list.filter((camera) => camera.url !== url);
    this.#save();
    return () => {
      if (!removed || this.find(url)) return;
      this.list = [...this.list.slice(0, index), removed, ...this.list.slice(index)];
      this.#save();
    };
  }
}
