/** When a received sample is drawn: a small shared delay makes a smooth pen out of lumpy arrivals. */

/** @typedef {import("./live.js").SampleFrame} SampleFrame */

const MARGIN_MS = 60; // a few display frames
export const MIN_DELAY_MS = 300;
export const MAX_DELAY_MS = 2_500; // skin to screen at 600 ms round trip; beyond it, samples are drawn at once
const MEMORY_MS = 10_000;
const SHRINK_MS_PER_S = 50;
const LIVE_SPAN_MS = 1_200; // a live frame holds at most a second; a longer one is the past, sent in one piece
const FUTURE_MS = 1_000; // captured later than that after now: two clocks disagree, the age is unknown
const GUESS_MS = 5_000; // an arrival guess this far behind is given up
const QUEUE_MS = 60_000; // a hidden tab gets no animation frames; more than a minute is not kept

/** The delay between capture and pen, shared by the strips of one view so that their pens move together. */
export class PlayoutDelay {
  constructor() {
    /** @type {{at_ms: number, lag_ms: number}[]} */
    this._lags = [];
    this._delay_ms = MIN_DELAY_MS;
    this._at_ms = 0;
  }

  /** A frame arrived whose first sample was `lag_ms` old. @param {number} lag_ms @param {number} now_ms */
  observe(lag_ms, now_ms) {
    if (lag_ms > MAX_DELAY_MS) return; // history, or a link so slow that no delay would help
    while (this._lags.length && this._lags[this._lags.length - 1].lag_ms <= lag_ms) this._lags.pop();
    this._lags.push({ at_ms: now_ms, lag_ms });
  }

  /** @param {number} now_ms */
  ms(now_ms) {
    while (this._lags.length && this._lags[0].at_ms < now_ms - MEMORY_MS) this._lags.shift();
    const wanted = Math.min(MAX_DELAY_MS, Math.max(MIN_DELAY_MS, (this._lags[0]?.lag_ms ?? 0) + MARGIN_MS));
    const shrunk = this._delay_ms - (SHRINK_MS_PER_S * Math.max(0, now_ms - this._at_ms)) / 1000;
    this._delay_ms = Math.max(wanted, shrunk);
    this._at_ms = now_ms;
    return this._delay_ms;
  }
}

/** @typedef {{first_index: number, captured_ms: number, samples: Int32Array}} Run */

/** Samples of one stream between arrival and pen, in index order, each once. */
export class PlayoutQueue {
  /** @param {number} rate_hz @param {PlayoutDelay} delay */
  constructor(rate_hz, delay) {
    this.counts = { duplicates: 0, overflow: 0 };
    /** Index after the newest sample taken; null before the first. @type {number | null} */
    this.nextIndex = null;
    /** False: the hub gave no (credible) capture time, ages count from arrival. */
    this.isAgeKnown = true;
    this._period_ms = 1000 / rate_hz;
    this._delay = delay;
    /** @type {Run[]} */
    this._runs = [];
    this._guess = { index: 0, ms: NaN };
  }

  /** The true rate is known better. @param {number} rate_hz */
  pace(rate_hz) {
    this._period_ms = 1000 / rate_hz;
  }

  get isEmpty() {
    return this._runs.length === 0;
  }

  /** Take what is new of a frame; false when nothing is. @param {SampleFrame} frame @param {number} now_ms */
  push(frame, now_ms) {
    const known = Math.max(0, (this.nextIndex ?? 0) - frame.first_index);
    this.counts.duplicates += Math.min(known, frame.samples.length);
    if (known >= frame.samples.length) return false;
    const first_index = frame.first_index + known, samples = frame.samples.subarray(known);
    this.nextIndex = first_index + samples.length;
    const captured_ms = this._captured_ms(frame, now_ms) + known * this._period_ms;
    this._runs.push({ first_index, captured_ms, samples });
    if (samples.length * this._period_ms <= LIVE_SPAN_MS) this._delay.observe(now_ms - captured_ms, now_ms);
    this._limit();
    return true;
  }

  /** Take out the runs whose time has come. @param {number} now_ms @returns {Run[]} */
  due(now_ms) {
    const pen_ms = now_ms - this._delay.ms(now_ms);
    const due = [];
    while (this._runs.length) {
      const run = this._runs[0];
      const isOvertaken = this._runs.length > 1 && this._runs[1].captured_ms <= pen_ms; // a board running fast
      const count = isOvertaken ? run.samples.length
        : Math.min(run.samples.length, Math.floor((pen_ms - run.captured_ms) / this._period_ms) + 1);
      if (count <= 0) break;
      due.push({ ...run, samples: run.samples.subarray(0, count) });
      if (count < run.samples.length) {
        this._runs[0] = { first_index: run.first_index + count, samples: run.samples.subarray(count),
          captured_ms: run.captured_ms + count * this._period_ms };
        break;
      }
      this._runs.shift();
    }
    return due;
  }

  /** @param {SampleFrame} frame @param {number} now_ms */
  _captured_ms(frame, now_ms) {
    const span_ms = frame.samples.length * this._period_ms;
    this.isAgeKnown = Number.isFinite(frame.captured_ms) && frame.captured_ms + span_ms < now_ms + FUTURE_MS;
    if (this.isAgeKnown) return frame.captured_ms;
    const guess_ms = this._guess.ms + (frame.first_index - this._guess.index) * this._period_ms;
    if (guess_ms + span_ms <= now_ms && guess_ms + span_ms >= now_ms - GUESS_MS) return guess_ms;
    this._guess = { index: frame.first_index, ms: now_ms - span_ms };
    return this._guess.ms;
  }

  _limit() {
    let waiting = 0;
    for (const run of this._runs) waiting += run.samples.length;
    while (waiting * this._period_ms > QUEUE_MS && this._runs.length > 1) {
      const oldest = /** @type {Run} */ (this._runs.shift());
      waiting -= oldest.samples.length;
      this.counts.overflow += oldest.samples.length;
    }
  }
}
