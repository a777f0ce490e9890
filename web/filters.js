/** Display filters: what the eye may have taken away. Raw is the default; nothing filtered is ever measured or kept.
 *
 * Second-order sections (R. Bristow-Johnson's cookbook, bilinear, warped to the corner), run forward only: so a filter
 * delays and bends, as it does in a monitor. A gap begins anew. Tests hold them to literal responses.
 */

/** @typedef {"raw" | "monitor" | "notch"} FilterName @typedef {[number, number, number, number, number]} Section b0 b1 b2 a1 a2 */

export const FILTERS = /** @type {FilterName[]} */ (["raw", "monitor", "notch"]);
const BUTTERWORTH_Q = Math.SQRT1_2;
const LOW_HZ = 0.5, HIGH_HZ = 40, MAINS_HZ = 50, NOTCH_HZ = 2; // wide, where 3 dB are gone

/** @param {number} corner_hz @param {number} rate_hz @param {number} q */
function angles(corner_hz, rate_hz, q) {
  const w = (2 * Math.PI * corner_hz) / rate_hz;
  return { cos: Math.cos(w), alpha: Math.sin(w) / (2 * q) };
}

/** @param {number} b0 @param {number} b1 @param {number} b2 @param {{cos: number, alpha: number}} of @returns {Section} */
function section(b0, b1, b2, { cos, alpha }) {
  const a0 = 1 + alpha;
  return [b0 / a0, b1 / a0, b2 / a0, (-2 * cos) / a0, (1 - alpha) / a0];
}

/** The sections of a filter; none for raw. Above half the rate nothing can be asked for: that part is left out.
 * @param {FilterName} name @param {number} rate_hz @returns {Section[]} */
export function sectionsOf(name, rate_hz) {
  const found = [];
  if (name === "monitor") {
    const low = angles(LOW_HZ, rate_hz, BUTTERWORTH_Q), plus = (1 + low.cos) / 2;
    found.push(section(plus, -2 * plus, plus, low));
    if (HIGH_HZ < rate_hz / 2) {
      const high = angles(HIGH_HZ, rate_hz, BUTTERWORTH_Q), less = (1 - high.cos) / 2;
      found.push(section(less, 2 * less, less, high));
    }
  }
  if (name === "notch" && MAINS_HZ < rate_hz / 2) {
    const cos = Math.cos((2 * Math.PI * MAINS_HZ) / rate_hz), alpha = Math.tan((Math.PI * NOTCH_HZ) / rate_hz);
    found.push(section(1, -2 * cos, 1, { cos, alpha }));
  }
  return found;
}

/** Runs over the samples of one stream, in the order of their indexes. */
export class DisplayFilter {
  /** @param {FilterName} name @param {number} rate_hz */
  constructor(name, rate_hz) {
    this.name = name;
    this._sections = sectionsOf(name, rate_hz);
    this._state = this._sections.map(() => [0, 0]);
    this._next = NaN;
  }

  /** The same many samples, filtered; a jump of the index begins anew, as if the first sample had always stood there.
   * @param {number} first_index @param {ArrayLike<number>} samples @returns {Float64Array} */
  run(first_index, samples) {
    const filtered = Float64Array.from(samples);
    if (first_index !== this._next) this._settle(filtered[0] ?? 0);
    this._next = first_index + filtered.length;
    this._sections.forEach(([b0, b1, b2, a1, a2], at) => {
      let [s1, s2] = this._state[at]; // transposed direct form II
      for (let i = 0; i < filtered.length; i++) {
        const x = filtered[i], y = b0 * x + s1;
        s1 = b1 * x - a1 * y + s2;
        s2 = b2 * x - a2 * y;
        filtered[i] = y;
      }
      this._state[at] = [s1, s2];
    });
    return filtered;
  }

  /** @param {number} level */
  _settle(level) {
    let x = level;
    this._state = this._sections.map(([b0, b1, b2, a1, a2]) => {
      const y = (x * (b0 + b1 + b2)) / (1 + a1 + a2), s2 = b2 * x - a2 * y;
      const state = [b1 * x - a1 * y + s2, s2];
      x = y;
      return state;
    });
  }
}
