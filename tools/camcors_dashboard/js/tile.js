import { shortAddress } from "./address.js";
import { button, h, refill, say } from "./dom.js";
import { tokenForm } from "./token.js";
import { toast } from "./toast.js";
import { View } from "./view.js";
import { whyBox } from "./why.js";

const WORDS = { live: "Live", connecting: "Connecting", blocked: "No picture", idle: "Paused" };
const CAUSES = { ask: "Waiting for you", busy: "Busy", token: "Locked", unreachable: "Not reached", http: "Error", other: "Error" };

/** One or two words of how it goes. @param {import("./session.js").Session} session @returns {string} */
export function stateWords({ trouble, state }) {
  if (!trouble || state === "live") return WORDS[/** @type {keyof typeof WORDS} */ (state)];
  return CAUSES[/** @type {keyof typeof CAUSES} */ (trouble.cause)] ?? "Blocked";
}

/**
 * Pictures a second, their size, and the address unless it is the name.
 * @param {import("./session.js").Session} session @param {HTMLCanvasElement} canvas
 */
export function rateWords(session, canvas) {
  const { url } = session.camera;
  const words = session.feed.state === "live" ? [`${session.feed.fps.toFixed(0)} fps`, `${canvas.width} × ${canvas.height}`] : [];
  return [...words, session.name === new URL(url).host ? "" : shortAddress(url)].filter(Boolean).join(" · ");
}

/** Has the browser ask for its permission. @param {import("./session.js").Session} session @param {string} words */
export function askButton(session, words) {
  return button(words, "forth", () => session.ask(), { class: "primary ask" });
}

/** One camera of the grid. */
export class Tile {
  /**
   * @param {import("./session.js").Session} session
   * @param {{open: () => void, remove: () => void, keep: (token: string) => void}} acts
   */
  constructor(session, { open, remove, keep }) {
    this.session = session;
    this.keep = keep;
    this.view = new View(session);
    /** @type {import("./diagnose.js").Diagnosis|null} */
    this.shownTrouble = null;
    this.shownCovered = false;
    /** @type {HTMLElement|null} */
    this.tokenForm = null;
    this.over = h("div", { class: "over" });
    this.waiting = h("p", { class: "waiting" });
    this.state = h("span", { class: "state" });
    this.rate = h("span", { class: "rate" });
    this.name = h("h2", { class: "tile-name" });
    this.picture = h("button", { type: "button", class: "picture", onclick: open }, this.view.canvas);
    const shot = button("Save a picture", "photo", () => this.#snapshot(), { class: "quiet icon-only" });
    const away = button("Remove", "remove", remove, { class: "quiet icon-only" });
    this.buttons = [shot, away];
    this.element = h(
      "article",
      { class: "tile", "data-url": session.camera.url, draggable: "true" },
      h("div", { class: "frame" }, this.picture, this.over, this.waiting),
      h(
        "div",
        { class: "tile-bar" },
        h("div", { class: "tile-words" }, this.name, h("p", { class: "tile-line" }, this.state, this.rate)),
        shot,
        away,
      ),
    );
    this.change = () => this.#show();
    session.addEventListener("change", this.change);
    this.timer = setInterval(() => this.#showRate(), 1000);
    this.#show();
  }

  #snapshot() {
    if (!this.view.snapshot()) toast(`There is no picture of ${this.session.name} yet.`);
  }

  #show() {
    const { session } = this;
    const { trouble } = session;
    say(this.name, session.name);
    this.name.title = session.camera.url;
    this.element.dataset.state = session.state;
    say(this.state, stateWords(session));
    this.picture.setAttribute("aria-label", `Open ${session.name}, ${shortAddress(session.camera.url)}`);
    this.buttons[0].setAttribute("aria-label", `Save a picture of ${session.name}`);
    this.buttons[1].setAttribute("aria-label", `Remove ${session.name}`);
    this.#showRate();
    const covered = Boolean(trouble) && session.feed.state !== "live";
    if (this.shownTrouble === trouble && this.shownCovered === covered) return;
    this.shownTrouble = trouble;
    this.shownCovered = covered;
    this.element.classList.toggle("is-covered", covered);
    const asksToken = covered && trouble?.cause === "token";
    this.element.draggable = !asksToken; // else Firefox selects no text in the field
    this.tokenForm = asksToken ? (this.tokenForm ?? tokenForm(session.name, this.keep)) : null;
    refill(this.over, [
      covered && trouble ? whyBox(trouble, { short: true }) : null,
      this.tokenForm,
      covered && trouble?.act ? askButton(session, trouble.act) : null,
    ]);
  }

  #showRate() {
    say(this.rate, rateWords(this.session, this.view.canvas));
    say(this.waiting, this.session.waiting);
  }

  close() {
    clearInterval(this.timer);
    this.session.removeEventListener("change", this.change);
    this.view.close();
    this.element.remove();
  }
}
