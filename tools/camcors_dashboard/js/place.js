/**
 * What the browser itself does with a request by where page and camera are: mixed content, and the permission
 * for local addresses (Local Network Access, WICG). `camcors dashboard` judges that, with the addresses that
 * names have; here is what a page on any other server can tell, and the permission, which only a page sees.
 */

const LOOPBACK = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const LOCAL =
  /^(?=[\d.]+$|\[)(10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[789]\d|1[01]\d|12[0-7])\.|\[f[cd]|\[fe[89ab])|(^|\.)local$/;

/**
 * Where a host is, as Local Network Access (WICG) tells without asking for its address: "loopback",
 * "local", or "other" of a public address or a name that only a resolver knows.
 * @param {string} hostname of a URL
 */
export function space(hostname) {
  if (LOOPBACK.test(hostname)) return "loopback";
  return LOCAL.test(hostname) ? "local" : "other";
}

/**
 * What blocks a request to `url` by a page of `page` before the camera is asked, as far as the page can tell.
 * @param {URL} page @param {URL} url
 * @returns {Promise<import("./diagnose.js").Diagnosis|null>}
 */
export async function guessPlace(page, url) {
  const target = space(url.hostname);
  const own = space(page.hostname);
  const state = target === "other" ? null : await permissionState(PERMISSIONS[target]);
  // Of local addresses, Chromium makes a question of that permission instead.
  const isMixed = page.protocol === "https:" && url.protocol === "http:" && target !== "loopback" && state === null;
  if (isMixed) return mixed(page, url);
  return state === null || own === "loopback" || own === target ? null : guarded(state);
}

/** @param {URL} page @param {URL} url @returns {import("./diagnose.js").Diagnosis} */
function mixed(page, url) {
  return {
    cause: "mixed",
    title: "An https page, an http camera",
    text:
      `Browsers block what a page of ${page.origin} asks of ${url.origin} as mixed content, before the camera is asked. ` +
      "Open the dashboard from this computer instead, which the command serves; or give the camera https by a proxy.",
    commands: ["camcors dashboard"],
    facts: [`This page came over https, the camera’s address is ${url.protocol.slice(0, -1)}.`],
  };
}

const PERMISSIONS = {
  loopback: ["loopback-network", "local-network-access"],
  local: ["local-network", "local-network-access"],
};

/**
 * Of a request for which the browser asks the person: what the person answered.
 * @param {URL} url
 */
export async function askedPermission(url) {
  const state = await permissionState(PERMISSIONS[space(url.hostname) === "loopback" ? "loopback" : "local"]);
  return state === null ? null : guarded(state);
}

/**
 * Chromium from 142 on asks the person before a public page reaches local addresses (Local Network Access, WICG).
 * @param {PermissionState} state
 * @returns {import("./diagnose.js").Diagnosis|null}
 */
function guarded(state) {
  if (state === "granted") return null;
  const facts = [`The browser’s permission for local addresses is “${state}” for ${location.origin}.`];
  const title = "The browser guards your network";
  if (!isSecureContext) {
    const text = "A page that did not come over https may not reach local addresses. Serve the dashboard from this computer.";
    return { cause: "permission", title, text, commands: ["camcors dashboard"], facts };
  }
  const where = "in the site settings, to the left of the address, under Local network access";
  const text =
    state === "denied"
      ? `This page was denied the permission to reach devices in your network. Allow it ${where}, then reload. No header of the camera can grant it.`
      : "The browser asks whether this page may reach devices in your network: answer Allow. No header of the camera can grant it.";
  return { cause: "permission", title, text, commands: [], facts };
}

/** @param {string[]} names @returns {Promise<PermissionState|null>} null: the browser has no such permission */
async function permissionState(names) {
  for (const name of names) {
    try {
      return (await navigator.permissions.query({ name: /** @type {PermissionName} */ (name) })).state;
    } catch {
      // Not known by this name; another version has another one.
    }
  }
  return null;
}
