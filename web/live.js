/** The hub's live WebSocket: decodes, counts what is damaged, comes back by itself. Wire: docs/live.md. */
import { HubClock } from "./ages.js";
import { isWhole } from "./live_texts.js";

const VERSION = 1, KIND_SAMPLES = 1;
const HEADER_BYTES = 36;
const MAX_SAMPLES = 16_384; // as hub/console/live_frames.py
const MAX_TEXT_CHARS = 65_536; // a view of 14 streams is 2 kB
const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000];

/**
 * @typedef {{stream_id: number, set_no: number, visit_no: string, first_index: number,
 *            captured_ms: number, samples: Int32Array}} SampleFrame  captured_ms NaN: unknown
 * @typedef {import("./live_texts.js").View} View
 */

/**
 * One binary message as a frame, or the reason why it is none. Never throws.
 * @param {ArrayBuffer} data
 * @returns {SampleFrame | string}
 */
export function decodeFrame(data) {
  if (data.byteLength < HEADER_BYTES) return `short: ${data.byteLength} bytes`;
  const head = new DataView(data);
  if (head.getUint8(0) !== VERSION) return `version ${head.getUint8(0)}`;
  if (head.getUint8(1) !== KIND_SAMPLES) return `kind ${head.getUint8(1)}`;
  const count = head.getUint32(32, true);
  if (count === 0 || count > MAX_SAMPLES) return `count ${count}`;
  if (data.byteLength !== HEADER_BYTES + 4 * count) return `length ${data.byteLength} for ${count} samples`;
  const first_index = Number(head.getBigUint64(16, true));
  if (!Number.isSafeInteger(first_index + count)) return `first index ${first_index}`;
  const samples = new Int32Array(count);
  for (let i = 0; i < count; i++) samples[i] = head.getInt32(HEADER_BYTES + 4 * i, true);
  return {
    stream_id: head.getUint8(2),
    set_no: head.getUint32(4, true),
    visit_no: head.getBigUint64(8, true).toString(),
    first_index,
    captured_ms: head.getFloat64(24, true),
    samples,
  };
}

/**
 * One WebSocket of one view. Events: "view", "notices", "devices", "values", "measurements", "link" (detail: the message),
 * "samples" (detail: SampleFrame of the view's visit and set), "socket" (detail: isOpen).
 * Frames of another visit, set or stream than the last view names are dropped and counted.
 */
export class LiveFeed extends EventTarget {
  /** @param {HubClock} [clock] */
  constructor(clock = new HubClock()) {
    super();
    this.clock = clock;
    this.counts = { frames: 0, malformed: 0, foreign: 0, reconnects: 0 };
    this.lastDamage = "";
    this.isOpen = false;
    /** @type {View | null} */
    this.view = null;
    /** @type {WebSocket | null} */
    this._socket = null;
    this._retry = 0;
    this._timer = 0;
  }

  /** Connect, and again after every loss, until `close()`. @param {string} path e.g. "/live/ST-0001" */
  open(path) {
    const url = new URL(path, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onmessage = (message) => this.receive(message.data);
    socket.onopen = () => { this._retry = 0; this._say("socket", this.isOpen = true); };
    socket.onclose = () => {
      this.isOpen = false;
      this._say("socket", false);
      this._timer = window.setTimeout(() => { this.counts.reconnects++; this.open(path); },
        RETRY_MS[Math.min(this._retry++, RETRY_MS.length - 1)] * (0.75 + Math.random() / 2));
    };
    this._socket = socket;
  }

  close() {
    window.clearTimeout(this._timer);
    if (!this._socket) return;
    this._socket.onclose = this._socket.onmessage = this._socket.onopen = null;
    this._socket.close();
    this._socket = null;
    if (this.isOpen) this._say("socket", this.isOpen = false);
  }

  /** Take one message of the socket. Never throws on what it carries. @param {unknown} data */
  receive(data) {
    this.counts.frames++;
    if (data instanceof ArrayBuffer) this._binary(data);
    else if (typeof data === "string" && data.length <= MAX_TEXT_CHARS) this._text(data);
    else this._damaged("neither bytes nor a short text");
  }

  /** @param {ArrayBuffer} data */
  _binary(data) {
    const frame = decodeFrame(data);
    if (typeof frame === "string") return this._damaged(frame);
    const visit_no = this.view?.visit?.no ?? "0";
    const stream = this.view?.streams.find((one) => one.stream_id === frame.stream_id);
    if (!stream || stream.set_no !== frame.set_no || visit_no !== frame.visit_no) this.counts.foreign++;
    else this._say("samples", frame);
  }

  /** @param {string} data */
  _text(data) {
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return this._damaged("text that is not JSON");
    }
    const type = message?.type;
    if (!isWhole(message)) return this._damaged(`text of type ${String(type).slice(0, 20)}`);
    this.clock.hear(message.now_ms);
    if (type === "view") this.view = message;
    this._say(type, message);
  }

  /** @param {string} why */
  _damaged(why) {
    this.counts.malformed++;
    this.lastDamage = why;
    this._say("damage", why);
  }

  /** @param {string} type @param {unknown} detail */
  _say(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
