import { fileName, h, save } from "./dom.js";

/**
 * The live picture of a session on a canvas of its own. It asks for pictures only while it is on the screen.
 */
export class View {
  /** @param {import("./session.js").Session} session */
  constructor(session) {
    this.session = session;
    this.canvas = /** @type {HTMLCanvasElement} */ (
      h("canvas", { role: "img", width: 640, height: 480, "aria-label": `Live picture of ${session.name}` })
    );
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d", { alpha: false }));
    this.isPaused = false;
    this.isSeen = false;
    /** @type {Uint8Array<ArrayBuffer>|null} */
    this.jpeg = null;
    this.draw = () => this.#draw();
    session.feed.addEventListener("frame", this.draw);
    this.watcher = new IntersectionObserver(([entry]) => {
      this.isSeen = entry.isIntersecting;
      this.#follow();
    });
    this.watcher.observe(this.canvas);
  }

  /** @param {boolean} paused */
  pause(paused) {
    this.isPaused = paused;
    this.#follow();
  }

  #follow() {
    this.session.show(this, this.isSeen && !this.isPaused);
  }

  #draw() {
    const { bitmap } = this.session.feed;
    if (!bitmap || this.isPaused) return;
    const { canvas } = this;
    if (canvas.width !== bitmap.width) canvas.width = bitmap.width;
    if (canvas.height !== bitmap.height) canvas.height = bitmap.height;
    this.context.drawImage(bitmap, 0, 0);
    this.jpeg = this.session.feed.jpeg;
  }

  /** Saves the picture that is shown, as the camera made it. Returns whether there is one. */
  snapshot() {
    const jpeg = this.jpeg ?? this.session.feed.jpeg;
    if (!jpeg) return false;
    save(new Blob([jpeg], { type: "image/jpeg" }), fileName(this.session.name, "jpg"));
    return true;
  }

  close() {
    this.watcher.disconnect();
    this.session.feed.removeEventListener("frame", this.draw);
    this.session.show(this, false);
  }
}
