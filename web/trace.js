/** The pen: draws samples on a canvas, erases ahead of itself, remembers exactly what it drew where. */

const MEMORY_S = 60; // what `plotted` can still tell
export const ERASE_S = 0.3;
const LINE_PX = 1.6;

/**
 * @typedef {import("./gain.js").Gain} Gain
 * @typedef {{left_px: number, width_px: number, height_px: number, pxPerMm: number, mmPerS: number}} Geometry
 *   CSS pixels; the trace runs from `left_px` over `width_px`
 * @typedef {{index: number, value: number, x_px: number, y_px: number}} Plotted
 */

export class Trace {
  /** @param {{context: CanvasRenderingContext2D, geometry: Geometry, gain: Gain, rate_hz: number, colour: string}} to */
  constructor({ context, geometry, gain, rate_hz, colour }) {
    this.gain = gain;
    this.colour = colour;
    this.gaps = 0;
    this._context = context;
    this._geometry = geometry;
    this._rate_hz = rate_hz;
    this._capacity = Math.max(1024, Math.ceil(MEMORY_S * rate_hz));
    this._index = new Float64Array(this._capacity);
    this._value = new Int32Array(this._capacity);
    this._x = new Float32Array(this._capacity);
    this._y = new Float32Array(this._capacity);
    this._count = 0; // ever drawn; the newest stands at (count - 1) % capacity
    /** @type {{index: number, phase_s: number} | null} where on the strip the first sample stood */
    this._origin = null;
    this._isPenDown = false;
    this._erased_px = 0; // unwrapped
    this.layout(geometry);
  }

  /** Seconds from the left edge to the right. */
  get sweep_s() {
    return this._geometry.width_px / (this._geometry.pxPerMm * this._geometry.mmPerS);
  }

  /** A new size or colour: what is remembered is drawn again, the same way. @param {Geometry} geometry */
  layout(geometry) {
    this._geometry = geometry;
    const again = this._remembered(-Infinity, Infinity);
    this._context.clearRect(0, 0, geometry.left_px + geometry.width_px, geometry.height_px);
    this._count = 0;
    this._erased_px = this._origin ? this._unwrapped_px(again[0]?.index ?? this._origin.index) : 0;
    this._isPenDown = false;
    const gaps = this.gaps;
    for (let from = 0; from < again.length;) {
      let to = from + 1;
      while (to < again.length && again[to].index === again[to - 1].index + 1) to++;
      this.draw(again[from].index, Int32Array.from(again.slice(from, to), (one) => one.value));
      from = to;
    }
    this.gaps = gaps;
  }

  /** Where the first sample will stand, in seconds from the left. @param {number} index @param {number} phase_s */
  begin(index, phase_s) {
    this._origin = { index, phase_s: ((phase_s % this.sweep_s) + this.sweep_s) % this.sweep_s };
    this._erased_px = this._unwrapped_px(index);
  }

  /** The true rate is known better: from the last sample on they stand that far apart. @param {number} rate_hz */
  pace(rate_hz) {
    if (this._origin && this._count) {
      const { index: first, phase_s } = this._origin, index = this._lastIndex();
      this._origin = { index, phase_s: phase_s + (index - first) / this._rate_hz };
    }
    this._rate_hz = rate_hz;
  }

  liftPen() {
    this._isPenDown = false;
  }

  /** Draw consecutive samples. Joined to what is there only when the index follows on.
   * @param {number} first_index @param {Int32Array} samples */
  draw(first_index, samples) {
    if (!this._origin) this.begin(first_index, 0);
    if (this._count && first_index !== this._lastIndex() + 1) {
      this.gaps++;
      this._isPenDown = false;
    }
    const step = Math.max(1, Math.floor((this.sweep_s / 4) * this._rate_hz)); // never over its own tail
    for (let i = 0; i < samples.length; i += step) this._stroke(first_index + i, samples.subarray(i, i + step));
  }

  /** What was drawn of the samples from..to (both included), oldest first; at most the last minute.
   * @param {number} from @param {number} to @returns {Plotted[]} */
  plotted(from, to) {
    return this._remembered(from, to);
  }

