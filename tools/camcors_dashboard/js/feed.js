import { CameraError, ask, attemptOf } from "./api.js";
import { isTooLarge, sizeOf } from "./jpeg.js";
import { MultipartError, MultipartParser, boundaryOf } from "./multipart.js";

const RETRY_MS = [500, 1000, 2000, 4000, 8000, 15000];
const STREAM_TYPE = "multipart/mixed"; // WebKit lets no script read multipart/x-mixed-replace
const SILENCE_MS = 10_000; // a camera whose sensor stalls says something every 2 s
const LINGER_MS = 1500; // a view that closes while another opens keeps the connection
const FPS_WINDOW_MS = 2000;

/** @param {number} ms @param {AbortSignal} signal */
function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve(undefined)), { once: true });
  });
}

/**
 * The live pictures of one camera: one connection for all views of it, while at least one wants them and the
 * page is visible. Dispatches "state", and "frame" with the picture in `bitmap`, which is closed afterwards, and
 * its bytes in `jpeg`.
 *
 * state: "idle", "connecting", "opened" (the camera answers, no picture yet), "live", or "failed" (it tries again by
 * itself, at `retryAt`, performance.now(), unless it `isRefused`). error: the last failure, or null. isRefused: the
 * camera asks for a token; each request with a wrong one would only make it slower for all.
 */
export class Feed extends EventTarget {
  /** @param {import("./cameras.js").Camera} camera */
  constructor(camera) {
    super();
    this.camera = camera;
    this.state = "idle";
    /** @type {Error|null} */
    this.error = null;
    /** @type {ImageBitmap|null} */
    this.bitmap = null;
    /** @type {Uint8Array<ArrayBuffer>|null} */
    this.jpeg = null;
    this.frames = 0;
    /** @type {Set<object>} */
    this.wanting = new Set();
    /** @type {number[]} */
    this.times = [];
    /** @type {AbortController|null} */
    this.running = null;
    /** @type {Uint8Array<ArrayBuffer>|null} */
    this.next = null;
    this.decoding = false;
    this.attempts = 0;
    this.lingering = 0;
    this.retryAt = 0;
    this.isRefused = false;
    this.follow = () => this.#follow();
    document.addEventListener("visibilitychange", this.follow);
  }

  /** Says whether `view` shows the pictures now. @param {object} view @param {boolean} wanted */
  want(view, wanted) {
    if (wanted) this.wanting.add(view);
    else this.wanting.delete(view);
    this.#follow();
  }

  /** Pictures a second of the last seconds. */
  get fps() {
    const now = performance.now();
    this.times = this.times.filter((time) => now - time < FPS_WINDOW_MS);
    return this.state === "live" ? this.times.length / (FPS_WINDOW_MS / 1000) : 0;
  }

  /** Tries at once instead of at the end of the pause. */
  retry() {
    if (this.state !== "failed" && !this.isRefused) return;
    this.#stop();
    this.attempts = 0;
    this.isRefused = false;
    this.#follow();
  }

  /** Ends it until `retry`. @param {CameraError} error with which the camera asks for a token */
  refuse(error) {
    this.running?.abort();
    this.running = null;
    this.isRefused = true;
    this.#become("failed", error);
  }

  /** Ends it for good. */
  close() {
    document.removeEventListener("visibilitychange", this.follow);
    this.wanting.clear();
    this.#stop();
  }

  #follow() {
    clearTimeout(this.lingering);
    if (document.visibilityState === "hidden") this.#stop();
    else if (!this.wanting.size) this.lingering = setTimeout(() => this.#stop(), LINGER_MS);
    else if (!this.running && !this.isRefused) this.#run();
  }

