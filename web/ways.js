/** By which way a leg is tried: the hub names a stage, and the operator may want the picture again. */

const STAGES = ["direct", "audio only", "by relay", "phone"]; // as hub/calls/call.py
const PICTURE_TRY_MS = 15_000; // a picture that is asked for again costs the voice no more than that

/** @typedef {import("./leg.js").Leg} Leg @typedef {import("./leg.js").Way} Way */

export class Ways {
  constructor() {
    this._stage = 0;
    this._isPictureAsked = false;
    this._stood_ms = -Infinity; // when a leg stood last, since then
  }

  /** How a leg is to be made now. @returns {Way} */
  get now() {
    return { isAudioOnly: this._stage >= STAGES.indexOf("audio only") && !this._isPictureAsked,
      isRelayOnly: this._stage >= STAGES.indexOf("by relay") };
  }

  /** A picture has been asked for again. */
  get isPictureAsked() {
    return this._isPictureAsked;
  }

  /** The hub names a stage. @param {string} name @returns {boolean} whether a leg is to be made otherwise than before */
  follow(name) {
    const stage = STAGES.indexOf(name), before = this.now;
    if (stage < 0 || stage === this._stage) return false;
    this._stage = stage;
    this._isPictureAsked = false;
    return before.isAudioOnly !== this.now.isAudioOnly || before.isRelayOnly !== this.now.isRelayOnly;
  }

  /** @param {number} now_ms */
  askForPicture(now_ms) {
    this._isPictureAsked = true;
    this._stood_ms = now_ms;
  }

  forgetPicture() {
    this._isPictureAsked = false;
  }

  /** Whether another leg is due for the picture's sake: one with it, or, when none has stood for long, "at once" one
   * without. @param {Leg} leg @param {number} now_ms @returns {"" | "soon" | "at once"} */
  due(leg, now_ms) {
    if (!this._isPictureAsked) return "";
    if (leg.isConnected) this._stood_ms = now_ms;
    if (now_ms - this._stood_ms <= PICTURE_TRY_MS) return leg.way.isAudioOnly ? "soon" : "";
    this._isPictureAsked = false;
    return "at once";
  }
}
