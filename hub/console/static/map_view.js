/** The map: a canvas with Vietnam as a shape and a mark for each station, or for each unit where they would lie on one another. */
import { number as written, t } from "../../../web/words.js";
import { AROUND_PX, FarMarks, FRAMED, LATE, LIVE, NEVER, SILENT, triangle } from "./map_far.js";
import { DOTS, LAND, SQUASH } from "./map_land.js";
import { FRAME, ISLETS, ZONES } from "./outline.js";

/** @typedef {import("./fleet_data.js").FleetData} FleetData
 *  @typedef {{x: number, y: number, east: number, north: number, numbers: number[], unit: number, words: number[],
 *    calls: number, troubles: number, ringing: boolean}} Cluster
 *  @typedef {{station: number} | {cluster: Cluster}} Chosen */

const EACH_MAX = 400; // so few need no clusters
const DEPTH_PX = [70, 200]; // below so many pixels a degree, clusters are the units of depth 0, of depth 1
const SCALE_MAX = 6_000;
export const HIT_PX = 16;
const MARK_PX = 6, FRAME_PX = 3; // a mark from near, and the frame around it
const NEAR_PX = 150; // from how many pixels a degree on it is near
const TITLE_PX = 48; // below the land, where the page says what kind of drawing it is
const TIMINGS_KEPT = 500;
const WORD_NO = { LIVE, LATE, SILENT, NEVER };
const COLOURS = { ground: "--ground", land: "--surface", line: "--line-strong", soft: "--line", text: "--text", quiet: "--text-2",
  accent: "--accent", accentText: "--accent-text", attention: "--attention", alarm: "--alarm-high", alarmText: "--alarm-high-text" };

/** `isRinging` and `hasCall` are asked by id; `depth` is chosen by the zoom unless `isEach` holds. */
export class FleetMap {
  /** @param {HTMLCanvasElement} canvas @param {FleetData} data
   * @param {{hasCall: (id: string) => boolean, isRinging: (id: string) => boolean}} calls */
  constructor(canvas, data, calls) {
    this.canvas = canvas;
    this._pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
    this._data = data;
    this._calls = calls;
    /** What drawing took, ms. @type {number[]} */
    this.timings = [];
    this.isEach = false;
    /** The numbers that are shown. */
    this.shown = new Int32Array(0);
    /** @type {Chosen | null} */
    this.chosen = null;
    this.onView = () => {};
    this._east = 108.5;
    this._north = 15.8;
    this._scale = 0; // pixels a degree to the north
    this.width = 0;
    this.height = 0;
    this._ratio = 1;
    this._words = new Uint8Array(0);
    /** @type {Float32Array[]} x, y of what is drawn, by kind */
    this._places = [];
    this._marks = new Uint8Array(0); // 1 trouble, 2 call, 4 ringing
    /** @type {Cluster[][]} by depth */
    this._clusters = [];
    /** @type {Record<keyof typeof COLOURS, string>} */
    this._colours = /** @type {Record<keyof typeof COLOURS, string>} */ ({});
    this._isSoon = false;
    this._far = new FarMarks();
    new ResizeObserver(() => this._resize()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this._repaint());
    this._repaint();
  }

  _repaint() {
    const style = getComputedStyle(this.canvas);
    for (const [name, token] of Object.entries(COLOURS)) this._colours[/** @type {keyof typeof COLOURS} */ (name)] = style.getPropertyValue(token).trim();
    if (this.width) this._far.lay(this._colours, this._ratio, this.width, this.height);
    this.drawSoon();
  }

  _resize() {
    const { clientWidth, clientHeight } = this.canvas;
    if (!clientWidth || !clientHeight) return;
    this._ratio = Math.min(2, window.devicePixelRatio || 1);
    this.width = clientWidth;
    this.height = clientHeight;
    this.canvas.width = Math.round(clientWidth * this._ratio);
    this.canvas.height = Math.round(clientHeight * this._ratio);
    this._far.lay(this._colours, this._ratio, this.width, this.height);
    if (!this._scale) this.showAll();
    this.draw();
  }

  /** The whole country again. */
  showAll() {
    const [west, south, east, north] = FRAME;
    this._east = (west + east) / 2;
    this._north = (south + north) / 2;
    this._least = Math.min(this.width / ((east - west) * SQUASH), Math.max(1, this.height - TITLE_PX) / (north - south));
    this._scale = this._least;
    this._north -= TITLE_PX / 2 / this._scale;
    this._moved();
  }

  /** @param {number} east @param {number} north @param {number} [scale] */
  goTo(east, north, scale = this._scale) {
    this._east = east;
    this._north = north;
    this._scale = scale;
    this._moved();
  }

