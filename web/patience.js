/** How long the station's voice waits before it is played: not at all, until too much of it has to be made up (core).
 *
 * A browser plays as early as it can, and makes up what has not come by then. Where one packet in thirty is lost, the link comes
 * in gusts, or a day's records go beside the call, some words are always a little late; a wait of a fifth of a second has them in
 * time. An outage is no reason: no wait helps there. */

const WINDOW_MS = 10_000;
const WAIT_MAX_MS = 240, MORE_MS = 80, LESS_MS = 20;
const TOO_MUCH = 0.008, LITTLE = 0.002; // of the voice in the window, made up
const OUTAGE = 0.5; // of the voice between two looks: nothing came
const CALM_MS = 20_000; // so long little was made up, before less is tried
const SETTLE_MS = 3_000; // after a change, until what it does is seen

/** @typedef {{at_ms: number, heard: number, madeUp: number}} Span  samples between two looks, and those of them made up */

export class Patience {
  constructor() {
    this.wait_ms = 0;
    this._heard = this._madeUp = 0;
    this._isBegun = false;
    /** @type {Span[]} oldest first */
    this._spans = [];
    this._changed_ms = this._broken_ms = -Infinity;
  }

  /** @param {number} heard samples played until now @param {number} madeUp of them @param {number} now_ms
   * @returns {number} ms that the voice should wait from now on */
  look(heard, madeUp, now_ms) {
    const span = { at_ms: now_ms, heard: heard - this._heard, madeUp: Math.max(0, madeUp - this._madeUp) };
    const isFirst = !this._isBegun || span.heard < 0;
    [this._heard, this._madeUp, this._isBegun] = [heard, madeUp, heard > 0];
    if (isFirst) {
      this._changed_ms = now_ms;
      return this.wait_ms;
    }
    if (span.madeUp < OUTAGE * span.heard) this._spans.push(span);
    while (this._spans.length && this._spans[0].at_ms <= now_ms - WINDOW_MS) this._spans.shift();
    const share = this._share();
    if (share > LITTLE) this._broken_ms = now_ms;
    if (share > TOO_MUCH && now_ms - this._changed_ms >= SETTLE_MS) this._set(this.wait_ms + MORE_MS, now_ms);
    else if (now_ms - Math.max(this._changed_ms, this._broken_ms) >= CALM_MS) this._set(this.wait_ms - LESS_MS, now_ms);
    return this.wait_ms;
  }

  _share() {
    let heard = 0, madeUp = 0;
    for (const span of this._spans) [heard, madeUp] = [heard + span.heard, madeUp + span.madeUp];
    return heard ? madeUp / heard : 0;
  }

  /** @param {number} wait_ms @param {number} now_ms */
  _set(wait_ms, now_ms) {
    this.wait_ms = Math.min(WAIT_MAX_MS, Math.max(0, wait_ms));
    this._changed_ms = now_ms;
    this._spans = [];
  }
}
