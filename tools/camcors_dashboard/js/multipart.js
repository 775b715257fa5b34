/** A multipart stream (RFC 2046 section 5.1), part by part as its bytes arrive. */

/** The stream does not follow RFC 2046, or a part is larger than allowed. */
export class MultipartError extends Error {}

/** @typedef {{headers: Map<string, string>, body: Uint8Array<ArrayBuffer>}} Part names in lower case */

const HEADERS_MAX = 8192; // bytes of one part's headers
const BETWEEN_MAX = 65_536; // bytes before the first part, or between two
const BOUNDARY_MAX = 70; // RFC 2046 section 5.1.1
const TYPE_MAX = 1000;
const CR = 13;
const LF = 10;
const DASH = 45;
const BLANK = Uint8Array.of(CR, LF, CR, LF);

/**
 * The boundary in a Content-Type, or null if it is not multipart.
 * @param {string|null} type
 */
export function boundaryOf(type) {
  const found = /^\s*multipart\/[^;]+;(?:.*;)?\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i.exec((type ?? "").slice(0, TYPE_MAX));
  const boundary = found ? (found[1] ?? found[2]) : null;
  return boundary && boundary.length <= BOUNDARY_MAX ? boundary : null;
}

/**
 * Where `needle` begins in `bytes` from `start` up to `end`, or -1.
 * @param {Uint8Array} bytes @param {Uint8Array} needle @param {number} start @param {number} end
 */
function find(bytes, needle, start, end) {
  const last = end - needle.length;
  for (let at = bytes.indexOf(needle[0], start); at >= 0 && at <= last; at = bytes.indexOf(needle[0], at + 1)) {
    let same = 1;
    while (same < needle.length && bytes[at + same] === needle[same]) same++;
    if (same === needle.length) return at;
  }
  return -1;
}

/**
 * Give it the stream's chunks with `push`; it calls `onPart` for each whole part. It owns one buffer, which
 * grows to the largest part.
 */
export class MultipartParser {
  /**
   * @param {string} boundary
   * @param {(part: Part) => void} onPart
   * @param {number} [partMax] bytes of the largest part that is taken; a driver's buffer for the largest sensor has 1 MB
   */
  constructor(boundary, onPart, partMax = 2 << 20) {
    this.onPart = onPart;
    this.partMax = partMax;
    this.delimiter = new TextEncoder().encode(`\r\n--${boundary}`);
    /** @type {"delimiter"|"headers"|"length"|"open"|"done"} */
    this.state = "delimiter";
    this.buffer = new Uint8Array(65536);
    // The first delimiter has no line break before it; this stands for one.
    this.buffer.set([CR, LF]);
    this.start = 0;
    this.end = 2;
    this.scanned = 0;
    this.between = 0;
    /** @type {Map<string, string>} */
    this.headers = new Map();
    this.length = 0;
  }

  /**
   * @param {Uint8Array} chunk
   * @throws {MultipartError}
   */
  push(chunk) {
    this.#append(chunk);
    while (this.#step());
    if (this.state === "open" && this.end - this.start > this.partMax + this.delimiter.length) this.#tooLarge();
  }

  /** Whether the stream ended between two parts, not within one. */
  get isBetween() {
    return this.state === "delimiter" || this.state === "done";
  }

  /** @param {Uint8Array} chunk */
  #append(chunk) {
    const used = this.end - this.start;
    if (this.end + chunk.length > this.buffer.length) {
      const room = used + chunk.length;
      const target = room > this.buffer.length ? new Uint8Array(Math.max(room, 2 * this.buffer.length)) : this.buffer;
      target.set(this.buffer.subarray(this.start, this.end));
      this.buffer = target;
      this.scanned -= this.start;
      this.start = 0;
      this.end = used;
    }
    this.buffer.set(chunk, this.end);
    this.end += chunk.length;
  }

  /** Goes on with what is there; false if more has to come first. */
  #step() {
    switch (this.state) {
      case "delimiter":
        return this.#delimiter(null);
      case "headers":
        return this.#readHeaders();
      case "length":
        return this.#readLength();
      case "open":
        return this.#delimiter((at) => this.#emit(this.start + 2, at));
      default:
        this.#skipTo(this.end);
        return false;
    }
  }

  /** @param {number} at */
  #skipTo(at) {
    this.start = at;
    this.scanned = at;
  }

  /** What stands between parts is dropped, as long as there is not too much of it. @param {number} at */
  #pass(at) {
    this.between += at - this.start;
    this.start = at;
    if (this.between > BETWEEN_MAX) throw new MultipartError("there are no parts in it");
  }

  /**
   * Finds the next delimiter. `before` is told where it begins.
   * @param {((at: number) => void)|null} before
   */
  #delimiter(before) {
    const { buffer, delimiter } = this;
    const at = find(buffer, delimiter, this.scanned, this.end);
    if (at < 0) {
      this.scanned = Math.max(this.scanned, this.end - delimiter.length + 1);
      if (!before) this.#pass(this.scanned);
      return false;
    }
    let after = at + delimiter.length;
    const isLast = buffer[after] === DASH && buffer[after + 1] === DASH && after + 1 < this.end;
    while (after < this.end && (buffer[after] === 32 || buffer[after] === 9)) after++;
    if (!isLast && after + 2 > this.end) {
      this.scanned = at;
      return false;
    }
    if (!isLast && (buffer[after] !== CR || buffer[after + 1] !== LF)) {
      this.scanned = at + 1; // a longer word that begins as the boundary does
      return true;
    }
    before?.(at);
    this.between = 0;
    this.state = isLast ? "done" : "headers";
    this.#skipTo(after);
    return true;
  }

  #readHeaders() {
    // From the delimiter's own line break on: a part may have no headers at all.
    const at = find(this.buffer, BLANK, this.start, this.end);
    if ((at < 0 ? this.end : at) - this.start > HEADERS_MAX) throw new MultipartError("the headers of a part are too long");
    if (at < 0) return false;
    const text = new TextDecoder("latin1").decode(this.buffer.subarray(this.start, at));
    this.headers = new Map();
    for (const line of text.split("\r\n").filter(Boolean)) {
      const colon = line.indexOf(":");
      if (colon < 1) throw new MultipartError("a part has a header without a name");
      this.headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
    }
    const length = this.headers.get("content-length");
    if (length === undefined) {
      this.#skipTo(at + 2); // the blank line's own line break may be that of the next delimiter
      this.state = "open";
      return true;
    }
    this.#skipTo(at + BLANK.length);
    if (!/^\d{1,15}$/.test(length)) throw new MultipartError("a part's Content-Length is not a number");
    this.length = Number(length);
    if (this.length > this.partMax) this.#tooLarge();
    this.state = "length";
    return true;
  }

  #readLength() {
    if (this.end - this.start < this.length) return false;
    this.#emit(this.start, this.start + this.length);
    this.#skipTo(this.start + this.length);
    this.state = "delimiter";
    return true;
  }

  /** @param {number} start of the body in the buffer @param {number} end */
  #emit(start, end) {
    this.onPart({ headers: this.headers, body: this.buffer.slice(start, Math.max(start, end)) });
  }

  #tooLarge() {
    throw new MultipartError(`a part is larger than ${this.partMax} bytes`);
  }
}
