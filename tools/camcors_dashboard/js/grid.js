import { Tile } from "./tile.js";

const STEP = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

/**
 * The live views of all cameras. Arrow keys go from one to the next, Enter opens; with Alt, or by the mouse, a tile
 * goes to another place.
 */
export class Grid {
  /**
   * @param {HTMLElement} element
   * @param {{open: (url: string) => void, remove: (url: string) => void, keep: (url: string, token: string) => void, move: (url: string, index: number) => void}} acts
   */
  constructor(element, acts) {
    this.element = element;
    this.acts = acts;
    /** @type {Map<string, Tile>} */
    this.tiles = new Map();
    /** @type {string|null} */
    this.dragged = null;
    element.addEventListener("keydown", (event) => this.#onKey(event));
    for (const kind of ["dragstart", "dragover", "drop", "dragend"]) {
      element.addEventListener(kind, (event) => this.#onDrag(/** @type {DragEvent} */ (event)));
    }
  }

  /** @param {Iterable<import("./session.js").Session>} sessions in the order of the grid */
  show(sessions) {
    const wanted = [...sessions];
    const urls = new Set(wanted.map((session) => session.camera.url));
    for (const [url, tile] of this.tiles) {
      if (urls.has(url) && wanted.includes(tile.session)) continue;
      tile.close();
      this.tiles.delete(url);
    }
    for (const session of wanted) {
      const { url } = session.camera;
      if (this.tiles.has(url)) continue;
      const { open, remove, keep } = this.acts;
      const acts = { open: () => open(url), remove: () => remove(url), keep: (/** @type {string} */ token) => keep(url, token) };
      this.tiles.set(url, new Tile(session, acts));
    }
    const order = wanted.map((session) => /** @type {Tile} */ (this.tiles.get(session.camera.url)).element);
    if (order.some((element, index) => this.element.children[index] !== element)) this.element.replaceChildren(...order);
  }

  /** Puts the focus on a camera's picture. @param {string} url */
  focus(url) {
    this.tiles.get(url)?.picture.focus();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const way = STEP[/** @type {keyof typeof STEP} */ (event.key)];
    const pictures = this.#urls().map((url) => /** @type {Tile} */ (this.tiles.get(url)).picture);
    const index = pictures.indexOf(/** @type {HTMLElement} */ (event.target));
    if (!way || index < 0) return;
    if (event.altKey) event.preventDefault(); // to a browser it means back, also where there is no place to go
    const target = way === "left" ? pictures[index - 1] : way === "right" ? pictures[index + 1] : nearest(pictures, index, way);
    if (!target) return;
    event.preventDefault();
    if (event.altKey) this.#move(index, pictures.indexOf(target));
    else target.focus();
  }

  /** @param {number} from @param {number} to places of the grid */
  #move(from, to) {
    const url = this.#urls()[from];
    this.acts.move(url, to);
    this.focus(url);
  }

  #urls() {
    return [...this.element.children].map((tile) => /** @type {HTMLElement} */ (tile).dataset.url ?? "");
  }

  /** @param {DragEvent} event */
  #onDrag(event) {
    const over = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest(".tile"));
    const isOver = this.dragged !== null && over !== null && event.type === "dragover";
    for (const tile of this.element.children) tile.classList.toggle("is-over", isOver && tile === over);
    if (event.type === "dragstart") this.dragged = over?.dataset.url ?? null;
    if (this.dragged === null) return; // a file, or a text, of elsewhere
    if (event.type !== "dragstart") event.preventDefault(); // it is taken
    const urls = this.#urls();
    if (event.type === "drop" && over) this.#move(urls.indexOf(this.dragged), urls.indexOf(over.dataset.url ?? ""));
    if (event.type === "drop" || event.type === "dragend") this.dragged = null;
  }
}

/**
 * The picture in the next row whose middle is nearest.
 * @param {HTMLElement[]} pictures @param {number} index @param {string} way "up" or "down"
 */
function nearest(pictures, index, way) {
  const boxes = pictures.map((picture) => picture.getBoundingClientRect());
  const from = boxes[index];
  const sign = way === "down" ? 1 : -1;
  let found = -1;
  let best = Infinity;
  boxes.forEach((box, each) => {
    const down = (box.top - from.top) * sign;
    const distance = down + Math.abs(box.left - from.left);
    if (down > from.height / 2 && distance < best) [found, best] = [each, distance];
  });
  return pictures[found];
}
