/** `<hd-still>`: one strip of the past, on the paper of the live one. What has no sample stays open. */
import { DisplayFilter } from "./filters.js";
import { AutoGain, EcgGain } from "./gain.js";
import { drawGrid, drawPulse, margin_mm } from "./paper.js";
import { timeOf } from "./calipers.js";
import { leadText, MM_PER_S, scaleText } from "./strip_words.js";
import { number, t } from "./words.js";

/** @typedef {import("./piece.js").PastStream} PastStream @typedef {import("./piece.js").Run} Run
 *  @typedef {import("./piece.js").BinRun} BinRun
 *  @typedef {{from_us: number, us_per_px: number, bin_us: number, pxPerMm: number, isCalibrated: boolean, mmPerMv: number,
 *    filter: import("./filters.js").FilterName}} Window  `bin_us` 0: the samples at 25 mm/s
 *  @typedef {{index: number, value: number, x_px: number, y_px: number, t_us: number}} Plotted */

const MV_PER = /** @type {Record<string, number>} */ ({ mV: 1, uV: 1e-3, "µV": 1e-3, V: 1e3 });
const LINE_PX = 1.6;

/** @param {PastStream} stream */
export function mVPerRaw(stream) {
  return stream.kind === "ecg" ? stream.scale * (MV_PER[stream.unit] ?? NaN) : NaN;
}

/** Left of the trace, on every strip. @param {number} pxPerMm */
export function left_px(pxPerMm) {
  return margin_mm(MM_PER_S) * pxPerMm;
}

export class Still extends HTMLElement {
  /** @param {PastStream} stream */
  constructor(stream) {
    super();
    this.stream = stream;
    /** @type {Plotted[]} */
    this._plotted = [];
    /** @type {EcgGain | AutoGain} */
    this._gain = new AutoGain({ halfHeight_mm: 1 });
    const head = document.createElement("div");
    head.className = "sweep-head";
    const part = (/** @type {string} */ name, tag = "span") => {
      const element = document.createElement(tag);
      element.className = name;
      head.append(element);
      return element;
    };
    this._label = part("sweep-label");
    this._device = part("sweep-device");
    this._unverified = part("unverified");
    this._pacing = part("sweep-pacing");
    this._notice = part("sweep-notice");
    this._text = part("sweep-scale");
    this._measure = part("sweep-measure", "a");
    this._measure.textContent = t("chưa đúng tỉ lệ");
    this._measure.setAttribute("href", "/screen");
    this.field = document.createElement("div");
    this.field.className = "sweep-field";
    const [paper, ink] = ["sweep-paper", "sweep-ink"].map((name) => {
      const canvas = document.createElement("canvas");
      canvas.className = name;
      canvas.setAttribute("aria-hidden", "true");
      this.field.append(canvas);
      return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    });
    this._paper = paper;
    this._ink = ink;
    this._parts = [head, this.field];
  }

  connectedCallback() {
    if (this.childElementCount) return;
    this.append(...this._parts);
    this.dataset.kind = this.stream.kind;
    this.dataset.stream = this.stream.key;
    this.dataset.state = "live"; // of a paper that may be read
    this._label.textContent = leadText(this.stream);
    this._device.textContent = this._device.title = this.stream.device_name;
    this._unverified.textContent = this.stream.unverified ? t("chưa kiểm chứng") : "";
    this._unverified.title = this.stream.unverified ?? "";
    const isEcg = this.stream.kind === "ecg";
    this._pacing.textContent = isEcg && !this.stream.detects_pacing ? t("máy tạo nhịp: không rõ") : "";
  }

  /** Where every sample of the window stands, in CSS px of the field: kept as it was drawn. */
  plotted() {
    return this._plotted;
  }

  get scale() {
    const gain = this._gain;
    return { mmPerMv: gain instanceof EcgGain ? gain.mmPerMv : null,
      baselineRaw: gain instanceof EcgGain ? gain.baselineRaw : null };
  }

