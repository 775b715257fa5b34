import { shortAddress } from "./address.js";
import { CameraError, askJson, attemptOf, send } from "./api.js";
import { reportOf } from "./bounds.js";
import { byPlace, diagnose } from "./diagnose.js";
import { Feed } from "./feed.js";
import { permissions } from "./permission.js";

const POLL_MS = 10_000;
const POLL_OPEN_MS = 2000;
const SAMPLES = 400; // more than five minutes of an open camera

/**
 * All that the dashboard knows of one camera: its pictures, its status over time, and what is wrong with it.
 * Dispatches "change". It asks only while one of its views is seen.
 *
 * status: a Report of the last answer of /api/status, or null. trouble: a Diagnosis of the last failure, or null once it is
 * fixed. samples: free and used heap (KB) and pictures a second, over time.
 */
export class Session extends EventTarget {
  /** @param {import("./cameras.js").Camera} camera @param {import("./server.js").Server} server */
  constructor(camera, server) {
    super();
    this.camera = camera;
    this.server = server;
    this.feed = new Feed(camera);
    /** @type {import("./bounds.js").Report|null} */
    this.status = null;
    /** @type {import("./diagnose.js").Diagnosis|null} */
    this.trouble = null;
    /** @type {import("./plot.js").Sample[]} */
    this.samples = [];
    this.answeredAt = 0;
    this.isOpen = false;
    this.isClosed = false;
    this.isAsking = false;
    this.timer = 0;
    this.failures = { feed: false, status: false };
    /** @type {Set<object>} */
    this.views = new Set();
    this.feed.addEventListener("state", () => this.#onFeed());
    this.wake = () => document.visibilityState === "visible" && this.#poll();
    document.addEventListener("visibilitychange", this.wake);
    this.isHeld = true; // until the browser’s permissions are known
    this.answered = () => this.#pass();
    permissions.addEventListener("change", this.answered);
    permissions.ready.then(this.answered);
  }

  /** A name for people: their own, the camera's title or host name, or its address. */
  get name() {
    const { name, said, url } = this.camera;
    return name ?? this.status?.name ?? said ?? new URL(url).host;
  }

  /** The same camera under another name. @param {import("./cameras.js").Camera} camera */
  rename(camera) {
    this.camera = camera;
    this.#changed();
  }

  /** In words of a kind: "live" where pictures come, whatever else fails; "connecting", "blocked" or "idle". */
  get state() {
    if (this.feed.state === "live") return "live";
    if (this.trouble?.cause === "ask") return "idle";
    if (this.trouble || this.feed.state === "failed") return "blocked";
    return this.feed.state === "idle" ? "idle" : "connecting";
  }

  /** What it waits for now, in a sentence; "" if for nothing. */
  get waiting() {
    const { state, retryAt } = this.feed;
    const place = shortAddress(this.camera.url);
    if (this.isHeld) return "";
    if (state === "connecting") return `Waiting for ${place} to answer …`;
    if (state === "opened") return "The camera answers. Waiting for its first picture …";
    if (state !== "failed" || this.feed.isRefused) return "";
    const seconds = Math.ceil((retryAt - performance.now()) / 1000);
    const again = seconds > 0 ? `Trying again in ${seconds} s.` : `Trying again: waiting for ${place} to answer …`;
    return this.trouble ? again : `Finding out why there is no picture … ${again}`;
  }

  /** Says whether `view` is seen now. @param {object} view @param {boolean} seen */
  show(view, seen) {
    const before = this.views.size;
    if (seen) this.views.add(view);
    else this.views.delete(view);
    if (this.isHeld) return;
    this.feed.want(view, seen);
    if (!before && this.views.size) this.#poll();
  }

  /** Holds all requests back while the browser would ask a person who was not told, or refuses for the person. */
  #pass() {
    if (this.isClosed) return;
    const url = new URL(this.camera.url);
    const wasHeld = this.isHeld;
    this.isHeld = permissions.isAhead(url) || permissions.verdict(url) === "refused";
    if (this.isHeld) {
      this.#explained(byPlace(url));
      for (const view of this.views) this.feed.want(view, false);
    } else if (wasHeld) {
      this.trouble = null;
      for (const view of this.views) this.feed.want(view, true);
      this.#poll();
    }
    this.#changed();
  }

