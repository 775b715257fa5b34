/** The size of a JPEG from its header (ITU-T T.81, annex B), before a browser spends memory on its pixels. */

/** The largest side and picture that are decoded: those of the largest sensor, OV5640 (QSXGA, 5 megapixels). */
export const SIDE_MAX = 2592;
export const PIXELS_MAX = 2592 * 1944;

const SOI = 0xd8;
const TEM = 0x01;
const RST_FIRST = 0xd0;
const RST_LAST = 0xd7;
const FRAMES = [0xc0, 0xc1, 0xc2, 0xc9, 0xca]; // the Huffman and arithmetic ones that browsers decode

/**
 * @param {Uint8Array} bytes
 * @returns {{width: number, height: number}|null} null: it is no JPEG, or damaged before its size
 */
export function sizeOf(bytes) {
  if (bytes[0] !== 0xff || bytes[1] !== SOI) return null;
  let at = 2;
  while (at + 8 < bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1];
    if (marker === 0xff) at += 1; // a fill byte
    else if (marker === TEM || (marker >= RST_FIRST && marker <= RST_LAST)) at += 2;
    else if (FRAMES.includes(marker)) return size(word(bytes, at + 7), word(bytes, at + 5));
    else if (marker < 0xc0 || marker === SOI || word(bytes, at + 2) < 2 || marker === 0xda) return null;
    else at += 2 + word(bytes, at + 2);
  }
  return null;
}

/** @param {Uint8Array} bytes @param {number} at */
function word(bytes, at) {
  return bytes[at] * 256 + bytes[at + 1];
}

/** @param {number} width @param {number} height a height of 0 comes after the first scan, in a DNL segment */
function size(width, height) {
  return width && height ? { width, height } : null;
}

/** @param {{width: number, height: number}} size */
export function isTooLarge({ width, height }) {
  return width > SIDE_MAX || height > SIDE_MAX || width * height > PIXELS_MAX;
}