  /** Draw a window. `runs` may begin before it and end after it. @param {Window} window @param {Run[]} runs
   * @param {{run: BinRun, from_us: number}[]} bins */
  draw(window, runs, bins) {
    const width = this.field.clientWidth, height = this.field.clientHeight;
    if (!width || !height) return;
    for (const context of [this._paper, this._ink]) {
      context.canvas.width = Math.round(width * devicePixelRatio);
      context.canvas.height = Math.round(height * devicePixelRatio);
      context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    }
    const left = left_px(window.pxPerMm), style = getComputedStyle(this);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const isEcg = this.stream.kind === "ecg";
    if (!window.bin_us) {
      const geometry = { left_px: left, width_px: width - left, height_px: height, pxPerMm: window.pxPerMm, mmPerS: MM_PER_S };
      const colours = { fine: colour("--paper-fine"), bold: colour("--paper-bold"), pulse: colour("--paper-pulse") };
      drawGrid(this._paper, geometry, colours);
      if (isEcg) drawPulse(this._paper, geometry, colours, window.mmPerMv);
    }
    const filter = isEcg && !window.bin_us ? window.filter : "raw";
    const until_us = window.from_us + (width - left) * window.us_per_px;
    const shown = runs.map((run) => this._shown(run, filter, window.from_us, until_us)).filter((one) => one.values.length);
    this._fit(window, height, [...shown.map((one) => one.values), ...bins.flatMap(({ run }) => [run.low, run.high])], filter);
    this._plotted = [];
    this._ink.save();
    this._ink.beginPath();
    this._ink.rect(left, 0, width - left, height);
    this._ink.clip();
    this._ink.strokeStyle = this._ink.fillStyle = colour(isEcg ? "--trace-ecg" : "--trace-pleth");
    this._ink.lineWidth = LINE_PX;
    this._ink.lineJoin = this._ink.lineCap = "round";
    const place = { x: (/** @type {number} */ t_us) => left + (t_us - window.from_us) / window.us_per_px,
      y: (/** @type {number} */ raw) => height / 2 - this._gain.mm(raw) * window.pxPerMm };
    for (const one of shown) this._line(one, place, window.from_us, until_us);
    for (const one of bins) this._bars(one, window.bin_us, place);
    this._ink.restore();
    const isEmpty = !this._plotted.length && !bins.some(({ run }) => run.low.length);
    this._notice.textContent = isEmpty ? t("không có tín hiệu ở đoạn này") : "";
    this._text.textContent = window.bin_us
      ? t("thu nhỏ: thấp nhất và cao nhất mỗi {s} s, không đúng 25 mm/s", { s: number(window.bin_us / 1e6, 1) })
      : scaleText(this._gain, filter);
    this._measure.hidden = window.isCalibrated || window.bin_us > 0;
  }

  /** A run as it is drawn: filtered from its first sample on, then cut to what the window needs, with one more either
   * side for the line. @param {Run} run @param {import("./filters.js").FilterName} filter @param {number} from_us
   * @param {number} until_us */
  _shown(run, filter, from_us, until_us) {
    const values = filter === "raw" ? run.samples
      : new DisplayFilter(filter, run.rate_hz).run(run.first_index, run.samples);
    const first = Math.max(0, Math.floor(((from_us - run.t_us) * run.rate_hz) / 1e6) - 1);
    const end = Math.min(values.length, Math.ceil(((until_us - run.t_us) * run.rate_hz) / 1e6) + 1);
    return { run, first, values: values.subarray(first, Math.max(first, end)) };
  }

  /** The gain stays while the trace is on the paper, so that what is moved along does not jump.
   * @param {Window} window @param {number} height @param {ArrayLike<number>[]} values
   * @param {import("./filters.js").FilterName} filter */
  _fit(window, height, values, filter) {
    const halfHeight_mm = height / 2 / window.pxPerMm;
    const all = Int32Array.from(values.flatMap((one) => Array.from(one)));
    if (this.stream.kind !== "ecg") this._gain = new AutoGain({ halfHeight_mm });
    else if (!(this._gain instanceof EcgGain)) {
      this._gain = new EcgGain({ mVPerRaw: mVPerRaw(this.stream), halfHeight_mm, mmPerMv: window.mmPerMv });
    }
    this._gain.halfHeight_mm = halfHeight_mm;
    if (this._gain instanceof EcgGain) {
      this._gain.amplify(window.mmPerMv);
      if (filter === "monitor") this._gain.baselineRaw = 0;
    }
    if (all.length && filter !== "monitor") this._gain.feed(all);
  }

  /** @param {{run: Run, first: number, values: ArrayLike<number>}} shown
   * @param {{x(t_us: number): number, y(raw: number): number}} place @param {number} from_us @param {number} until_us */
  _line({ run, first, values }, place, from_us, until_us) {
    this._ink.beginPath();
    for (let i = 0; i < values.length; i++) {
      const t_us = timeOf(run, first + i), x_px = place.x(t_us), y_px = place.y(values[i]);
      if (i === 0) this._ink.moveTo(x_px, y_px);
      this._ink.lineTo(x_px, y_px); // a sample alone is a dot
      if (t_us >= from_us && t_us < until_us) {
        this._plotted.push({ index: run.first_index + first + i, value: run.samples[first + i], x_px, y_px, t_us });
      }
    }
    this._ink.stroke();
  }

  /** @param {{run: BinRun, from_us: number}} of @param {number} bin_us
   * @param {{x(t_us: number): number, y(raw: number): number}} place */
  _bars({ run, from_us }, bin_us, place) {
    for (let i = 0; i < run.low.length; i++) {
      const begin_us = from_us + (run.first_bin + i) * bin_us, x = place.x(begin_us);
      const top = place.y(run.high[i]), high = Math.max(1, place.y(run.low[i]) - top);
      this._ink.fillRect(x, top, Math.max(0.5, place.x(begin_us + bin_us) - x), high);
    }
  }
}

customElements.define("hd-still", Still);