  /** @param {number} first_index @param {Int32Array} samples */
  _stroke(first_index, samples) {
    const { left_px, width_px, height_px, pxPerMm, mmPerS } = this._geometry, ink = this._context;
    const pen_px = this._unwrapped_px(first_index + samples.length - 1), until_px = pen_px % width_px;
    const from_px = until_px - (samples.length * mmPerS * pxPerMm) / this._rate_hz; // where the sample before them stands
    const isClipped = from_px < LINE_PX || until_px > width_px - LINE_PX;
    this._erase(pen_px);
    if (isClipped) { // the rest of the time nothing is near an edge
      ink.save();
      ink.beginPath();
      ink.rect(left_px, 0, width_px, height_px);
      ink.clip();
    }
    ink.strokeStyle = this.colour;
    ink.lineWidth = LINE_PX;
    ink.lineJoin = ink.lineCap = "round";
    ink.beginPath();
    const at = this._count ? (this._count - 1) % this._capacity : 0;
    let x = this._x[at], y = this._y[at];
    for (let i = 0; i < samples.length; i++) {
      const along_px = this._unwrapped_px(first_index + i) % width_px;
      const nextX = left_px + along_px, nextY = this._y_px(samples[i]);
      if (!this._isPenDown) {
        ink.moveTo(nextX, nextY);
      } else if (nextX < x) { // over the right edge: the segment is drawn on both sides, clipped
        ink.moveTo(x, y);
        ink.lineTo(nextX + width_px, nextY);
        ink.moveTo(x - width_px, y);
      } else if (i === 0) {
        ink.moveTo(x, y);
      }
      ink.lineTo(nextX, nextY); // a sample alone is a dot
      this._isPenDown = true;
      [x, y] = [nextX, nextY];
      this._remember(first_index + i, samples[i], x, y);
    }
    ink.stroke();
    if (isClipped) ink.restore();
  }

  /** Blank from where it was blanked to ahead of the pen. @param {number} pen_px unwrapped */
  _erase(pen_px) {
    const { left_px, width_px, height_px, pxPerMm, mmPerS } = this._geometry;
    const to_px = pen_px + ERASE_S * mmPerS * pxPerMm;
    const length_px = Math.min(width_px, to_px - this._erased_px);
    if (length_px <= 0) return;
    const from_px = (to_px - length_px) % width_px;
    const untilEdge_px = Math.min(length_px, width_px - from_px);
    this._context.clearRect(left_px + from_px, 0, untilEdge_px, height_px);
    if (untilEdge_px < length_px) this._context.clearRect(left_px, 0, length_px - untilEdge_px, height_px);
    this._erased_px = to_px;
  }

  /** @param {number} index */
  _unwrapped_px(index) {
    const { index: first, phase_s } = /** @type {{index: number, phase_s: number}} */ (this._origin);
    return (phase_s + (index - first) / this._rate_hz) * this._geometry.mmPerS * this._geometry.pxPerMm;
  }

  /** @param {number} raw */
  _y_px(raw) {
    return this._geometry.height_px / 2 - this.gain.mm(raw) * this._geometry.pxPerMm;
  }

  _lastIndex() {
    return this._index[(this._count - 1) % this._capacity];
  }

  /** @param {number} index @param {number} value @param {number} x @param {number} y */
  _remember(index, value, x, y) {
    const at = this._count++ % this._capacity;
    this._index[at] = index;
    this._value[at] = value;
    this._x[at] = x;
    this._y[at] = y;
  }

  /** @param {number} from @param {number} to @returns {Plotted[]} */
  _remembered(from, to) {
    const found = [];
    for (let n = Math.max(0, this._count - this._capacity); n < this._count; n++) {
      const at = n % this._capacity, index = this._index[at];
      if (index >= from && index <= to) {
        found.push({ index, value: this._value[at], x_px: this._x[at], y_px: this._y[at] });
      }
    }
    return found;
  }
}