  /** @param {number} factor @param {number} [x] the point that stays where it is @param {number} [y] */
  zoom(factor, x = this.width / 2, y = this.height / 2) {
    const before = this.at(x, y);
    this._scale = Math.max((this._least ?? 1) * 0.8, Math.min(SCALE_MAX, this._scale * factor));
    const after = this.at(x, y);
    this._east += before.east - after.east;
    this._north += before.north - after.north;
    this._moved();
  }

  /** @param {number} dx pixels @param {number} dy */
  pan(dx, dy) {
    this._east = Math.max(98, Math.min(120, this._east - dx / (this._scale * SQUASH)));
    this._north = Math.max(5, Math.min(26, this._north + dy / this._scale));
    this._moved();
  }

  _moved() {
    this.drawSoon();
    this.onView();
  }

  /** Where a point of the canvas lies. @param {number} x @param {number} y */
  at(x, y) {
    return { east: this._east + (x - this.width / 2) / (this._scale * SQUASH),
      north: this._north - (y - this.height / 2) / this._scale };
  }

  /** @param {number} east */
  _x(east) {
    return (east - this._east) * this._scale * SQUASH + this.width / 2;
  }

  /** @param {number} north */
  _y(north) {
    return (this._north - north) * this._scale + this.height / 2;
  }

  /** Work words, marks and clusters out anew: once a second, and when something changed. @param {Int32Array<ArrayBuffer>} shown */
  update(shown) {
    const data = this._data, now_ms = data.now_ms();
    this.shown = shown;
    if (this._words.length !== data.count) {
      this._words = new Uint8Array(data.count);
      this._marks = new Uint8Array(data.count);
      this._places = [0, 1, 2, 3, 4].map(() => new Float32Array(2 * data.count));
    }
    for (const number of shown) {
      const id = data.ids[number];
      this._words[number] = WORD_NO[data.word(number, now_ms)];
      this._marks[number] = (data.troubles(number) ? 1 : 0) + (this._calls.hasCall(id) ? 2 : 0) + (this._calls.isRinging(id) ? 4 : 0);
    }
    this._clusters = DEPTH_PX.map((_, depth) => this._clustered(depth));
    this.draw();
  }

  /** @param {number} depth */
  _clustered(depth) {
    const data = this._data;
    /** @type {Map<number, Cluster>} */
    const found = new Map();
    for (const number of this.shown) {
      const east = data.east[number], north = data.north[number];
      if (Number.isNaN(east)) continue;
      const way = data.units.get(data.unit[number])?.top ?? [];
      const unit = way[Math.min(depth, way.length - 1)] ?? -1 - number; // one of no unit stands alone
      let one = found.get(unit);
      if (!one) found.set(unit, one = { x: 0, y: 0, east: 0, north: 0, numbers: [], unit, words: [0, 0, 0, 0], calls: 0, troubles: 0, ringing: false });
      one.numbers.push(number);
      one.east += east;
      one.north += north;
      one.words[this._words[number]] += 1;
      const marks = this._marks[number];
      one.troubles += marks & 1;
      one.calls += (marks >> 1) & 1;
      one.ringing ||= (marks & 4) !== 0;
    }
    for (const one of found.values()) {
      one.east /= one.numbers.length;
      one.north /= one.numbers.length;
    }
    return [...found.values()];
  }

  /** The depth of the clusters now, -1: each station by itself. */
  get depth() {
    if (this.isEach || this.shown.length <= EACH_MAX) return -1;
    return DEPTH_PX.findIndex((px) => this._scale < px);
  }

  drawSoon() {
    if (this._isSoon) return;
    this._isSoon = true;
    requestAnimationFrame(() => {
      this._isSoon = false;
      this.draw();
    });
  }

  /** Draw all of it. */
  draw() {
    if (!this.width) return;
    const began_ms = performance.now(), pen = this._pen;
    pen.setTransform(this._ratio, 0, 0, this._ratio, 0, 0);
    pen.fillStyle = this._colours.ground;
    pen.fillRect(0, 0, this.width, this.height);
    this._drawLand();
    const depth = this.depth;
    if (depth < 0) {
      if (this._places.length) this._drawEach();
    } else for (const one of this._clusters[depth] ?? []) this._drawCluster(one);
    this._drawChosen();
    this.timings.push(performance.now() - began_ms);
    if (this.timings.length > TIMINGS_KEPT) this.timings.shift();
  }