  #stop() {
    this.running?.abort();
    this.running = null;
    this.#become("idle", null);
  }

  /** @param {string} state @param {Error|null} error */
  #become(state, error) {
    if (this.state === state && this.error === error) return;
    this.state = state;
    this.error = error;
    this.dispatchEvent(new Event("state"));
  }

  async #run() {
    const run = (this.running = new AbortController());
    while (!run.signal.aborted) {
      if (this.state !== "failed") this.#become("connecting", null);
      const error = await this.#connect(run.signal).catch((reason) => reason);
      if (run.signal.aborted) return;
      if (error instanceof CameraError && error.isLocked) return this.refuse(error);
      const asked = error instanceof CameraError && error.after ? error.after * 1000 : 0;
      const wait = RETRY_MS[Math.min(this.attempts++, RETRY_MS.length - 1)];
      // The spread keeps dashboards that lost a camera together from coming back together.
      const rest = Math.max(asked, wait * (0.8 + 0.4 * Math.random()));
      this.retryAt = performance.now() + rest;
      this.#become("failed", error);
      await pause(rest, run.signal);
    }
  }

  /**
   * Reads one stream to its end, which is always a failure: a stream has no end.
   * @param {AbortSignal} signal
   * @returns {Promise<Error>}
   */
  async #connect(signal) {
    const silence = new AbortController();
    const both = AbortSignal.any([signal, silence.signal]);
    const response = await ask(this.camera, "/api/stream", { signal: both, accept: STREAM_TYPE });
    this.#become("opened", null);
    try {
      return await this.#read(response, silence, signal);
    } finally {
      silence.abort(); // no answer goes on unread, whatever it is
    }
  }

  /**
   * @param {Response} response @param {AbortController} silence ends it @param {AbortSignal} signal
   * @returns {Promise<Error>}
   */
  async #read(response, silence, signal) {
    const attempt = attemptOf(this.camera, "/api/stream");
    const boundary = boundaryOf(response.headers.get("Content-Type"));
    if (boundary === null || !response.body) {
      return new CameraError("http", "What answers here is not a camera’s stream; check the address: a camera’s own page shows its picture", attempt, { status: response.status });
    }
    const parser = new MultipartParser(boundary, (part) => this.#take(part.body, signal));
    const reader = response.body.getReader();
    let timer = 0;
    try {
      for (;;) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS);
        const { done, value } = await reader.read();
        if (done) return new CameraError("timeout", "The camera ended the stream.", attempt);
        parser.push(value);
        if (parser.state === "done") return new CameraError("timeout", "The camera ended the stream.", attempt);
      }
    } catch (error) {
      if (error instanceof MultipartError) return new CameraError("http", `The stream is faulty: ${error.message}.`, attempt);
      return new CameraError("timeout", "The stream broke off.", attempt);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * A part that is no JPEG is passed over, as a damaged one: the next one comes.
   * @param {Uint8Array<ArrayBuffer>} jpeg @param {AbortSignal} signal
   */
  #take(jpeg, signal) {
    const size = sizeOf(jpeg);
    if (!size) return;
    if (isTooLarge(size)) throw new MultipartError(tooLarge(size));
    this.next = jpeg;
    if (!this.decoding) this.#decode(signal);
  }

  /** Draws the newest picture; those that came during the decoding of another are passed over. */
  async #decode(/** @type {AbortSignal} */ signal) {
    this.decoding = true;
    while (this.next && !signal.aborted) {
      const jpeg = this.next;
      this.next = null;
      const bitmap = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" })).catch(() => null);
      if (!bitmap) continue; // one damaged picture; the next one comes
      if (!signal.aborted) this.#show(bitmap, jpeg);
      bitmap.close();
    }
    this.decoding = false;
  }

  /** @param {ImageBitmap} bitmap @param {Uint8Array<ArrayBuffer>} jpeg */
  #show(bitmap, jpeg) {
    this.frames++;
    this.attempts = 0;
    const now = performance.now();
    this.times = this.times.filter((time) => now - time < FPS_WINDOW_MS);
    this.times.push(now);
    this.#become("live", null);
    this.bitmap = bitmap;
    this.jpeg = jpeg;
    this.dispatchEvent(new Event("frame"));
    this.bitmap = null;
  }
}

/** @param {{width: number, height: number}} size */
function tooLarge({ width, height }) {
  return `a picture of ${width} × ${height} pixels is larger than 2592 × 1944, the most that is shown`;
}
