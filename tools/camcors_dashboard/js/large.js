import { attemptOf } from "./api.js";
import { sentence } from "./diagnose.js";
import { button, fileName, h, refill, save, say } from "./dom.js";
import { PolicyCard } from "./policy.js";
import { Recorder, cannotRecord } from "./recorder.js";
import { examine } from "./server.js";
import { Settings } from "./settings.js";
import { Status } from "./status.js";
import { askButton, rateWords, stateWords } from "./tile.js";
import { tokenForm } from "./token.js";
import { toast } from "./toast.js";
import { View } from "./view.js";
import { whyBox } from "./why.js";

/** One camera large, with all that can be seen and set of it. */
export class Large {
  /**
   * @param {import("./session.js").Session} session
   * @param {{close: () => void, remove: () => void, rename: (name: string) => void, move: (step: number) => void,
   *   keep: (token: string|undefined) => void, setCredentials: (on: boolean) => void}} acts move: by places of the grid
   */
  constructor(session, acts) {
    this.session = session;
    this.keep = acts.keep;
    this.view = new View(session);
    /** @type {Recorder|null} */
    this.recorder = null;
    const policyCard = new PolicyCard(session);
    this.cards = [new Status(session), new Settings(session), policyCard];
    this.cover = h("p", { class: "cover" });
    /** @type {HTMLElement|null} */
    this.tokenForm = null;
    this.frame = h("div", { class: "frame" }, this.view.canvas, this.cover);
    this.name = h("h2", { class: "large-name", tabindex: "-1" });
    this.state = h("span", { class: "state" });
    this.rate = h("span", { class: "rate" });
    this.connection = h("section", { class: "card connection", "aria-label": "Connection", "aria-live": "polite" });
    const [status, settings, policy] = this.cards.map((card) => card.element);
    this.element = h(
      "div",
      { class: "large", "data-url": session.camera.url },
      h(
        "div",
        { class: "large-head" },
        button("All cameras", "back", acts.close, { class: "quiet" }),
        h("div", { class: "large-title" }, this.name, h("p", { class: "tile-line" }, this.state, this.rate)),
      ),
      h("div", { class: "large-main" }, this.frame, this.#tools(acts)),
      h("div", { class: "large-side" }, this.connection, settings, policy, this.#access(acts)),
      h("div", { class: "large-below" }, status, policyCard.others),
    );
    this.change = () => this.#show();
    this.firstFrame = () => this.#record();
    session.addEventListener("change", this.change);
    session.feed.addEventListener("frame", this.firstFrame, { once: true });
    this.timer = setInterval(() => this.#showRate(), 1000);
    session.setOpen(true);
    this.#show();
  }

  /** @param {{remove: () => void}} acts */
  #tools({ remove }) {
    const reason = cannotRecord();
    this.film = button("Save the last seconds", "film", () => this.#saveFilm(), { "aria-disabled": reason ? "true" : null, title: reason });
    this.hold = button("Pause", "pause", () => this.#pause(), { "aria-pressed": "false" });
    return h(
      "div",
      { class: "tools" },
      button("Save a picture", "photo", () => this.#snapshot(), { class: "primary" }),
      this.film,
      this.hold,
      document.fullscreenEnabled ? button("Full screen", "full", () => this.#fullScreen()) : null,
      h("span", { class: "spring" }),
      button("Remove", "remove", remove, { class: "quiet" }),
    );
  }

  /** The camera's token: kept, or asked for; where it is needed, beside what is wrong. */
  #token() {
    const { camera } = this.session;
    const words = h("span", {}, "Token", h("span", { class: "range" }, "kept in this browser"));
    const forget = button("Forget", "remove", () => this.keep(undefined), { class: "small" });
    return camera.token
      ? h("div", { class: "field" }, words, h("div", { class: "control" }, forget))
      : h("div", { class: "field is-open" }, h("span", {}, "Token"), tokenForm(this.session.name, this.keep));
  }

  /** What the server finds out with the token, once the person lets it have it. */
  #examination() {
    const { camera, server } = this.session;
    if (!camera.token || !server.doctor) return null;
    const found = h("ul", { "aria-live": "polite" });
    const words = "It sends the token to the dashboard’s server on this computer, which keeps nothing of it.";
    const ask = button("Examine with the token", "open", async () => {
      const said = await examine(attemptOf(camera, "/api/status"), { isTokenShown: true });
      const lines = said ? [...said.steps, ...(said.endpoint ? [`endpoint: ${said.endpoint}`] : [])] : ["The server cannot tell"];
      found.replaceChildren(...lines.map((each) => h("li", {}, sentence(each))));
    }, { class: "quiet small" });
    return h("div", { class: "examination" }, ask, h("p", { class: "dim" }, words), found);
  }

  /** @param {{setCredentials: (on: boolean) => void, rename: (name: string) => void, move: (step: number) => void}} acts */
  #access({ setCredentials, rename, move }) {
    const { camera } = this.session;
    const name = /** @type {HTMLInputElement} */ (h("input", { type: "text", id: "name", maxlength: 64, autocomplete: "off" }));
    name.value = camera.name ?? "";
    name.addEventListener("change", () => rename(name.value));
    this.named = name;
    const box = /** @type {HTMLInputElement} */ (
      h("input", { type: "checkbox", role: "switch", id: "credentials", checked: this.session.camera.credentials })
    );
    box.addEventListener("change", () => setCredentials(box.checked));
    return h(
      "section",
      { class: "card", "aria-labelledby": "access-title" },
      h("h2", { id: "access-title" }, "On this dashboard"),
      h("div", { class: "field" }, h("label", { for: "name" }, "Name"), h("div", { class: "control" }, name)),
      h(
        "div",
        { class: "field" },
        h("span", { id: "place" }, "Place in the grid"),
        h(
          "div",
          { class: "control", role: "group", "aria-labelledby": "place" },
          button("Earlier", "back", () => move(-1), { class: "small" }),
          button("Later", "forth", () => move(1), { class: "small" }),
        ),
      ),
      (this.tokenField = this.#token()),
      h("div", { class: "field is-switch" }, h("label", { for: "credentials" }, "Send cookies and logins"), h("div", { class: "control" }, box)),
      h("p", { class: "dim" }, "Only for a camera behind a proxy that asks for a login; its policy has to allow credentials."),
    );
  }

  /** Recording starts with the first picture, and only here: each recording costs the computer some work. */
  #record() {
    say(this.cover, "");
    if (!cannotRecord()) this.recorder = new Recorder(this.view.canvas);
  }

  #fullScreen() {
    this.frame.requestFullscreen().catch(() => toast("The browser does not show it on the full screen."));
  }

  #snapshot() {
    if (!this.view.snapshot()) toast("There is no picture yet.");
  }

  async #saveFilm() {
    const reason = cannotRecord();
    const film = reason ? null : await this.recorder?.save();
    if (film) save(film.blob, fileName(this.session.name, film.ending));
    else toast(reason || "There is nothing to save yet.");
  }

