/** Marks of thousands of stations from far: stamped into pixels, for a canvas takes longer to be told of a rectangle than to have it. */

export const LIVE = 0, LATE = 1, SILENT = 2, NEVER = 3, FRAMED = 4; // kinds of marks: four words, and those with a trouble
export const AROUND_PX = 9; // CSS: no mark reaches further from its place
const MARK_PX = 3;

/** @typedef {Record<"accent" | "attention" | "quiet" | "land", string>} Colours
 *  @typedef {(pen: CanvasRenderingContext2D) => void} Mark draws around 0, 0
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

  clear() {
    this._pixels.fill(0);
  }

  /** One mark of a kind at each of these places: x, y, x, y … in CSS pixels, no further out than a mark reaches.
   * @param {number} kind @param {Float32Array} places */
  put(kind, places) {
    const { offsets, colours, covers } = this._stamps[kind], pixels = this._pixels, ratio = this._ratio, edge = this._edge;
    for (let at = 0; at < places.length; at += 2) {
      const middle = (Math.round(places[at + 1] * ratio) + edge) * this._width + Math.round(places[at] * ratio) + edge;
      for (let n = 0; n < offsets.length; n += 1) {
        const pixel = middle + offsets[n];
        if (covers[n] || !pixels[pixel]) pixels[pixel] = colours[n];
      }
    }
  }

  /** All that was put. @param {CanvasRenderingContext2D} pen of the map, a unit a CSS pixel */
  draw(pen) {
    const { width, height } = this._canvas, ratio = this._ratio, edge = this._edge;
    this._pen.putImageData(this._image, 0, 0);
    pen.drawImage(this._canvas, edge, edge, width - 2 * edge, height - 2 * edge, 0, 0, (width - 2 * edge) / ratio, (height - 2 * edge) / ratio);
  }
}

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
