/** Elements without markup in strings: nothing that a camera says can become HTML. */

/** @typedef {Record<string, string|number|boolean|null|undefined|((event: never) => void)>} Properties */
/** @typedef {Node|string|number|null|undefined} Child */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. Properties that begin with "on" are listeners; of the others, `null`, `undefined` and
 * `false` are left out, `true` is an empty attribute.
 * @param {string} tag
 * @param {Properties} [properties]
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function h(tag, properties = {}, ...children) {
  return /** @type {HTMLElement} */ (fill(document.createElement(tag), properties, children));
}

/**
 * An SVG element, as `h`.
 * @param {string} tag
 * @param {Properties} [properties]
 * @param {...Child} children
 * @returns {SVGElement}
 */
export function svg(tag, properties = {}, ...children) {
  return /** @type {SVGElement} */ (fill(document.createElementNS(SVG, tag), properties, children));
}

/** @param {Element} element @param {Properties} properties @param {Child[]} children */
function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  for (const child of children) {
    if (child !== null && child !== undefined) element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/**
 * Gives an element other children. One that it has already stays in its place, and with it what a person writes there.
 * @param {Element} element @param {Child[]} children
 */
export function refill(element, children) {
  const wanted = children.filter((child) => child instanceof Node);
  for (const old of [...element.childNodes]) if (!wanted.includes(old)) old.remove();
  wanted.forEach((child, index) => {
    const there = element.childNodes[index];
    if (there !== child) element.insertBefore(child, there ?? null);
  });
}

/**
 * Writes `text` only if it is new: a live region speaks at each write.
 * @param {Element} element @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Paths of 24 by 24 pixels. */
const ICONS = {
  add: "M12 5v14M5 12h14",
  again: "M19 12a7 7 0 1 1-2.2-5.1M19 4v4h-4",
  back: "M19 12H5m6-6-6 6 6 6",
  copy: "M9 9h10v11H9zM5 15V4h10",
  done: "m5 13 4 4L19 7",
  no: "M6 6l12 12M18 6 6 18",
  open: "M14 4h6v6M20 4l-8 8M18 14v6H4V6h6",
  photo: "M4 8h3l2-3h6l2 3h3v11H4zM12 17a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7",
  forth: "M5 12h14m-6-6 6 6-6 6",
  full: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  film: "M4 6h11v12H4zM15 11l5-3v8l-5-3",
  pause: "M8 5v14M16 5v14",
  play: "M8 5l11 7-11 7z",
  remove: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  theme: "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
  warning: "M12 4 2.5 20h19zM12 10v4M12 17v.5",
};

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  return svg(
    "svg",
    { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: ICONS[name] }),
  );
}

/**
 * A button with an icon and words.
 * @param {string} words
 * @param {keyof typeof ICONS} name
 * @param {(event: Event) => void} act
 * @param {Properties} [properties]
 */
export function button(words, name, act, properties = {}) {
  const all = { type: "button", onclick: act, ...properties };
  return /** @type {HTMLButtonElement} */ (h("button", all, icon(name), h("span", {}, words)));
}

/**
 * Offers `blob` as a file to save.
 * @param {Blob} blob @param {string} name
 */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/**
 * A file's name: the camera's name, without what no file may have in it, the time, an ending.
 * @param {string} name @param {string} ending
 */
export function fileName(name, ending) {
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "").replace("T", "-");
  return `${name.replace(/[^\p{L}\p{N}.-]+/gu, "-").replace(/^[.-]+/, "") || "camera"}-${time}.${ending}`;
}
