/** The last seconds of a canvas as a film. */

const SEGMENT_MS = 10_000;
const TYPES = ["video/mp4;codecs=avc1.42E01E", "video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm"];
const BITS_PER_SECOND = 2_500_000;
const SEGMENT_MAX = 32 << 20; // bytes: an encoder gives 6 MB in 20 s, and does not have to keep to its rate

/** Why this browser cannot record, or "" if it can. */
export function cannotRecord() {
  if (!("captureStream" in HTMLCanvasElement.prototype)) return "This browser cannot record a canvas.";
  if (typeof MediaRecorder === "undefined") return "This browser has no MediaRecorder.";
  return fileType() ? "" : "This browser has no video format to record in.";
}

function fileType() {
  return TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? "";
}

/** @typedef {{recorder: MediaRecorder, chunks: Blob[], size: number, isDropped: boolean}} Segment size: bytes */

/**
 * Records a canvas all the time, and keeps the last 10 to 20 seconds: two recordings, one started 10 s after
 * the other, of which the older one is thrown away. (Of one recording alone, the beginning could not be cut
 * off: a film needs the header that stands there.)
 */
export class Recorder {
  /** @param {HTMLCanvasElement} canvas @param {number} [segmentMax] bytes */
  constructor(canvas, segmentMax = SEGMENT_MAX) {
    this.segmentMax = segmentMax;
    this.stream = canvas.captureStream();
    this.type = fileType();
    /** @type {Segment[]} the older one first */
    this.segments = [];
    this.#begin();
    this.timer = setInterval(() => this.#turn(), SEGMENT_MS);
  }

  #begin() {
    const recorder = new MediaRecorder(this.stream, { mimeType: this.type, videoBitsPerSecond: BITS_PER_SECOND });
    /** @type {Blob[]} */
    const chunks = [];
    const segment = { recorder, chunks, size: 0, isDropped: false };
    recorder.addEventListener("dataavailable", (event) => this.#keep(segment, event.data));
    recorder.start(1000);
    this.segments.push(segment);
  }

  /** A recording that grows too large is thrown away. @param {Segment} segment @param {Blob} data */
  #keep(segment, data) {
    if (segment.isDropped) return; // the last of it comes when it stops
    segment.chunks.push(data);
    segment.size += data.size;
    if (segment.size <= this.segmentMax || !this.segments.includes(segment)) return;
    segment.isDropped = true;
    segment.recorder.stop();
    segment.chunks.length = 0;
    this.segments = this.segments.filter((each) => each !== segment);
    if (!this.segments.length) this.#begin();
  }

  #turn() {
    if (this.segments.length > 1) this.segments.shift()?.recorder.stop();
    this.#begin();
  }

  /**
   * The film of the last seconds.
   * @returns {Promise<{blob: Blob, ending: string}|null>} null if nothing was drawn yet
   */
  async save() {
    const segment = this.segments.shift();
    if (!segment) return null;
    if (!this.segments.length) this.#begin();
    await new Promise((resolve) => {
      segment.recorder.addEventListener("stop", resolve, { once: true });
      segment.recorder.stop();
    });
    const blob = new Blob(segment.chunks, { type: this.type.split(";")[0] });
    return blob.size ? { blob, ending: this.type.startsWith("video/mp4") ? "mp4" : "webm" } : null;
  }

  close() {
    clearInterval(this.timer);
    const segments = this.segments;
    this.segments = []; // what they give last is of no use, and begins nothing
    for (const { recorder } of segments) recorder.stop();
    for (const track of this.stream.getTracks()) track.stop();
  }
}
