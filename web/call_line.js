/** The socket between a call's page and the hub: it comes back by itself, and what is unanswered is said again. */

const HUB_AGAIN_MS = 1_000;
const SAY_AGAIN_MS = 3_000; // an offer without an answer: the hub that had it may be gone
const PHOTO_AGAIN_MS = 5_000; // the same of a wish for a photograph; the box takes it once
const MAX_TEXT_CHARS = 65_536;

/** "open", "gone", "message" (detail: what the hub said, an object; null: nothing that can be used). Call `open`, `tick`
 * often, and `close` at the end. */
export class CallLine extends EventTarget {
  /** @param {string} path @param {() => number} now_ms */
  constructor(path, now_ms) {
    super();
    this.isOpen = false;
    this._path = path;
    this._now_ms = now_ms;
    /** @type {WebSocket | null} */
    this._socket = null;
    this._timer = 0;
    /** What has been said and not been answered: to be said again. @type {Map<string, {text: string, at_ms: number}>} */
    this._unanswered = new Map();
  }

  open() {
    const url = new URL(this._path, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    this._socket = socket;
    socket.onopen = () => {
      this.isOpen = true;
      this._say("open");
      this.sayAllAgain();
    };
    socket.onmessage = (message) => this._say("message", parse(message.data));
    socket.onclose = () => {
      this.isOpen = false;
      this._timer = window.setTimeout(() => this.open(), HUB_AGAIN_MS);
      this._say("gone");
    };
  }

  close() {
    window.clearTimeout(this._timer);
    this._unanswered.clear();
    const socket = this._socket;
    if (socket) socket.onclose = socket.onmessage = socket.onopen = null;
    if (socket?.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close(); // sooner is an error
    else socket?.close();
    this._socket = null;
    this.isOpen = false;
  }

  /** @param {Record<string, unknown>} message */
  send(message) {
    if (this._socket?.readyState === WebSocket.OPEN) this._socket.send(JSON.stringify(message));
  }

  /** @param {string} key @param {Record<string, unknown>} message */
  sendUntilAnswered(key, message) {
    this.send(message);
    this._unanswered.set(key, { text: JSON.stringify(message), at_ms: this._now_ms() });
  }

  /** That need not be said again; false: it was not. @param {string} key */
  answered(key) {
    return this._unanswered.delete(key);
  }

  /** How many wait whose key begins so. @param {string} start */
  waiting(start) {
    return [...this._unanswered.keys()].filter((key) => key.startsWith(start)).length;
  }

  forgetAll() {
    this._unanswered.clear();
  }

  /** At the next tick. */
  sayAllAgain() {
    for (const said of this._unanswered.values()) said.at_ms = -Infinity;
  }

  /** Say again what has waited too long. */
  tick() {
    const now_ms = this._now_ms();
    for (const said of this._unanswered.values()) {
      const again_ms = said.text.startsWith('{"type":"photo"') ? PHOTO_AGAIN_MS : SAY_AGAIN_MS;
      if (!this.isOpen || now_ms - said.at_ms < again_ms) continue;
      said.at_ms = now_ms;
      this._socket?.send(said.text);
    }
  }

  /** @param {string} type @param {unknown} [detail] */
  _say(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** @param {unknown} data @returns {any} */
function parse(data) {
  try {
    const message = typeof data === "string" && data.length <= MAX_TEXT_CHARS ? JSON.parse(data) : null;
    const isWhole = message && (!["offer", "answer"].includes(message.type)
      || (typeof message.leg === "string" && typeof message.sdp === "string"));
    return isWhole ? message : null;
  } catch {
    return null;
  }
}
