import { CameraError, ask, askJson } from "./api.js";
import { fieldsOf } from "./bounds.js";
import { h, say } from "./dom.js";
import { whyBox } from "./why.js";

/** @typedef {import("./bounds.js").Range} Range */
/** @typedef {import("./bounds.js").Value|null} Chosen null: a number that was not written */
/** @typedef {(value: Chosen, inputs: HTMLElement[]) => void} Set */
/** @typedef {{element: HTMLElement, show: (value: unknown) => void}} Control */
/** @typedef {{element: HTMLElement, follow: (value: unknown) => void}} Row follow: shows what others have set */

const NAMES = { hmirror: "Mirror", vflip: "Upside down", led: "Lamp", standby_s: "Standby after (s)" };
const LAMP = { min: 0, max: 100 };

/** @param {string} name of a field */
function title(name) {
  const words = name.replaceAll("_", " ");
  return NAMES[/** @type {keyof typeof NAMES} */ (name)] ?? words[0].toUpperCase() + words.slice(1);
}

/** The camera's settings, built from the ranges that it gives; what it refuses is said at the field. */
export class Settings {
  /** @param {import("./session.js").Session} session */
  constructor(session) {
    this.session = session;
    this.fields = h("div", { class: "fields" }, h("p", { class: "dim" }, "Shown as soon as the camera answers."));
    this.why = h("div", { "aria-live": "polite" });
    this.role = h("p", { class: "dim", hidden: true }, "The role here is view: it may look, and set nothing.");
    this.element = h("section", { class: "card", "aria-labelledby": "settings-title" }, h("h2", { id: "settings-title" }, "Settings"), this.role, this.why, this.fields);
    this.isReading = false;
    this.ranges = ""; // what the fields are built of
    /** @type {Map<string, Row>} */
    this.rows = new Map();
    this.changes = 0; // how often a change was sent or answered: what was read meanwhile may be older
    this.change = () => this.#read();
    session.addEventListener("change", this.change);
    this.#read();
  }