  _drawLand() {
    const pen = this._pen;
    pen.fillStyle = this._colours.land;
    pen.strokeStyle = this._colours.line;
    pen.lineJoin = "round";
    pen.save();
    pen.transform(this._scale, 0, 0, this._scale, this._x(0), this._y(0));
    pen.lineWidth = 1.25 / this._scale;
    pen.fill(LAND);
    pen.stroke(LAND);
    pen.restore();
    pen.lineWidth = 1.25;
    pen.beginPath();
    for (const [east, north] of DOTS) {
      const x = this._x(east), y = this._y(north);
      pen.moveTo(x + 2, y);
      pen.arc(x, y, 2, 0, 2 * Math.PI);
    }
    pen.fill();
    pen.stroke();
    pen.fillStyle = this._colours.quiet;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.font = "600 13px system-ui, sans-serif";
    for (const { name, at: [east, north] } of ZONES) pen.fillText(t("Đặc khu {name}", { name }), this._x(east), this._y(north));
    if (this._scale < 55) return;
    pen.font = "12px system-ui, sans-serif";
    pen.textAlign = "left";
    for (const [name, east, north] of ISLETS) pen.fillText(name, this._x(east) + 6, this._y(north));
  }

  _drawEach() {
    const data = this._data, easts = data.east, norths = data.north;
    const isNear = this._scale >= NEAR_PX || this.shown.length <= EACH_MAX;
    const wideScale = this._scale * SQUASH, scale = this._scale;
    const left = this.width / 2 - this._east * wideScale, top = this.height / 2 + this._north * scale;
    /** @type {number[]} */
    const calling = [];
    const places = this._places, ends = [0, 0, 0, 0, 0];
    const put = (/** @type {number} */ kind, /** @type {number} */ x, /** @type {number} */ y) => {
      places[kind][ends[kind]++] = x;
      places[kind][ends[kind]++] = y;
    };
    for (const number of this.shown) {
      const x = left + easts[number] * wideScale, y = top - norths[number] * scale;
      if (!(x > -AROUND_PX && y > -AROUND_PX && x < this.width + AROUND_PX && y < this.height + AROUND_PX)) continue; // nor where nobody knows where
      const mark = this._marks[number], isFramed = (mark & 1) !== 0;
      if (mark & 2) {
        calling.push(number);
        continue;
      }
      if (isNear || !isFramed) put(this._words[number], x, y); // from far the frame is all there is
      if (isFramed) put(FRAMED, x, y);
    }
    const found = places.map((all, kind) => all.subarray(0, ends[kind]));
    if (isNear) this._drawNear(found);
    else this._drawFar(found);
    for (const number of calling) this._drawCall(this._x(easts[number]), this._y(norths[number]), (this._marks[number] & 4) !== 0, 9);
  }

  /** @param {Float32Array[]} places by kind */
  _drawFar(places) {
    this._far.clear();
    for (const kind of [NEVER, LIVE, SILENT, LATE, FRAMED]) this._far.put(kind, places[kind]);
    this._far.draw(this._pen);
  }

  /** @param {Float32Array[]} places by kind */
  _drawNear(places) {
    const pen = this._pen, half = MARK_PX / 2, wide = MARK_PX + 2 * FRAME_PX;
    const { [LIVE]: live, [LATE]: lates, [SILENT]: silent, [NEVER]: never, [FRAMED]: framed } = places;
    pen.fillStyle = this._colours.quiet;
    for (let at = 0; at < never.length; at += 2) pen.fillRect(never[at] - 1, never[at + 1] - 1, 2, 2);
    pen.fillStyle = this._colours.accent;
    for (let at = 0; at < live.length; at += 2) pen.fillRect(Math.round(live[at] - half), Math.round(live[at + 1] - half), MARK_PX, MARK_PX);
    pen.lineWidth = 1.5;
    pen.strokeStyle = this._colours.quiet;
    pen.fillStyle = this._colours.land;
    for (let at = 0; at < silent.length; at += 2) {
      pen.fillRect(silent[at] - half, silent[at + 1] - half, MARK_PX, MARK_PX);
      pen.strokeRect(silent[at] - half, silent[at + 1] - half, MARK_PX, MARK_PX);
    }
    const late = new Path2D();
    for (let at = 0; at < lates.length; at += 2) triangle(late, lates[at], lates[at + 1], half + 1);
    pen.fillStyle = this._colours.attention;
    pen.fill(late);
    pen.strokeStyle = this._colours.attention;
    for (let at = 0; at < framed.length; at += 2) pen.strokeRect(framed[at] - wide / 2, framed[at + 1] - wide / 2, wide, wide);
  }

  /** A diamond: red while it rings, blue when somebody is at it. @param {number} x @param {number} y @param {boolean} isRinging @param {number} r */
  _drawCall(x, y, isRinging, r) {
    const pen = this._pen;
    pen.beginPath();
    pen.moveTo(x, y - r);
    pen.lineTo(x + r, y);
    pen.lineTo(x, y + r);
    pen.lineTo(x - r, y);
    pen.closePath();
    pen.fillStyle = isRinging ? this._colours.alarm : this._colours.accent;
    pen.fill();
    pen.strokeStyle = this._colours.land;
    pen.lineWidth = 2;
    pen.stroke();
  }

