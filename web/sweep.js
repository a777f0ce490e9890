/** `<hd-sweep>`: one strip of a live waveform. Nothing old looks live on it. */
import { formatAge, formatTimeOfDay, HubClock } from "./ages.js";
import { DisplayFilter } from "./filters.js";
import { AutoGain, EcgGain } from "./gain.js";
import { drawGrid, drawPulse, margin_mm } from "./paper.js";
import { PlayoutDelay, PlayoutQueue } from "./playout.js";
import { CSS_PX_PER_MM, screenScale, watchScale } from "./screen_scale.js";
import { GAINS_MM_PER_MV, leadText, MM_PER_S, scaleText } from "./strip_words.js";
import { Trace } from "./trace.js";
import { number, phrases, t } from "./words.js";

/** @typedef {import("./live.js").SampleFrame} SampleFrame @typedef {import("./live_texts.js").Stream} Stream */

export const FRESH_MS = 2_000; // silence after which a strip is grey
export const AGE_LIMIT_MS = 3_000; // what is drawn older than this is grey too: the playout delay is 2.5 s at most
const MV_PER = /** @type {Record<string, number>} */ ({ mV: 1, uV: 1e-3, "µV": 1e-3, V: 1e3 });

/** What the strips of the page cost, ms of the last 600 animation frames. @type {number[]} */
export const frameCosts_ms = [];

/** What a delay is called, by fifths of a second: a strip says it at every frame, and a live one has few. @type {Map<number, string>} */
const delayTexts = new Map();

/** @type {Set<Sweep>} */
const strips = new Set();
let isLooping = false;

function loop() {
  isLooping = strips.size > 0;
  if (!isLooping) return;
  requestAnimationFrame(loop);
  const began_ms = performance.now();
  for (const strip of strips) {
    try {
      strip.advance();
    } catch (error) { // a strip that cannot be drawn is blank: a frozen one would look live
      reportError(error);
      strips.delete(strip);
      strip.replaceChildren(t("không vẽ được"));
    }
  }
  frameCosts_ms.push(performance.now() - began_ms);
  if (frameCosts_ms.length > 600) frameCosts_ms.shift();
}

/** A canvas filling `parent`, under its texts. @param {HTMLElement} parent @param {string} name */
function layer(parent, name) {
  const canvas = document.createElement("canvas");
  canvas.className = name;
  canvas.setAttribute("aria-hidden", "true");
  parent.append(canvas);
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
}

/** @param {HTMLElement} parent @param {string} name */
function line(parent, name) {
  const element = document.createElement("span");
  element.className = name;
  parent.append(element);
  return element;
}

/**
 * Call `show` at every new view, `push` for every frame; the rest it does by itself.
 * `state`: "empty" (no stream), "waiting" (no sample yet), "live", "stale" (silence), "late" (old data).
 */
export class Sweep extends HTMLElement {
  constructor() {
    super();
    this.state = "empty";
    this._stateShown = "";
    /** CSS pixels a millimetre on this screen; `calibrate` sets it. */
    this.pxPerMm = CSS_PX_PER_MM;
    this.isCalibrated = false;
    this._mmPerMv = GAINS_MM_PER_MV[0];
    /** @type {import("./filters.js").FilterName} */
    this._filterName = "raw";
    this._filter = new DisplayFilter("raw", 1);
    this._unwatch = () => {};
    /** @type {Stream | null} */
    this.stream = null;
    this._key = "";
    this._clock = new HubClock();
    this._delay = new PlayoutDelay();
    /** @type {PlayoutQueue | null} */
    this._queue = null;
    /** @type {Trace | null} */
    this._trace = null;
    this._notice = "";
    /** @type {Map<HTMLElement, string>} */
    this._said = new Map();
    this._arrived_ms = 0; // of the newest new sample, by `_clock.monotonic_ms`
    this._drawn_ms = NaN; // capture time of the newest sample on the strip
    this._recent = new Int32Array(0); // what the gain has not seen yet: a second at most, the first `_recentCount` of it
    this._recentCount = 0;
    this._field = document.createElement("div");
    this._drawn = this._geometry(); // of the last drawing
    this._resized = new ResizeObserver(() => this._layout());
    this._dark = matchMedia("(prefers-color-scheme: dark)");
    this._themed = () => this._layout();
    this._theme = new MutationObserver(this._themed);
  }

