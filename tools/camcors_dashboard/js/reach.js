/**
 * What a browser does with a request by where page and camera are, before the camera is asked: mixed content, and the
 * permission for local addresses (Local Network Access, WICG). Pure. The command judges the same in reach.py, where it
 * knows the addresses of names; tests/kit/reach.json holds both to what browsers do.
 */

const LOOPBACK = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const LOCAL =
  /^(?=[\d.]+$|\[)(10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[789]\d|1[01]\d|12[0-7])\.|\[f[cd]|\[fe[89ab])|(^|\.)local$/;
const ADDRESS = /^([\d.]+|\[.*\])$/;

/**
 * What a browser can: it asks the person before a page reaches local addresses; a page declares to its fetch() where an
 * address is (targetAddressSpace), which only Chromium has.
 * @typedef {{asks: boolean, declares: boolean}} Browser
 */

/**
 * Where a host is, as Local Network Access tells without asking for its address: "loopback", "local", or "other" of a
 * public address or a name that only a resolver knows.
 * @param {string} hostname of a URL
 */
export function space(hostname) {
  if (LOOPBACK.test(hostname)) return "loopback";
  return LOCAL.test(hostname) ? "local" : "other";
}

/**
 * Which permission a camera needs, null for a public address. A name is taken for one of the local network: where it
 * leads, a page cannot know.
 * @param {URL} url @returns {"local"|"loopback"|null}
 */
export function kindOf({ hostname }) {
  const found = space(hostname);
  if (found !== "other") return found;
  return ADDRESS.test(hostname) ? null : "local";
}

/**
 * What fetch() has to be told of the address, undefined if nothing. Only of names, of which Chromium would not know it
 * before it blocks them as mixed content: a word that does not fit the address is a reason to refuse.
 * @param {URL} page @param {URL} url @param {Browser} browser
 * @returns {"local"|undefined}
 */
export function targetOf(page, url, browser) {
  const isName = space(url.hostname) === "other" && kindOf(url) !== null;
  return browser.declares && isMixed(page, url) && isName ? "local" : undefined;
}

/** @param {URL} page @param {URL} url */
function isMixed(page, url) {
  return page.protocol === "https:" && url.protocol === "http:" && space(url.hostname) !== "loopback";
}

/**
 * What becomes of a request, as far as a page can tell: a page of a name is taken for a public one.
 * "asks": the person is asked first. "insecure": a public page over http, which may not even ask.
 * @param {URL} page @param {URL} url @param {Browser} browser
 * @returns {"passes"|"asks"|"mixed"|"insecure"}
 */
export function judge(page, url, browser) {
  const isLetThrough = browser.declares && (space(url.hostname) === "local" || targetOf(page, url, browser));
  if (isMixed(page, url) && !isLetThrough) return "mixed";
  if (!browser.asks || kindOf(url) === null || space(page.hostname) !== "other") return "passes";
  return browser.declares && page.protocol === "http:" ? "insecure" : "asks";
}
