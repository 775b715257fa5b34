import { attemptOf, send, shown } from "./api.js";
import { passes, sentence } from "./diagnose.js";
import { button, h, icon, say } from "./dom.js";
import { askOrigins, examine } from "./server.js";
import { commandLine } from "./why.js";

/**
 * What this page may do, each row a real request that changes nothing. sends: what makes the request special.
 * @type {{words: string, sends: Partial<import("./api.js").Attempt>, more?: RequestInit}[]}
 */
const ROWS = [
  { words: "Read an answer (GET)", sends: {} },
  { words: "Send cookies and logins", sends: { credentials: true } },
  { words: "Send a POST", sends: { method: "POST" } },
  { words: "Send a PUT", sends: { method: "PUT" }, more: { body: "{}" } },
  { words: "Send a DELETE", sends: { method: "DELETE" } },
  { words: "Set Content-Type: application/json", sends: { headers: { "Content-Type": "application/json" } } },
  { words: "Set a header of its own (X-Requested-With)", sends: { headers: { "X-Requested-With": "dashboard" } } },
  { words: "Show a picture with a plain <img>", sends: {}, more: { mode: "no-cors", referrerPolicy: "strict-origin" } },
];
const FRAME = "Show the camera in an <iframe>";
const EXPOSED = ["X-Frame-Id", "X-Timestamp"];

/** What the camera's policy lets this page do, and, where the command serves the page, what it lets others do. */
export class PolicyCard {
  /** @param {import("./session.js").Session} session */
  constructor(session) {
    this.session = session;
    this.digest = "";
    this.state = h("p", { class: "dim" }, "Shown as soon as the camera answers.");
    this.note = h("p", { class: "dim", role: "status" });
    this.rows = h("tbody");
    this.others = h("section", { class: "card others", "aria-label": "Origins" });
    const check = button("Check again", "again", () => this.check(), { class: "quiet small", hidden: true });
    this.again = check;
    this.table = h("table", { class: "verdicts", hidden: true });
    this.element = h(
      "section",
      { class: "card", "aria-labelledby": "policy-title" },
      h("div", { class: "card-head" }, h("h2", { id: "policy-title" }, "Policy"), check),
      this.state,
      this.table,
      this.note,
    );
    const caption = h("caption", {}, "What this page may do, ", h("code", {}, location.origin));
    const heads = h("tr", {}, h("th", { scope: "col" }, "Request"), h("th", { scope: "col" }, "Verdict"));
    this.table.append(caption, h("thead", { class: "visually-hidden" }, heads), this.rows);
    this.change = () => this.#follow();
    session.addEventListener("change", this.change);
    this.#follow();
  }