  connectedCallback() {
    if (!this._paper) {
      const head = document.createElement("div");
      head.className = "sweep-head"; // words stand above the paper, never on the trace
      this._label = line(head, "sweep-label");
      this._device = line(head, "sweep-device");
      this._unverified = line(head, "unverified");
      this._noticeText = line(head, "sweep-notice");
      this._pacing = line(head, "sweep-pacing");
      this._text = line(head, "sweep-scale");
      this._measure = head.appendChild(document.createElement("a"));
      this._measure.className = "sweep-measure";
      this._measure.textContent = t("chưa đúng tỉ lệ");
      this._delayText = line(head, "sweep-delay");
      this._field.className = "sweep-field";
      this._paper = layer(this._field, "sweep-paper");
      this._ink = layer(this._field, "sweep-ink");
      this._status = line(this._field, "sweep-status");
      this.append(head, this._field);
      this._noticeText.textContent = this._notice;
      this._status.setAttribute("role", "status");
    }
    this._resized.observe(this._field);
    this._unwatch = watchScale(() => this._rescale());
    this._rescale();
    this._dark.addEventListener("change", this._themed);
    this._theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    strips.add(this);
    if (!isLooping) {
      isLooping = true;
      requestAnimationFrame(loop);
    }
    this._layout();
  }

  disconnectedCallback() {
    strips.delete(this);
    this._resized.disconnect();
    this._unwatch();
    this._theme.disconnect();
    this._dark.removeEventListener("change", this._themed);
  }

  /**
   * Show this stream of this visit. Another visit, set or stream clears the strip at once; the same
   * goes on, at another rate if the true one has become known. Strips of one view share `clock` and `delay`,
   * so that their pens stand together.
   * @param {{stream: Stream, visit_no: string, clock: HubClock, delay: PlayoutDelay}} what
   */
  show({ stream, visit_no, clock, delay }) {
    const key = JSON.stringify([visit_no, { ...stream, rate_mhz: null }]);
    if (key === this._key) {
      if (stream.rate_mhz !== this.stream?.rate_mhz) this._pace(stream);
      return;
    }
    this._key = key;
    this.stream = stream;
    this._clock = clock;
    this._delay = delay;
    this._queue = new PlayoutQueue(stream.rate_mhz / 1000, delay);
    this._trace = null;
    this._drawn_ms = NaN;
    this._recent = new Int32Array(Math.ceil(stream.rate_mhz / 1000));
    this._recentCount = 0;
    this.notice = "";
    this.state = "waiting";
    this._layout();
    this.advance();
  }

  /** @param {Stream} stream */
  _pace(stream) {
    this.stream = stream;
    this._queue?.pace(stream.rate_mhz / 1000);
    this._trace?.pace(stream.rate_mhz / 1000);
  }

  /** Nothing to show (view without this stream): cleared at once. */
  clear() {
    this._key = "";
    this.stream = this._queue = this._trace = null;
    this.notice = "";
    this.state = "empty";
    this._layout();
    this.advance();
  }

  /** A frame of this stream; the feed has checked visit and set. @param {SampleFrame} frame */
  push(frame) {
    if (!this._queue || !this.stream) return;
    const known = this._queue.nextIndex ?? 0;
    if (!this._queue.push(frame, this._hub_ms())) return;
    this._arrived_ms = this._clock.monotonic_ms();
    this._feedGain(frame.samples.subarray(Math.max(0, known - frame.first_index)));
  }

  /** A technical message on the strip ("Tuột điện cực RA"), already in the page's language. */
  get notice() {
    return this._notice;
  }

  set notice(text) {
    this._notice = text;
    if (this._noticeText) this._noticeText.textContent = this._noticeText.title = text;
  }

  /** This screen was measured. @param {number} pxPerMm CSS pixels */
  calibrate(pxPerMm) {
    if (!(pxPerMm > 1 && pxPerMm < 40)) throw new RangeError(`${pxPerMm} CSS px a mm: outside 1 to 40`);
    this.pxPerMm = pxPerMm;
    this.isCalibrated = true;
    this._layout();
  }

  /** As this screen was measured; a screen that was not, or at another zoom, is not to scale. */
  _rescale() {
    const px = screenScale();
    if (px !== null) return this.calibrate(px);
    this.pxPerMm = CSS_PX_PER_MM;
    this.isCalibrated = false;
    this._layout();
  }

  /** Where a screen is measured, for the link beside the scale; "" for no such page. */
  static screenPage = "";

