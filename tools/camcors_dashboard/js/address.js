/** A camera's address as a person writes it, and what a browser thinks of where it is. */

/** An address that cannot be used; the message says what to write instead. */
export class AddressError extends Error {}

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
const EXAMPLE = "192.168.4.1 or http://camera.local";

/**
 * The origin of the camera at `text`: a host, host:port or URL without a path.
 * @param {string} text
 * @returns {string} such as "http://192.168.4.1"
 * @throws {AddressError}
 */
export function parseAddress(text) {
  const written = text.trim();
  if (!written) throw new AddressError(`Write the camera’s address, such as ${EXAMPLE}.`);
  if (/\s/.test(written)) throw new AddressError(`An address has no spaces. Write one, such as ${EXAMPLE}.`);
  const url = parse(SCHEME.test(written) ? written : `http://${written}`);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new AddressError(`A camera speaks http, not ${url.protocol.slice(0, -1)}. Write http://${url.host}.`);
  }
  if (url.username || url.password) {
    throw new AddressError(`A browser sends no name or password from an address. Write ${url.origin}.`);
  }
  if (url.pathname !== "/" || url.search || url.hash) {
    throw new AddressError(`Write the camera’s address alone, without a path: ${url.origin}`);
  }
  return url.origin;
}

/** @param {string} text */
function parse(text) {
  try {
    return new URL(text);
  } catch {
    throw new AddressError(`That is not an address. Write one, such as ${EXAMPLE}.`);
  }
}

/** The address without "http://", as people say it. @param {string} url */
export function shortAddress(url) {
  return url.replace(/^http:\/\//, "");
}

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
 * Whether a browser refuses a request to `url` by a page of `page` for mixed content (W3C Mixed Content).
 * @param {URL} page @param {URL} url
 */
export function isMixed(page, url) {
  return page.protocol === "https:" && url.protocol === "http:" && space(url.hostname) !== "loopback";
}
