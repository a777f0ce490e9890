/** Marks of thousands of stations from far: stamped into pixels, for a canvas takes longer to be told of a rectangle than to have it. */

export const LIVE = 0, LATE = 1, SILENT = 2, NEVER = 3, FRAMED = 4; // kinds of marks: four words, and those with a trouble
export const AROUND_PX = 9; // CSS: no mark reaches further from its place
const MARK_PX = 3;

/** @typedef {Record<"accent" | "attention" | "quiet" | "land", string>} Colours
 *  @typedef {(pen: CanvasRenderingContext2D) => void} Mark draws around 0, 0
 *  @typedef {{left: number, top: number, right: number, bottom: number}} Box device pixels of the layer
 *  @typedef {{offsets: Int32Array, colours: Uint32Array, covers: Uint8Array}} Stamp pixels from the middle */

export class FarMarks {
  constructor() {
    this._canvas = document.createElement("canvas");
    this._pen = /** @type {CanvasRenderingContext2D} */ (this._canvas.getContext("2d", { willReadFrequently: true }));
    /** @type {Stamp[]} */
    this._stamps = [];
    this._ratio = 1;
    this._edge = 0; // around what is seen, so that a mark over its border needs no asking
    this._image = new ImageData(1, 1);
    this._pixels = new Uint32Array(1);
    this._width = 1;
    this._box = this._cleared = nowhere();
  }

  /** @param {Colours} colours @param {number} ratio device pixels for a CSS pixel
   * @param {number} width of the map, CSS pixels @param {number} height */
  lay(colours, ratio, width, height) {
    this._ratio = ratio;
    this._edge = 2 * Math.ceil(AROUND_PX * ratio);
    this._width = this._canvas.width = Math.round(width * ratio) + 2 * this._edge;
    this._canvas.height = Math.round(height * ratio) + 2 * this._edge;
    this._image = this._pen.createImageData(this._width, this._canvas.height);
    this._pixels = new Uint32Array(this._image.data.buffer);
    this._box = this._cleared = nowhere();
    this._stamps = marksOf(colours, ratio).map((mark) => this._stamp(mark));
  }

  /** @param {Mark} mark @returns {Stamp} */
  _stamp(mark) {
    const half = Math.ceil(AROUND_PX * this._ratio), side = 2 * half, canvas = document.createElement("canvas");
    canvas.width = canvas.height = side;
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
    pen.setTransform(this._ratio, 0, 0, this._ratio, half, half);
    mark(pen);
    const { data } = pen.getImageData(0, 0, side, side), drawn = new Uint32Array(data.buffer);
    const found = [...drawn.keys()].filter((at) => data[4 * at + 3] > 0);
    return { offsets: Int32Array.from(found, (at) => (Math.floor(at / side) - half) * this._width + (at % side) - half),
      colours: Uint32Array.from(found, (at) => drawn[at]), covers: Uint8Array.from(found, (at) => Number(data[4 * at + 3] === 255)) };
  }

  /** Take away what was put. */
  clear() {
    const { left, top, right, bottom } = this._box;
    for (let y = top; y < bottom; y += 1) this._pixels.fill(0, y * this._width + left, y * this._width + right);
    this._cleared = this._box;
    this._box = nowhere();
  }

  /** One mark of a kind at each of these places: x, y, x, y … in CSS pixels, no further out than a mark reaches.
   * @param {number} kind @param {Float32Array} places */
  put(kind, places) {
    const { offsets, colours, covers } = this._stamps[kind], pixels = this._pixels, ratio = this._ratio, edge = this._edge;
    let left = Infinity, top = Infinity, right = 0, bottom = 0;
    for (let at = 0; at < places.length; at += 2) {
      const x = Math.round(places[at] * ratio) + edge, y = Math.round(places[at + 1] * ratio) + edge, middle = y * this._width + x;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
      for (let n = 0; n < offsets.length; n += 1) {
        const pixel = middle + offsets[n];
        if (covers[n] || !pixels[pixel]) pixels[pixel] = colours[n];
      }
    }
    if (!places.length) return;
    const reach = edge / 2;
    this._box = around(this._box, { left: left - reach, top: top - reach, right: right + reach, bottom: bottom + reach });
  }

  /** All that was put. @param {CanvasRenderingContext2D} pen of the map, a unit a CSS pixel */
  draw(pen) {
    const { _edge: edge, _ratio: ratio, _box: put } = this, all = around(put, this._cleared);
    if (all.left < all.right) this._pen.putImageData(this._image, 0, 0, all.left, all.top, all.right - all.left, all.bottom - all.top);
    const left = Math.max(put.left, edge), width = Math.min(put.right, this._canvas.width - edge) - left;
    const top = Math.max(put.top, edge), height = Math.min(put.bottom, this._canvas.height - edge) - top;
    if (!(width > 0 && height > 0)) return;
    pen.drawImage(this._canvas, left, top, width, height, (left - edge) / ratio, (top - edge) / ratio, width / ratio, height / ratio);
  }
}

/** @returns {Box} */
const nowhere = () => ({ left: Infinity, top: Infinity, right: 0, bottom: 0 });

/** @param {Box} a @param {Box} b @returns {Box} */
const around = (a, b) => ({ left: Math.min(a.left, b.left), top: Math.min(a.top, b.top),
  right: Math.max(a.right, b.right), bottom: Math.max(a.bottom, b.bottom) });

/** The marks by kind, as they are from near and smaller. @param {Colours} colours @param {number} ratio @returns {Mark[]} */
function marksOf({ accent, attention, quiet, land }, ratio) {
  const side = Math.round(MARK_PX * ratio) / ratio, from = -Math.floor((side * ratio) / 2) / ratio; // whole device pixels
  const box = (/** @type {string} */ colour) => (/** @type {CanvasRenderingContext2D} */ pen) => {
    pen.fillStyle = colour;
    pen.fillRect(from, from, side, side);
  };
  /** @type {Mark[]} */
  const marks = [];
  marks[LIVE] = box(accent);
  marks[LATE] = (pen) => {
    const late = new Path2D();
    triangle(late, 0, 0, MARK_PX / 2 + 1);
    pen.fillStyle = attention;
    pen.fill(late);
  };
  marks[SILENT] = (pen) => {
    pen.fillStyle = quiet;
    pen.fillRect(-2, -2, 4, 4);
    pen.fillStyle = land;
    pen.fillRect(-1, -1, 2, 2);
  };
  marks[NEVER] = (pen) => {
    pen.fillStyle = quiet;
    pen.fillRect(-1, -1, 2, 2);
  };
  marks[FRAMED] = box(attention);
  return marks;
}

/** @param {Path2D} path @param {number} x @param {number} y @param {number} r */
export function triangle(path, x, y, r) {
  path.moveTo(x, y - r);
  path.lineTo(x + r, y + r);
  path.lineTo(x - r, y + r);
  path.closePath();
}