  /** Of an ECG. The gain of what was drawn changes too, the position stays. @param {number} mmPerMv */
  amplify(mmPerMv) {
    this._mmPerMv = mmPerMv;
    if (this._trace?.gain instanceof EcgGain) this._trace.gain.amplify(mmPerMv);
    this._layout();
  }

  /** Of an ECG, from now on: what is drawn already was drawn without it, and goes.
   * @param {import("./filters.js").FilterName} name */
  filter(name) {
    if (name === this._filterName) return;
    this._filterName = name;
    this._trace = null;
    this._drawn_ms = NaN;
    this._recentCount = 0;
    this._layout();
  }

  /** What the pen drew of these indexes (both included), in CSS px of the paper: read back from the drawing itself.
   * @param {number} fromIndex @param {number} toIndex */
  plotted(fromIndex, toIndex) {
    return this._trace?.plotted(fromIndex, toIndex) ?? [];
  }

  /** What is on the paper: after a resize the old scale until the strip is drawn anew. */
  get scale() {
    const gain = this._trace?.gain;
    return { mmPerMv: gain instanceof EcgGain ? gain.mmPerMv : null,
      baselineRaw: gain instanceof EcgGain ? gain.baselineRaw : null, ...this._drawn };
  }

  get counts() {
    return { gaps: this._trace?.gaps ?? 0, ...(this._queue?.counts ?? { duplicates: 0, overflow: 0 }) };
  }

  /** One animation frame: draw what is due, then say how it stands. */
  advance() {
    if (this._queue && this._trace) {
      const period_ms = 1e6 / (this.stream?.rate_mhz ?? 1);
      for (const run of this._queue.due(this._hub_ms())) {
        if (Number.isNaN(this._drawn_ms)) this._trace.begin(run.first_index, run.captured_ms / 1000);
        this._trace.draw(run.first_index, this._filtered(run.first_index, run.samples));
        this._drawn_ms = run.captured_ms + (run.samples.length - 1) * period_ms;
      }
    }
    this._judge();
  }

  /** @param {number} first_index @param {Int32Array} samples */
  _filtered(first_index, samples) {
    if (this._filter.name === "raw") return samples;
    const filtered = this._filter.run(first_index, samples), rounded = new Int32Array(filtered.length);
    for (let i = 0; i < filtered.length; i++) rounded[i] = Math.round(filtered[i]);
    return rounded;
  }

  /** Hub UTC now; before the first message of the hub, some clock of the same pace. */
  _hub_ms() {
    return this._clock.now_ms() ?? this._clock.monotonic_ms();
  }

  _judge() {
    if (this._queue) {
      const silent_ms = this._clock.monotonic_ms() - this._arrived_ms, age_ms = this._hub_ms() - this._drawn_ms;
      if (this._queue.nextIndex === null) this.state = "waiting";
      else if (silent_ms > FRESH_MS && this._queue.isEmpty) this.state = "stale";
      else if (Number.isNaN(this._drawn_ms)) this.state = "waiting"; // taken, but its time has not come
      else if (age_ms > AGE_LIMIT_MS) this.state = silent_ms > FRESH_MS ? "stale" : "late";
      else this.state = "live";
    }
    if (this._stateShown !== this.state) {
      this._stateShown = this.state;
      this.dataset.state = this.state;
    }
    this._say(this._status, this._statusText());
    this._say(this._delayText, this._delayWords());
  }

  _statusText() {
    const age_ms = this._hub_ms() - this._drawn_ms;
    if (this.state === "waiting") return t("đang chờ tín hiệu");
    if (this.state === "late") return t("tín hiệu trễ {age}", { age: formatAge(age_ms) });
    if (this.state !== "stale") return "";
    if (!this._queue?.isAgeKnown || Number.isNaN(this._drawn_ms)) {
      return t("không có tín hiệu · {age}", { age: formatAge(this._clock.monotonic_ms() - this._arrived_ms) });
    }
    if (!this._clock.isUtc) return t("không có tín hiệu · {age}", { age: formatAge(age_ms) });
    return t("không có tín hiệu từ {time} · {age}", { time: formatTimeOfDay(this._drawn_ms), age: formatAge(age_ms) });
  }

  _delayWords() {
    if (this.state !== "live") return "";
    if (!this._queue?.isAgeKnown) return t("trễ không rõ");
    const now_ms = this._hub_ms(), fifths = Math.ceil(Math.max(this._delay.ms(now_ms), now_ms - this._drawn_ms) / 200);
    let text = delayTexts.get(fifths);
    if (text === undefined) delayTexts.set(fifths, text = t("trễ {s} s", { s: number(fifths / 5, 1) }));
    return text;
  }

