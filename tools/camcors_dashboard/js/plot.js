import { h, say, svg } from "./dom.js";

const WIDTH = 320;
const HEIGHT = 132;
const LEFT = 40;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 22;
const SPAN_S = 300;
const STEPS = [1, 2, 3, 4, 5, 6, 8, 10];

/**
 * A round number of at least `value`, so that an axis ends with a number people say.
 * @param {number} value
 */
export function niceMax(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return (STEPS.find((step) => step * power >= value) ?? 10) * power;
}

/**
 * @typedef {{time: number, values: (number|null)[]}} Sample time: seconds (of performance.now()); null: a gap
 */

/** A line plot of the last five minutes, with labelled axes, its numbers in words for a screen reader. */
export class Plot {
  /**
   * @param {{title: string, unit: string, series: string[], digits?: number}} options
   */
  constructor({ title, unit, series, digits = 0 }) {
    this.title = title;
    this.unit = unit;
    this.series = series;
    this.digits = digits;
    this.grid = svg("g", { class: "plot-grid" });
    this.lines = series.map((_, index) => svg("path", { class: `plot-line series-${index}` }));
    this.picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "plot" }, this.grid, ...this.lines);
    this.now = series.map((name, index) => h("span", { class: `plot-key series-${index}` }, name, h("b", {}, "–")));
    this.element = h(
      "figure",
      { class: "plot-box" },
      h("figcaption", {}, h("span", { class: "plot-title" }, `${title}, ${unit}`), h("span", { class: "plot-keys" }, ...this.now)),
      this.picture,
    );
    this.top = 0;
    this.draw([], 0);
  }

  /**
   * @param {Sample[]} samples
   * @param {number} now in seconds
   */
  draw(samples, now) {
    const shown = samples.filter((sample) => now - sample.time <= SPAN_S);
    const values = shown.flatMap((sample) => sample.values).filter((value) => value !== null);
    const top = niceMax(Math.max(1, ...values));
    if (top !== this.top) this.#drawGrid((this.top = top));
    this.lines.forEach((line, index) => line.setAttribute("d", this.#path(shown, index, now)));
    const last = shown.at(-1);
    const words = this.series.map((name, index) => `${name} ${this.#words(last?.values[index] ?? null)}`);
    this.now.forEach((key, index) => say(/** @type {Element} */ (key.lastChild), this.#words(last?.values[index] ?? null)));
    this.picture.setAttribute("aria-label", `${this.title} over the last 5 minutes, now ${words.join(", ")} ${this.unit}`);
  }

  /** @param {number|null} value */
  #words(value) {
    return value === null ? "–" : value.toFixed(this.digits);
  }

  /** @param {number} top */
  #drawGrid(top) {
    const bottom = HEIGHT - BOTTOM;
    const rows = [0, 0.5, 1].map((part) => {
      const y = bottom - part * (bottom - TOP);
      const text = svg("text", { x: LEFT - 6, y: y + 3.5, "text-anchor": "end" }, Number((part * top).toPrecision(3)));
      return svg("g", {}, svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y }), text);
    });
    const columns = [5, 4, 3, 2, 1, 0].map((minutes) => {
      const x = WIDTH - RIGHT - (minutes / 5) * (WIDTH - RIGHT - LEFT);
      const anchor = minutes === 0 ? "end" : "middle";
      return svg("text", { x, y: HEIGHT - 6, "text-anchor": anchor }, minutes ? `−${minutes} min` : "now");
    });
    this.grid.replaceChildren(...rows, ...columns);
  }

  /** @param {Sample[]} samples @param {number} index @param {number} now */
  #path(samples, index, now) {
    let path = "";
    let pen = "M";
    for (const { time, values } of samples) {
      const value = values[index];
      if (value === null || value === undefined) {
        pen = "M";
        continue;
      }
      const x = WIDTH - RIGHT - ((now - time) / SPAN_S) * (WIDTH - RIGHT - LEFT);
      const y = HEIGHT - BOTTOM - (value / this.top) * (HEIGHT - BOTTOM - TOP);
      path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
      pen = "L";
    }
    return path;
  }
}
