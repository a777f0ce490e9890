/** What the station of a call said last of picture and voice, and what follows from it for what we send. */
import { UNKNOWN_WAY, wayBack } from "./way_back.js";

const KNOWN_MS = 15_000; // it is said every 5 s; what has not been for so long is not so any more

/** @typedef {import("./call_media.js").StationMedia} StationMedia */

export class StationWord {
  constructor() {
    /** @type {StationMedia | null} */
    this.media = null;
    /** What we may send it. */
    this.wayBack = UNKNOWN_WAY;
    this.hasScreen = false;
    /** What the picture was asked to be for, while the station has not said so. @type {import("./call_media.js").Mode | null} */
    this.asked = null;
    this._heard_ms = -Infinity;
  }

  /** @param {StationMedia} media @param {number} now_ms */
  hear(media, now_ms) {
    this.media = media;
    this._heard_ms = now_ms;
    if (media.mode === this.asked || media.mode === undefined) this.asked = null; // an older box knows of none
    this.wayBack = wayBack(media.down_bps, this.wayBack);
    this.hasScreen = media.has_screen === true;
  }

  /** What it said, unless that is old. @param {number} now_ms */
  now(now_ms) {
    return now_ms - this._heard_ms < KNOWN_MS ? this.media : null;
  }
}