  /** Reads them with each status, for others change them too; a failure of the status is told with it. */
  async #read() {
    const { session } = this;
    const isForbidden = session.status?.role === "view";
    this.fields.hidden = isForbidden;
    this.role.hidden = !isForbidden;
    if (isForbidden || this.isReading || !session.status || session.failures.status) return;
    this.isReading = true;
    const { changes } = this;
    try {
      const fields = fieldsOf(await askJson(session.camera, "/api/camera"));
      if (changes === this.changes) this.#follow(fields);
    } catch (error) {
      await this.#unread(/** @type {Error} */ (error));
    }
    this.isReading = false;
  }

  /** @param {[string, Range, unknown][]} fields */
  #follow(fields) {
    const led = this.session.status?.camera.led;
    const ranges = JSON.stringify([fields.map(([name, range]) => [name, range]), typeof led]);
    if (ranges !== this.ranges) {
      this.ranges = ranges;
      this.why.replaceChildren();
      return this.#build(fields);
    }
    for (const [name, , value] of [...fields, ["led", LAMP, led]]) this.rows.get(String(name))?.follow(value);
  }

  /** @param {Error} error */
  async #unread(error) {
    if (this.ranges) return; // what is there stays: the status tells what goes wrong next
    this.fields.replaceChildren();
    this.why.replaceChildren(whyBox(await this.session.explain(error)));
  }

  /** @param {[string, Range, unknown][]} fields */
  #build(fields) {
    fields.sort((a, b) => rank(a[1]) - rank(b[1]) || (a[0] < b[0] ? -1 : 1));
    this.rows.clear();
    for (const [name, range, value] of fields) {
      this.rows.set(name, this.#row(name, range, value, (chosen) => this.#put("/api/camera", { [name]: chosen })));
    }
    const led = this.session.status?.camera.led;
    if (typeof led === "number") this.rows.set("led", this.#row("led", LAMP, led, (level) => this.#put("/api/led", { level })));
    this.fields.replaceChildren(...[...this.rows.values()].map(({ element }) => element));
  }

  /** @param {string} path @param {object} json */
  async #put(path, json) {
    const response = await ask(this.session.camera, path, { json });
    response.body?.cancel().catch(() => {});
    this.why.replaceChildren();
  }

  /**
   * @param {string} name @param {Range} range @param {unknown} value
   * @param {(value: Chosen) => Promise<void>} put
   * @returns {Row}
   */
  #row(name, range, value, put) {
    const id = `field-${name}`;
    const error = h("p", { class: "field-error", id: `${id}-error`, role: "alert" });
    const control = this.#control(id, range, value, async (chosen, inputs) => {
      this.changes++;
      try {
        await put(chosen);
        say(error, "");
        inputs.forEach((input) => input.removeAttribute("aria-invalid"));
      } catch (reason) {
        await this.#refused(/** @type {Error} */ (reason), error, inputs);
      }
      this.changes++;
    });
    const label = h("label", { for: id }, title(name), " ", isSwitch(range) ? null : h("span", { class: "range" }, rangeWords(range)));
    const element = h("div", { class: "field" }, label, control.element, error);
    const isInUse = () => element.contains(document.activeElement) || element.querySelector('[aria-invalid="true"]');
    return { element, follow: (now) => isInUse() || control.show(now) };
  }

  /** @param {Error} reason @param {HTMLElement} place @param {HTMLElement[]} inputs */
  async #refused(reason, place, inputs) {
    if (reason instanceof CameraError && reason.kind === "http") {
      say(place, reason.message);
      inputs.forEach((input) => input.setAttribute("aria-invalid", "true"));
      return;
    }
    say(place, "This was not set.");
    this.why.replaceChildren(whyBox(await this.session.explain(reason)));
  }

  /**
   * @param {string} id @param {Range} range @param {unknown} value
   * @param {Set} set
   * @returns {Control}
   */
  #control(id, range, value, set) {
    const described = { id, "aria-describedby": `${id}-error` };
    if (isSwitch(range)) {
      const box = /** @type {HTMLInputElement} */ (h("input", { ...described, type: "checkbox", role: "switch", checked: value === true }));
      box.addEventListener("change", () => set(box.checked, [box]));
      return { element: h("div", { class: "control" }, box), show: (now) => (box.checked = now === true) };
    }
    if ("values" in range) {
      const options = range.values.map((each) => h("option", { selected: each === value }, String(each)));
      const select = /** @type {HTMLSelectElement} */ (h("select", described, ...options));
      select.addEventListener("change", () => set(range.values[select.selectedIndex], [select]));
      const show = (/** @type {unknown} */ now) => (select.selectedIndex = range.values.findIndex((each) => each === now));
      return { element: h("div", { class: "control" }, select), show };
    }
    return this.#numberControl(described, range, Number(value), set);
  }

  /** A slider, and a box in which any number can be written: what it may be, the camera says.
   * @param {Record<string, string>} described @param {{min: number, max: number}} range @param {number} value
   * @param {Set} set
   * @returns {Control} */
  #numberControl(described, range, value, set) {
    const name = { "aria-label": `${title(described.id.slice("field-".length))}, slider` };
    const slider = /** @type {HTMLInputElement} */ (h("input", { ...name, type: "range", min: range.min, max: range.max, value }));
    const box = /** @type {HTMLInputElement} */ (h("input", { ...described, type: "number", value }));
    slider.addEventListener("input", () => (box.value = slider.value));
    slider.addEventListener("change", () => set(Number(slider.value), [box]));
    box.addEventListener("change", () => {
      slider.value = box.value;
      set(box.value === "" ? null : Number(box.value), [box]);
    });
    const show = (/** @type {unknown} */ now) => (slider.value = box.value = String(now));
    return { element: h("div", { class: "control is-number" }, slider, box), show };
  }

  close() {
    this.session.removeEventListener("change", this.change);
  }
}

/** Choices first, then numbers, then switches: a camera's JSON has no order. @param {Range} range */
function rank(range) {
  if (!("values" in range)) return 1;
  return isSwitch(range) ? 2 : 0;
}

/** @param {Range} range */
function isSwitch(range) {
  return "values" in range && range.values.every((each) => typeof each === "boolean");
}

/** @param {Range} range */
function rangeWords(range) {
  return "values" in range ? `${range.values.length} choices` : `${range.min} to ${range.max}`;
}
