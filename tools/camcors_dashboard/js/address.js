/** A camera's address as a person writes it. */

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
    throw new AddressError(`A camera speaks http or https, not ${url.protocol.slice(0, -1)}. Write http://${url.host}.`);
  }
  if (url.username || url.password) {
    throw new AddressError(`A browser sends no name or password from an address. Write ${url.origin}.`);
  }
  if (url.pathname !== "/" || url.search || url.hash) {
    throw new AddressError(`Write only the camera’s address, without a path: ${url.origin}`);
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
