/** From a raw sample to millimetres above the middle of the strip. */

/**
 * @typedef {{halfHeight_mm: number, mm(raw: number): number, feed(recent: Int32Array): boolean}} Gain
 *   `feed` may move the scale; true when it did, then the pen is lifted.
 */

/** @param {Int32Array} values */
export function median(values) {
  return values.slice().sort()[values.length >> 1];
}

/**
 * ECG: 10 mm per mV, or what somebody chose. Without a filter the electrode offset may be hundreds of mV, so the
 * position (never the gain) moves when the middle of a second of signal is near the edge or outside.
 */
export class EcgGain {
  /** @param {{mVPerRaw: number, halfHeight_mm: number, mmPerMv?: number}} options */
  constructor({ mVPerRaw, halfHeight_mm, mmPerMv = 10 }) {
    this.mmPerMv = mmPerMv;
    this.halfHeight_mm = halfHeight_mm;
    /** Raw value drawn in the middle. */
    this.baselineRaw = 0;
    this._mVPerRaw = mVPerRaw;
    this._mmPerRaw = mVPerRaw * mmPerMv;
  }

  /** Draw larger or smaller from now on. @param {number} mmPerMv */
  amplify(mmPerMv) {
    this.mmPerMv = mmPerMv;
    this._mmPerRaw = this._mVPerRaw * mmPerMv;
  }

  /** @param {number} raw */
  mm(raw) {
    return (raw - this.baselineRaw) * this._mmPerRaw;
  }

  /** @param {Int32Array} recent one second, newest last */
  feed(recent) {
    const middle = median(recent);
    if (Math.abs(this.mm(middle)) < 0.6 * this.halfHeight_mm) return false;
    this.baselineRaw = middle;
    return true;
  }
}

/** Pleth: fills about 70 % of the strip by itself, therefore without an amplitude scale. */
export class AutoGain {
  /** @param {{halfHeight_mm: number}} options */
  constructor({ halfHeight_mm }) {
    this.halfHeight_mm = halfHeight_mm;
    this._middle = 0;
    this._mmPerRaw = 0; // nothing seen: a flat line
    /** @type {{low: number, high: number}[]} the extremes of the last seconds */
    this._seconds = [];
  }

  /** @param {number} raw */
  mm(raw) {
    return (raw - this._middle) * this._mmPerRaw;
  }

  /** @param {Int32Array} recent one second, newest last */
  feed(recent) {
    let low = Infinity, high = -Infinity;
    for (const raw of recent) { low = Math.min(low, raw); high = Math.max(high, raw); }
    this._seconds.push({ low, high });
    if (this._seconds.length > 4) this._seconds.shift();
    for (const one of this._seconds) { low = Math.min(low, one.low); high = Math.max(high, one.high); }
    const filled = ((high - low) * this._mmPerRaw) / (2 * this.halfHeight_mm);
    const leaves = Math.max(Math.abs(this.mm(low)), Math.abs(this.mm(high))) > this.halfHeight_mm;
    if (this._mmPerRaw && !leaves && filled > 0.45) return false;
    if (high === low && this._mmPerRaw && !leaves) return false;
    this._middle = (low + high) / 2;
    this._mmPerRaw = (1.4 * this.halfHeight_mm) / Math.max(1, high - low);
    return true;
  }
}
