/** What the station of a call said last of picture and voice, and what follows from it for what we send. */
import { UNKNOWN_LINK, voiceMode } from "./voice.js";

const PICTURE_ROOM_BPS = 250_000, PICTURE_NO_ROOM_BPS = 200_000;
const KNOWN_MS = 15_000; // it is said every 5 s; what has not been for so long is not so any more

/** @typedef {import("./call_media.js").StationMedia} StationMedia */

export class StationWord {
  constructor() {
    /** @type {StationMedia | null} */
    this.media = null;
    /** How our voice is to be coded for its link. @type {import("./voice.js").VoiceMode} */
    this.voice = UNKNOWN_LINK;
    this.hasRoom = false; // for our picture, and a screen
    /** What the picture was asked to be for, while the station has not said so. @type {import("./call_media.js").Mode | null} */
    this.asked = null;
    this._heard_ms = -Infinity;
  }

  /** @param {StationMedia} media @param {number} now_ms */
  hear(media, now_ms) {
    this.media = media;
    this._heard_ms = now_ms;
    if (media.mode === this.asked || media.mode === undefined) this.asked = null; // an older box knows of none
    this.voice = voiceMode(media.target_bps, this.voice);
    const needed_bps = this.hasRoom ? PICTURE_NO_ROOM_BPS : PICTURE_ROOM_BPS;
    this.hasRoom = media.has_screen === true && (media.target_bps ?? 0) >= needed_bps;
  }

  /** What it said, unless that is old. @param {number} now_ms */
  now(now_ms) {
    return now_ms - this._heard_ms < KNOWN_MS ? this.media : null;
  }
}
