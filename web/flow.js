/** Voice that passes, both ways, by what this page has counted: it is told to the hub each second, and shown here. */

const SAID_MS = 1_000; // between two words of it to the hub
const CARRIES_MS = 3_000; // since the last packet; as STALLED_S of hub/rooms/room.py

/** @typedef {import("./leg.js").Leg} Leg @typedef {import("./leg.js").Counts} Counts
 *  @typedef {{heard: boolean, said: boolean}} Word  packets of the station's voice came, and of ours arrived there */

export class Flow {
  constructor() {
    /** @type {Leg | null} */
    this._leg = null;
    this._said_ms = this._heard_ms = this._arrived_ms = -Infinity;
    this._heard = this._sent = 0; // packets, when it was said last
    this._isBoth = false;
  }

  /** What is to be told to the hub now; null: nothing. Who has no microphone still hears and is there.
   * @param {Leg} leg @param {Counts} counts @param {boolean} hasVoice a microphone of ours @param {number} now_ms
   * @returns {Word | null} */
  look(leg, { heardPackets, saidPackets }, hasVoice, now_ms) {
    if (this._leg !== leg) [this._leg, this._said_ms, this._heard, this._sent, this._isBoth] = [leg, -Infinity, 0, 0, false];
    const heard = heardPackets !== this._heard;
    const said = leg.isAnswered(now_ms) && (saidPackets !== this._sent || !hasVoice);
    const isNews = heard && said && !this._isBoth;
    if (!leg.isConnected || (!isNews && now_ms - this._said_ms < SAID_MS)) return null;
    if (heard) this._heard_ms = now_ms;
    if (said) this._arrived_ms = now_ms;
    [this._said_ms, this._heard, this._sent, this._isBoth] = [now_ms, heardPackets, saidPackets, heard && said];
    return { heard, said };
  }

  /** The station's voice comes. @param {number} now_ms */
  isHeard(now_ms) {
    return now_ms - this._heard_ms < CARRIES_MS;
  }

  /** Ours arrives. @param {number} now_ms */
  arrives(now_ms) {
    return now_ms - this._arrived_ms < CARRIES_MS;
  }
}