  /** Write what is not written there already; the page is not asked, for that is done at every frame.
   * @param {HTMLElement | undefined} element @param {string} text */
  _say(element, text) {
    if (!element || this._said.get(element) === text) return;
    this._said.set(element, text);
    element.textContent = text;
  }

  /** @param {Int32Array} samples */
  _feedGain(samples) {
    const recent = this._recent, second = recent.length, kept = Math.max(0, Math.min(this._recentCount, second - samples.length));
    recent.copyWithin(0, this._recentCount - kept, this._recentCount);
    recent.set(samples.subarray(Math.max(0, samples.length - second)), kept);
    this._recentCount = Math.min(second, kept + samples.length);
    const isFirst = Number.isNaN(this._drawn_ms);
    if (this._filter.name === "monitor") return; // it takes the offset away by itself
    if (!this._trace || this._recentCount < (isFirst ? 0.3 : 1) * second) return;
    if (this._trace.gain.feed(recent.subarray(0, this._recentCount))) this._trace.liftPen();
    this._recentCount = 0;
    this._scaleText();
  }

  _geometry() {
    const left_px = margin_mm(MM_PER_S) * this.pxPerMm;
    return { left_px, width_px: Math.max(10, this._field.clientWidth - left_px), height_px: this._field.clientHeight,
      pxPerMm: this.pxPerMm, mmPerS: MM_PER_S };
  }

  /** Size, theme or stream changed: paper anew, the trace drawn again from memory. */
  _layout() {
    if (!this._paper || !this._ink || !this._field.clientWidth) return;
    for (const { canvas } of [this._paper, this._ink]) {
      canvas.width = Math.round(this._field.clientWidth * devicePixelRatio);
      canvas.height = Math.round(this._field.clientHeight * devicePixelRatio);
    }
    for (const context of [this._paper, this._ink]) context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    const style = getComputedStyle(this), colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const colours = { fine: colour("--paper-fine"), bold: colour("--paper-bold"), pulse: colour("--paper-pulse") };
    const geometry = this._geometry(), stream = this.stream;
    this._drawn = geometry;
    drawGrid(this._paper, geometry, colours);
    this._sayStream();
    if (stream) {
      if (stream.kind === "ecg") drawPulse(this._paper, geometry, colours, this._mmPerMv);
      const ink = colour(stream.kind === "ecg" ? "--trace-ecg" : "--trace-pleth");
      if (this._trace) {
        this._trace.colour = ink;
        this._trace.gain.halfHeight_mm = geometry.height_px / 2 / this.pxPerMm;
        this._trace.layout(geometry);
      } else {
        this._filter = new DisplayFilter(stream.kind === "ecg" ? this._filterName : "raw", stream.rate_mhz / 1000);
        this._trace = new Trace({ context: this._ink, geometry, gain: this._newGain(stream, geometry),
          rate_hz: stream.rate_mhz / 1000, colour: ink });
      }
    }
    this._scaleText();
  }

  /** What is true of the stream as long as it is there. */
  _sayStream() {
    const stream = this.stream;
    this._say(this._label, stream ? leadText(stream) : "");
    this._say(this._device, stream?.device_name ?? "");
    this._say(this._unverified, stream?.unverified ? t("chưa kiểm chứng") : "");
    this._say(this._pacing, stream?.kind === "ecg" && !stream.detects_pacing ? t("máy tạo nhịp: không rõ") : "");
    if (this._device) this._device.title = stream?.device_name ?? "";
    if (this._unverified) this._unverified.title = phrases(stream?.unverified ?? "");
  }

  /** @param {Stream} stream @param {{height_px: number}} geometry */
  _newGain(stream, geometry) {
    const halfHeight_mm = geometry.height_px / 2 / this.pxPerMm;
    if (stream.kind !== "ecg") return new AutoGain({ halfHeight_mm });
    return new EcgGain({ mVPerRaw: stream.scale * (MV_PER[stream.unit] ?? NaN), halfHeight_mm, mmPerMv: this._mmPerMv });
  }

  _scaleText() {
    this._say(this._text, scaleText(this._trace?.gain, this._filter.name));
    if (!this._measure) return;
    this._measure.hidden = this.isCalibrated || !this.stream;
    if (Sweep.screenPage) this._measure.href = Sweep.screenPage;
  }
}

customElements.define("hd-sweep", Sweep);