  #pause() {
    const paused = !this.view.isPaused;
    this.view.pause(paused);
    const hold = /** @type {HTMLElement} */ (this.hold);
    const next = button(paused ? "Resume" : "Pause", paused ? "play" : "pause", () => {});
    hold.replaceChildren(...next.childNodes);
    hold.setAttribute("aria-pressed", String(paused));
  }

  #show() {
    const { session } = this;
    say(this.name, session.name);
    if (this.named) this.named.placeholder = session.status?.name ?? session.camera.said ?? "";
    this.element.dataset.state = session.state;
    say(this.state, stateWords(session));
    this.#showRate();
    if (this.shown !== undefined && this.shown === session.trouble) return;
    this.shown = session.trouble;
    this.connection.hidden = !session.trouble;
    if (this.tokenField) this.tokenField.hidden = !session.camera.token && session.trouble?.cause === "token";
    if (!session.trouble) {
      this.tokenForm = null;
      return this.connection.replaceChildren();
    }
    const { act } = session.trouble;
    const retry = button("Try again", "again", () => session.retry(), { class: "quiet small" });
    const next = act ? askButton(session, act) : session.isHeld ? null : retry;
    const asksToken = session.trouble.cause === "token";
    this.tokenForm = asksToken ? (this.tokenForm ?? tokenForm(session.name, this.keep)) : null;
    refill(this.connection, [
      whyBox(session.trouble, { level: 2 }),
      this.tokenForm,
      next ? h("div", { class: "tools" }, next) : null,
      this.#examination(),
    ]);
  }

  #showRate() {
    const { session } = this;
    say(this.rate, rateWords(session, this.view.canvas));
    say(this.cover, this.view.jpeg ? "" : [session.trouble?.title, session.waiting].filter(Boolean).join(". "));
  }

  close() {
    clearInterval(this.timer);
    this.session.setOpen(false);
    this.session.removeEventListener("change", this.change);
    this.session.feed.removeEventListener("frame", this.firstFrame);
    this.recorder?.close();
    this.cards.forEach((card) => card.close());
    this.view.close();
    this.element.remove();
  }
}