  /** Asks again whenever the camera says that another policy is in force. */
  #follow() {
    const policy = this.session.status?.policy;
    if (!policy || this.session.failures.status) return;
    const words = { active: "in force", missing: "no file: no other origin may read", invalid: "the file is faulty" };
    const state = words[/** @type {keyof typeof words} */ (policy.state)] ?? policy.state;
    say(this.state, `/policy.json: ${state}${policy.digest ? `, digest ${policy.digest.slice(0, 12)}` : ""}`);
    if (this.digest === String(policy.digest)) return;
    this.digest = String(policy.digest);
    this.again.hidden = this.table.hidden = false;
    this.check();
  }

  /** Sends the requests, one after the other: a camera has few connections. */
  async check() {
    await this.session.server.ready;
    this.#offer();
    const digest = this.digest;
    const attempt = attemptOf(this.session.camera, "/api/status");
    const headers = shown(this.session.camera);
    const asked = headers.Authorization ? [...ROWS, { words: "Show a token (Authorization)", sends: { headers } }] : ROWS;
    const cells = asked.map(({ words }) => row(words));
    const exposed = row(`Read ${EXPOSED.join(" and ")}`);
    const frame = row(FRAME);
    this.rows.replaceChildren(...[...cells, frame, exposed].map(({ element }) => element));
    say(this.note, "Asking the camera, with requests that change nothing …");
    for (const [index, { sends, more }] of asked.entries()) {
      const found = await this.#passes(attempt, sends, more);
      if (digest !== this.digest) return;
      cells[index].tell(found.passed, found.refusal);
      if (index === 0) frame.tell(found.frames ?? null);
    }
    const exposes = await this.#exposes();
    if (digest !== this.digest) return;
    exposed.tell(exposes);
    say(this.note, "Found out with real requests that changed nothing.");
  }

  /**
   * Whether a request passes. The server is asked where it can tell: of a request that does not pass, a browser
   * writes an error into its console, which no script can keep it from.
   * @param {import("./api.js").Attempt} attempt @param {Partial<import("./api.js").Attempt>} sends @param {RequestInit} [more]
   * @returns {Promise<{passed: boolean|null, refusal?: string, frames?: boolean|null}>}
   *   refusal: what an endpoint that takes no such request makes of it. frames: whether a frame would show the
   *   camera, which only the server can tell, for no script sees into a frame of another origin
   */
  async #passes(attempt, sends, more) {
    if (!this.session.server.doctor || more?.mode) return { passed: await passes(attempt, sends, more) };
    const said = await examine({ ...attempt, headers: {}, credentials: false, ...sends });
    if (!said || said.verdict === "unreachable") return { passed: null };
    const passed = said.verdict === "allowed";
    const isRefused = passed && said.isRefused && said.status !== 401; // of which this page has the token
    return { passed, refusal: isRefused ? said.endpoint : "", frames: said.frames };
  }

  /** @returns {Promise<boolean|null>} */
  async #exposes() {
    try {
      const response = await send(attemptOf(this.session.camera, "/api/capture"));
      await response.body?.cancel();
      return response.ok ? EXPOSED.every((name) => response.headers.has(name)) : null;
    } catch {
      return null;
    }
  }

  /** Reading the policy of other origins takes the camera's REPL, so it waits for a click. */
  #offer() {
    if (!this.session.server.explain) {
      const words = "For any other origin, the command tells what it may do:";
      this.others.replaceChildren(h("h2", {}, "Other origins"), h("p", {}, words), commandLine("camcors explain https://www.example.com"));
      return;
    }
    const ask = button("Which origins may do what?", "open", () => this.#askServer(), {
      title: "Reads the policy over the camera’s REPL, which ends a program that has it",
    });
    const words = "What pages of other origins may do, a page cannot find out; the command that serves it can.";
    this.others.replaceChildren(h("h2", {}, "Other origins"), h("p", {}, words), h("div", { class: "tools" }, ask));
  }

  async #askServer() {
    this.others.replaceChildren(h("p", { class: "dim" }, "Reading the policy over the camera’s REPL …"));
    const found = await askOrigins(this.session.camera.url);
    this.others.replaceChildren(...("error" in found ? failed(found) : table(found, this.digest)));
  }

  close() {
    this.digest = "";
    this.session.removeEventListener("change", this.change);
  }
}

/** @param {string} words */
function row(words) {
  const cell = h("td", {}, "…");
  const endpoint = h("div", { class: "dim" });
  const tell = (/** @type {boolean|null} */ passed, refusal = "") => {
    cell.replaceChildren(verdict(passed));
    endpoint.textContent = refusal && `endpoint: ${refusal}`;
  };
  return { element: h("tr", {}, h("th", { scope: "row" }, words, endpoint), cell), tell };
}

/** @param {boolean|null} passed @param {string} [title] */
function verdict(passed, title) {
  const words = passed === null ? "unknown" : passed ? "yes" : "no";
  return h("span", { class: `verdict is-${words}`, title }, passed === null ? null : icon(passed ? "done" : "no"), words);
}

/** @param {{error: string, remedy?: string}} found */
function failed(found) {
  return [h("h2", {}, "Origins"), h("p", {}, sentence([found.error, found.remedy].filter(Boolean).join("; ")))];
}

/** @param {import("./server.js").Origins} found the answer of the server's explain @param {string} digest of the camera that is open */
function table(found, digest) {
  if (found.digest !== digest) {
    return failed({ error: "the camera on the command’s --port has another policy: it is not this one, or it has just changed" });
  }
  const heads = ["Origin", ...found.columns].map((name) => h("th", { scope: "col" }, name));
  const rows = found.rows.map((each) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, h("code", {}, each.origin), each.note ? h("span", { class: "dim" }, ` ${each.note}`) : null),
      ...each.cells.map((cell) => h("td", {}, verdict(cell.allowed, cell.reason ?? undefined))),
    ),
  );
  return [
    h("h2", {}, "Which origins may do what"),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Origins" }, h("table", { class: "verdicts origins" }, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...rows))),
    h("p", { class: "dim" }, "As camcors explain judges the policy in force, read over the camera’s REPL."),
  ];
}
