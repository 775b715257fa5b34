import { CameraError, ask, askJson } from "./api.js";
import { fieldsOf } from "./bounds.js";
import { h, say } from "./dom.js";
import { whyBox } from "./why.js";

/** @typedef {import("./bounds.js").Range} Range */
/** @typedef {import("./bounds.js").Value|null} Chosen null: a number that was not written */
/** @typedef {(value: Chosen, inputs: HTMLElement[]) => void} Set */

const NAMES = { hmirror: "Mirror", vflip: "Upside down", led: "Lamp" };
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
    this.element = h("section", { class: "card", "aria-labelledby": "settings-title" }, h("h2", { id: "settings-title" }, "Settings"), this.why, this.fields);
    this.isRead = false;
    this.isReading = false;
    this.change = () => this.#read();
    session.addEventListener("change", this.change);
    this.#read();
  }

  /** Reads them once the camera answers; a failure of that is told with the status. */
  async #read() {
    const { session } = this;
    if (this.isRead || this.isReading || !session.status || session.failures.status) return;
    this.isReading = true;
    try {
      this.#build(fieldsOf(await askJson(session.camera, "/api/camera")));
      this.isRead = true;
    } catch (error) {
      this.fields.replaceChildren();
      this.why.replaceChildren(whyBox(await session.explain(/** @type {Error} */ (error))));
    }
    this.isReading = false;
  }

  /** @param {[string, Range, unknown][]} fields */
  #build(fields) {
    fields.sort((a, b) => rank(a[1]) - rank(b[1]) || (a[0] < b[0] ? -1 : 1));
    const rows = fields.map(([name, range, value]) =>
      this.#row(name, range, value, (chosen) => this.#put("/api/camera", { [name]: chosen })),
    );
    const led = this.session.status?.camera.led;
    if (typeof led === "number") rows.push(this.#row("led", LAMP, led, (level) => this.#put("/api/led", { level })));
    this.fields.replaceChildren(...rows);
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
   */
  #row(name, range, value, put) {
    const id = `field-${name}`;
    const error = h("p", { class: "field-error", id: `${id}-error`, role: "alert" });
    const control = this.#control(id, range, value, async (chosen, inputs) => {
      try {
        await put(chosen);
        say(error, "");
        inputs.forEach((input) => input.removeAttribute("aria-invalid"));
      } catch (reason) {
        await this.#refused(/** @type {Error} */ (reason), error, inputs);
      }
    });
    const label = h("label", { for: id }, title(name), " ", isSwitch(range) ? null : h("span", { class: "range" }, rangeWords(range)));
    return h("div", { class: "field" }, label, control, error);
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
   */
  #control(id, range, value, set) {
    const described = { id, "aria-describedby": `${id}-error` };
    if (isSwitch(range)) {
      const box = /** @type {HTMLInputElement} */ (h("input", { ...described, type: "checkbox", role: "switch", checked: value === true }));
      box.addEventListener("change", () => set(box.checked, [box]));
      return h("div", { class: "control" }, box);
    }
    if ("values" in range) {
      const options = range.values.map((each) => h("option", { selected: each === value }, String(each)));
      const select = /** @type {HTMLSelectElement} */ (h("select", described, ...options));
      select.addEventListener("change", () => set(range.values[select.selectedIndex], [select]));
      return h("div", { class: "control" }, select);
    }
    return this.#numberControl(described, range, Number(value), set);
  }

  /** A slider, and a box in which any number can be written: what it may be, the camera says.
   * @param {Record<string, string>} described @param {{min: number, max: number}} range @param {number} value
   * @param {Set} set */
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
    return h("div", { class: "control is-number" }, slider, box);
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
