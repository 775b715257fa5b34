/**
 * A link to the dashboard that names a camera, `#camera=URL&token=TOKEN`, as `make run` prints it. Anybody can make
 * one, so it only ever brings a token: to the camera that it names, and not in the place of one that is kept.
 */

import { parseAddress, shortAddress } from "./address.js";
import { button, h } from "./dom.js";
import { toast } from "./toast.js";
import { HOW, tokenOf } from "./token.js";

/**
 * Takes the camera of the page's address, and removes it from there and from the history at once.
 * @param {import("./cameras.js").Cameras} cameras @param {import("./server.js").Server} server
 */
export async function takeLink(cameras, server) {
  const given = new URLSearchParams(location.hash.slice(1));
  const address = given.get("camera");
  if (address === null) return;
  history.replaceState(null, "", location.pathname + location.search);
  try {
    const token = tokenOf(given.get("token")) ?? undefined;
    if (given.has("token") && !token) throw new Error(HOW);
    await take(cameras, server, parseAddress(address), token);
  } catch (error) {
    toast(`This link was not taken. ${/** @type {Error} */ (error).message}`);
  }
}

/**
 * @param {import("./cameras.js").Cameras} cameras @param {import("./server.js").Server} server
 * @param {string} url @param {string|undefined} token
 */
async function take(cameras, server, url, token) {
  await server.ready;
  const camera = cameras.find(url);
  if (camera) {
    if (!token || camera.token === token) return;
    const words = `The link brings another token for ${url} than the one that is kept in this browser.`;
    if (camera.token && !(await confirm("Replace the token?", words, "Replace"))) return;
    return cameras.setToken(url, token);
  }
  const also = token ? " Its token goes there, and is kept in this browser." : "";
  const words = `The link names ${url}, which is not on this dashboard.${also}`;
  if (!server.cameras.includes(url) && !(await confirm("Add this camera?", words, "Add"))) return;
  cameras.add(url, token);
  toast(`${shortAddress(url)} was added.`);
}

/** @param {string} title @param {string} text @param {string} yes @returns {Promise<boolean>} */
function confirm(title, text, yes) {
  const dialog = /** @type {HTMLDialogElement} */ (h("dialog", { "aria-label": title }));
  const agree = h("button", { type: "button", class: "primary", onclick: () => dialog.close(yes) }, yes);
  const tools = h("div", { class: "tools" }, h("span", { class: "spring" }), button("Cancel", "no", () => dialog.close(), { class: "quiet" }), agree);
  dialog.append(h("h2", {}, title), h("p", {}, text), tools);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => (dialog.remove(), resolve(dialog.returnValue === yes)), { once: true });
  });
}
