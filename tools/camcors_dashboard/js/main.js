import { AddressError, shortAddress } from "./address.js";
import { Cameras } from "./cameras.js";
import { sentence } from "./diagnose.js";
import { button, say } from "./dom.js";
import { Grid } from "./grid.js";
import { Large } from "./large.js";
import { takeLink } from "./link.js";
import { findCameras, findServer } from "./server.js";
import { Session } from "./session.js";
import { themeSwitch } from "./theme.js";
import { sizeSwitch } from "./size.js";
import { toast } from "./toast.js";

/** @template {HTMLElement} T @param {string} id @returns {T} */
const $ = (id) => /** @type {T} */ (document.getElementById(id));

const TITLE = document.title;
const server = findServer();
const cameras = new Cameras(localStorage);
/** @type {Map<string, Session>} */
const sessions = new Map();
const grid = new Grid($("grid"), {
  open: (url) => (location.hash = hashOf(url)),
  remove,
  keep: (url, token) => (cameras.setToken(url, token), grid.focus(url)),
  move: (url, index) => cameras.move(url, index),
});
/** @type {Large|null} */
let large = null;

/** @param {string} url */
const hashOf = (url) => `#${encodeURIComponent(url)}`;

/** The sessions of the list; one whose camera changed begins again. */
function follow() {
  for (const [url, session] of sessions) {
    const camera = cameras.find(url);
    const isSame = camera?.credentials === session.camera.credentials && camera.token === session.camera.token;
    if (camera && isSame) {
      if (camera !== session.camera) session.rename(camera);
      continue;
    }
    session.close();
    sessions.delete(url);
  }
  for (const camera of cameras.list) {
    if (sessions.has(camera.url)) continue;
    const session = new Session(camera, server);
    session.addEventListener("change", () => cameras.learn(camera.url, session.status?.name ?? null));
    sessions.set(camera.url, session);
  }
  show();
}

function show() {
  const url = decodeURIComponent(location.hash.slice(1));
  const open = sessions.get(url);
  const ordered = cameras.list.map((camera) => /** @type {Session} */ (sessions.get(camera.url)));
  const from = large?.session.camera.url;
  if (large && large.session !== open) {
    large.close();
    large = null;
  }
  const isNew = Boolean(open) && !large;
  if (open && !large) {
    large = new Large(open, {
      close,
      remove: () => remove(url),
      rename: (name) => cameras.rename(url, name),
      move: (step) => cameras.move(url, cameras.list.findIndex((each) => each.url === url) + step),
      keep: (token) => cameras.setToken(url, token),
      setCredentials: (on) => cameras.setCredentials(url, on),
    });
    $("large").replaceChildren(large.element);
  }
  $("grid").hidden = Boolean(open);
  $("large").hidden = !open;
  if (large && isNew) {
    scrollTo(0, 0);
    large.name.focus({ preventScroll: true });
  }
  $("empty").hidden = cameras.list.length > 0;
  grid.show(ordered);
  document.title = open ? `${open.name} · ${TITLE}` : TITLE;
  say($("count"), cameras.list.length ? `${cameras.list.length} camera${cameras.list.length === 1 ? "" : "s"}` : "");
  if (!open && from) grid.focus(from);
}

function close() {
  history.pushState(null, "", location.pathname + location.search);
  show();
}

/** @param {string} url */
function remove(url) {
  const name = sessions.get(url)?.name ?? url;
  const order = cameras.list.map((camera) => camera.url);
  const undo = cameras.remove(url);
  const near = order[order.indexOf(url) + 1] ?? order[order.indexOf(url) - 1];
  if (near) grid.focus(near);
  else $("add").focus();
  toast(`${name} was removed.`, { label: "Undo", act: () => (undo(), grid.focus(url)) });
}

/** @param {string} text @returns {boolean} */
function add(text) {
  try {
    const camera = cameras.add(text);
    say($("address-error"), "");
    $("address").removeAttribute("aria-invalid");
    toast(`${shortAddress(camera.url)} was added.`);
    return true;
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    say($("address-error"), error.message);
    $("address").setAttribute("aria-invalid", "true");
    return false;
  }
}

/** @type {HTMLDialogElement} */
const dialog = $("dialog");

function startAdding() {
  say($("address-error"), "");
  $("address").removeAttribute("aria-invalid");
  /** @type {HTMLInputElement} */ ($("address")).value = "";
  dialog.showModal();
  offerFound();
}

$("add").addEventListener("click", startAdding);
$("add-first").addEventListener("click", startAdding);
$("cancel").addEventListener("click", () => dialog.close());
$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const input = /** @type {HTMLInputElement} */ ($("address"));
  if (add(input.value)) dialog.close();
  else input.focus();
});

/** @type {ReturnType<typeof findCameras>|null} */
let search = null;

/** Offers the cameras that the network has and the list has not. */
async function offerFound() {
  const places = [$("found"), $("offers")];
  if (!server.find) return;
  places.forEach((place) => say(/** @type {Element} */ (place.nextElementSibling), "Looking for cameras in your network …"));
  search ??= findCameras().finally(() => (search = null));
  const said = await search;
  const found = "error" in said ? [] : said.filter(({ url }) => !cameras.find(url));
  const none = "No new camera was found by the name camcors.local; write the address of one that has another name.";
  const words = "error" in said ? sentence(`${said.error}; ${said.remedy}`) : found.length ? "" : none;
  places.forEach((place) => {
    const known = place.id === "offers" ? server.cameras.map((url) => ({ url, name: "" })) : [];
    place.replaceChildren(...[...known, ...found].map(offer));
    say(/** @type {Element} */ (place.nextElementSibling), words);
  });
}

/** @param {{url: string, name: string}} camera */
function offer({ url, name }) {
  const place = shortAddress(url);
  return button(`Add ${name ? `${name}, ${place}` : place}`, "add", () => {
    dialog.close();
    add(url);
  });
}

server.ready.then(() => {
  $("offers").replaceChildren(...server.cameras.map((url) => offer({ url, name: "" })));
  if (!cameras.list.length) offerFound();
});

/** Keys of the large view, where no field has the focus. @param {KeyboardEvent} event */
function onKey(event) {
  const at = /** @type {Element} */ (event.target);
  if (!large || document.querySelector("dialog[open]") || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Escape") return close();
  const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  if (!step || at.closest("input, select, .scroll, code")) return;
  const index = cameras.list.findIndex((camera) => camera.url === large?.session.camera.url);
  const next = cameras.list[(index + step + cameras.list.length) % cameras.list.length];
  event.preventDefault();
  history.replaceState(null, "", hashOf(next.url));
  show();
}

addEventListener("keydown", onKey);
addEventListener("hashchange", () => (takeLink(cameras, server), show()));
addEventListener("popstate", show);
cameras.addEventListener("change", follow);
themeSwitch($("theme"));
sizeSwitch($("size"), $("grid"));
takeLink(cameras, server);
follow();
