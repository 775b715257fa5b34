import { h, say } from "./dom.js";
import { Plot } from "./plot.js";

/** @param {number} seconds */
export function duration(seconds) {
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor((seconds % 86400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (days) return `${days} d ${hours} h`;
  return hours ? `${hours} h ${minutes} min` : minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

/** Name of a fact -> its words, of which null is not said. @type {[string, (status: import("./bounds.js").Report) => unknown][]} */
const FACTS = [
  ["Camera", (s) => s.camera.name],
  ["Board", (s) => s.board],
  ["Firmware", (s) => s.firmware],
  ["MicroPython", (s) => s.micropython],
  ["Running for", (s) => s.uptime_s !== null && s.uptime_s >= 0 && duration(s.uptime_s)],
  ["Viewers", (s) => s.clients && `${s.clients.viewers} of ${s.clients.viewers_max}`],
  ["Pictures taken", (s) => s.captured?.toLocaleString("en")],
  ["Pictures failed", (s) => s.failed],
  ["Role", (s) => s.role],
  ["Policy", (s) => s.policy && `${s.policy.state}${s.policy.digest ? `, ${s.policy.digest.slice(0, 12)}` : ""}`],
];

/** What the camera says of itself, now and over time. */
export class Status {
  /** @param {import("./session.js").Session} session */
  constructor(session) {
    this.session = session;
    this.facts = h("dl", { class: "facts" });
    this.faults = h("ul", { class: "faults", "aria-label": "Faults that the camera reports" });
    this.heap = new Plot({ title: "Heap", unit: "KB", series: ["used", "free"] });
    this.fps = new Plot({ title: "Pictures", unit: "a second", series: ["shown"], digits: 1 });
    this.element = h(
      "section",
      { class: "card", "aria-labelledby": "status-title" },
      h("h2", { id: "status-title" }, "Status"),
      h("div", { class: "plots" }, this.fps.element, this.heap.element),
      this.facts,
      this.faults,
    );
    this.values = FACTS.map(([name, read]) => {
      const value = h("dd", {}, "–");
      this.facts.append(h("div", {}, h("dt", {}, name), value));
      return { value, read };
    });
    this.change = () => this.#show();
    session.addEventListener("change", this.change);
    this.#show();
  }

  #show() {
    const { status, samples } = this.session;
    const now = performance.now() / 1000;
    this.heap.draw(samples.map(({ time, values }) => ({ time, values: values.slice(0, 2) })), now);
    this.fps.draw(samples.map(({ time, values }) => ({ time, values: values.slice(2) })), now);
    if (!status) return;
    for (const { value, read } of this.values) say(value, words(read(status)));
    const faults = [...status.faults, status.camera.error, status.policy?.error].filter(Boolean).map(String);
    const shown = [...this.faults.children].map((item) => item.textContent);
    if (faults.join("\n") !== shown.join("\n")) this.faults.replaceChildren(...faults.map((fault) => h("li", {}, fault)));
  }

  close() {
    this.session.removeEventListener("change", this.change);
  }
}

/** @param {unknown} value null or false is what a firmware does not say */
function words(value) {
  return value === null || value === undefined || value === false ? "–" : String(value);
}