  /** Has the browser ask the person, who was told what. */
  async ask() {
    const attempt = { ...attemptOf(this.camera, "/api/status"), headers: {} };
    await permissions.ask(new URL(attempt.url), () => send(attempt));
  }

  /** Asks more often while the camera is open. @param {boolean} open */
  setOpen(open) {
    this.isOpen = open;
    if (open) this.#poll();
  }

  /** Tries again at once. */
  retry() {
    if (this.isHeld) return;
    this.feed.retry();
    this.#poll();
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.wake);
    permissions.removeEventListener("change", this.answered);
    this.feed.close();
  }

  /**
   * What is wrong with a request of this camera, found out for the person.
   * @param {Error} error
   */
  async explain(error) {
    await this.server.ready;
    return diagnose(error, {
      server: this.server,
      answeredAt: this.answeredAt,
      isStreaming: this.feed.state === "live",
    });
  }

  async #poll() {
    clearTimeout(this.timer);
    if (this.isClosed || this.isHeld || this.isAsking || !this.views.size || document.visibilityState === "hidden") return;
    this.isAsking = true;
    const wasRefused = this.feed.isRefused; // what was asked before that tells nothing of it
    try {
      this.status = reportOf(await askJson(this.camera, "/api/status"));
      this.answeredAt = performance.now();
      this.#recovered("status");
      if (wasRefused && this.feed.isRefused) this.feed.retry();
    } catch (error) {
      await this.#failed("status", /** @type {Error} */ (error));
    }
    this.isAsking = false;
    if (this.isClosed) return;
    this.#sample();
    this.#changed();
    if (this.feed.isRefused) return; // until there is another token, or the person comes back
    this.timer = setTimeout(() => this.#poll(), this.isOpen || this.failures.status ? POLL_OPEN_MS : POLL_MS);
  }

  #sample() {
    const heap = this.failures.status ? null : this.status?.heap;
    const kilobytes = heap ? [heap.used / 1024, heap.free / 1024] : [null, null];
    this.samples.push({ time: performance.now() / 1000, values: [...kilobytes, this.feed.state === "live" ? this.feed.fps : null] });
    if (this.samples.length > SAMPLES) this.samples.shift();
  }

  #onFeed() {
    if (this.feed.state === "live") this.#recovered("feed");
    else if (this.feed.state === "failed" && this.feed.error) this.#failed("feed", this.feed.error);
    else if (this.feed.state === "idle") this.failures.feed = false;
    this.#changed();
  }

  /** @param {"feed"|"status"} what */
  #recovered(what) {
    this.failures[what] = false;
    if (!this.failures.feed && !this.failures.status) this.trouble = null;
  }

  /**
   * The cause is looked for when something begins to fail, and again when the status does while the stream
   * still runs: the camera may be back under another policy.
   * @param {"feed"|"status"} what @param {Error} error
   */
  async #failed(what, error) {
    this.failures[what] = true;
    if (error instanceof CameraError && error.isLocked) this.feed.refuse(error);
    const found = await this.explain(error);
    if (this.isClosed || !this.failures[what]) return;
    this.#explained(found.cause === "passing" ? null : found);
    this.#changed();
  }

  /**
   * The same again stays the same object, so that nothing is drawn again under a person's pointer.
   * @param {import("./diagnose.js").Diagnosis|null} found
   */
  #explained(found) {
    if (JSON.stringify(found) !== JSON.stringify(this.trouble)) this.trouble = found;
  }

  #changed() {
    if (!this.isClosed) this.dispatchEvent(new Event("change"));
  }
}