  /** @param {Cluster} one */
  _drawCluster(one) {
    const pen = this._pen, x = one.x = this._x(one.east), y = one.y = this._y(one.north), count = one.numbers.length;
    const r = radius(count);
    if (x < -r || y < -r || x > this.width + r || y > this.height + r) return;
    const colours = [this._colours.accent, this._colours.attention, this._colours.line, this._colours.soft];
    let from = -Math.PI / 2;
    pen.lineWidth = 4;
    for (const at of [0, 1, 2, 3]) {
      const to = from + (2 * Math.PI * one.words[at]) / count;
      if (one.words[at]) {
        pen.beginPath();
        pen.arc(x, y, r - 2, from, to);
        pen.strokeStyle = colours[at];
        pen.stroke();
      }
      from = to;
    }
    pen.beginPath();
    pen.arc(x, y, r - 4, 0, 2 * Math.PI);
    pen.fillStyle = this._colours.land;
    pen.fill();
    pen.fillStyle = this._colours.text;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.font = "600 11px system-ui, sans-serif";
    pen.fillText(written(count, 0), x, y + 0.5);
    if (one.calls) this._drawCall(x + r * 0.75, y - r * 0.75, one.ringing, 8);
    if (one.troubles) {
      pen.fillStyle = this._colours.attention;
      const warning = new Path2D();
      triangle(warning, x - r * 0.8, y - r * 0.75, 3.5);
      pen.fill(warning);
    }
  }

  _drawChosen() {
    const place = this._place();
    if (!place) return;
    const pen = this._pen, r = place.cluster ? radius(place.cluster.numbers.length) + 4 : 12;
    pen.beginPath();
    pen.arc(place.x, place.y, r, 0, 2 * Math.PI);
    pen.strokeStyle = this._colours.text;
    pen.lineWidth = 2.5;
    pen.stroke();
  }

  _place() {
    if (!this.chosen) return null;
    if ("cluster" in this.chosen) {
      const unit = this.chosen.cluster.unit, one = this._clusters[this.depth]?.find((each) => each.unit === unit);
      return one ? { cluster: one, x: this._x(one.east), y: this._y(one.north) } : null;
    }
    const number = this.chosen.station;
    const x = this._x(this._data.east[number]), y = this._y(this._data.north[number]);
    return Number.isNaN(x) ? null : { station: number, x, y };
  }

  /** What lies at a point of the canvas, or next to it. @param {number} x @param {number} y @param {number} [within_px] @returns {Chosen | null} */
  find(x, y, within_px = HIT_PX) {
    /** @type {Chosen | null} */
    let best = null;
    let least = within_px * within_px;
    if (this.depth >= 0) {
      for (const cluster of this._clusters[this.depth] ?? []) {
        const reach = Math.max(0, Math.hypot(this._x(cluster.east) - x, this._y(cluster.north) - y) - radius(cluster.numbers.length));
        if (reach * reach <= least) [best, least] = [{ cluster }, reach * reach];
      }
      return best;
    }
    for (const station of this.shown) {
      const dx = this._x(this._data.east[station]) - x, dy = this._y(this._data.north[station]) - y;
      const far = dx * dx + dy * dy;
      if (far <= least) [best, least] = [{ station }, far];
    }
    return best;
  }

  /** The stations in sight, in the order of `shown`. @param {number} most @returns {number[]} */
  inSight(most) {
    /** @type {number[]} */
    const found = [];
    for (const number of this.shown) {
      const x = this._x(this._data.east[number]), y = this._y(this._data.north[number]);
      if (x >= 0 && y >= 0 && x <= this.width && y <= this.height) found.push(number);
      if (found.length === most) break;
    }
    return found;
  }

  /** Go into a cluster. @param {Cluster} cluster */
  enter(cluster) {
    const data = this._data, easts = cluster.numbers.map((one) => data.east[one]), norths = cluster.numbers.map((one) => data.north[one]);
    const wide = Math.max(0.05, (Math.max(...easts) - Math.min(...easts)) * SQUASH), high = Math.max(0.05, Math.max(...norths) - Math.min(...norths));
    const scale = Math.min((0.8 * this.width) / wide, (0.8 * this.height) / high);
    this.goTo((Math.max(...easts) + Math.min(...easts)) / 2, (Math.max(...norths) + Math.min(...norths)) / 2,
      Math.min(SCALE_MAX, Math.max(scale, (DEPTH_PX[this.depth] ?? this._scale) * 1.01)));
  }
}

/** @param {number} count */
function radius(count) {
  return Math.min(22, 9 + 0.7 * Math.log2(1 + count));
}
