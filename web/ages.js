/** Age of data as a type: what the hub's clock says now, and how an age is written. */
import { t } from "./words.js";

const WINDOW_MS = 60_000; // messages remembered for the estimate; a hub clock stepped back heals within this
const WINDOW_COUNT = 256; // more messages a minute than that add nothing to the estimate
const SLEEP_MS = 1_000; // wall clock ahead of performance.now() by more than this: the machine slept
const FUTURE_MS = 1_000; // a time further ahead of the hub's clock than this is not believed

/**
 * The hub's UTC now, from the `now_ms` of its messages. The browser's own date is never used,
 * so it may be days off; only its progress is, to notice a machine that slept.
 */
export class HubClock {
  /** @param {{perf_ms?: () => number, wall_ms?: () => number}} [clocks] */
  constructor({ perf_ms = () => performance.now(), wall_ms = () => Date.now() } = {}) {
    /** Whether its times are times of day: a station that knows no time tells ages alone. */
    this.isUtc = true;
    this._perf_ms = perf_ms;
    this._wall_ms = wall_ms;
    this._lastPerf_ms = perf_ms();
    this._lastWall_ms = wall_ms();
    this._slept_ms = 0;
    this._sleptHeard_ms = 0;
    /** @type {number | null} */
    this._offset_ms = null;
    /** @type {{at_ms: number, offset_ms: number}[]} */
    this._heard = [];
  }

  /** Milliseconds that only grow, time asleep included. */
  monotonic_ms() {
    const perf = this._perf_ms(), wall = this._wall_ms();
    const missing = (wall - this._lastWall_ms) - (perf - this._lastPerf_ms);
    if (missing > SLEEP_MS) this._slept_ms += missing;
    this._lastPerf_ms = perf;
    this._lastWall_ms = wall;
    return perf + this._slept_ms;
  }

  /** A message of the hub has just arrived. @param {unknown} now_ms hub UTC when it was sent */
  hear(now_ms) {
    if (typeof now_ms !== "number" || !Number.isFinite(now_ms)) return;
    const at_ms = this.monotonic_ms();
    if (this._slept_ms !== this._sleptHeard_ms) this._heard = []; // a sleep or a stepped date: start afresh
    this._sleptHeard_ms = this._slept_ms;
    this._heard.push({ at_ms, offset_ms: now_ms - at_ms });
    while (this._heard[0].at_ms < at_ms - WINDOW_MS || this._heard.length > WINDOW_COUNT) this._heard.shift();
    this._offset_ms = this._heard.reduce((most, one) => Math.max(most, one.offset_ms), -Infinity);
  }

  /** The hub's clock minus this page's monotonic one, in ms; null before the first message. */
  get offset_ms() {
    return this._offset_ms;
  }

  /** Hub UTC now, in ms; null before the first message. The quickest message of a minute counts. */
  now_ms() {
    return this._offset_ms === null ? null : this.monotonic_ms() + this._offset_ms;
  }

  /** Age in ms of a hub UTC time; null when either is unknown or the time lies in the future.
   * @param {number | null | undefined} time_ms */
  age_ms(time_ms) {
    const now_ms = this.now_ms();
    if (now_ms === null || time_ms === null || time_ms === undefined || !Number.isFinite(time_ms)) return null;
    const age_ms = now_ms - time_ms;
    return age_ms < -FUTURE_MS ? null : Math.max(0, age_ms);
  }
}

/** "12 s", "3 phút", "2 giờ 05", "4 ngày", "không rõ". @param {number | null} age_ms */
export function formatAge(age_ms) {
  if (age_ms === null || !Number.isFinite(age_ms) || age_ms < 0) return t("không rõ");
  const s = Math.floor(age_ms / 1000);
  if (s < 60) return t("{n} s", { n: s });
  if (s < 3600) return t("{n} phút", { n: Math.floor(s / 60) });
  if (s < 48 * 3600) {
    return t("{h} giờ {m}", { h: Math.floor(s / 3600), m: String(Math.floor(s / 60) % 60).padStart(2, "0") });
  }
  return t("{n} ngày", { n: Math.floor(s / 86_400) });
}

/** On whose clock times are: the page says it, as the hub's pages do; else that of Vietnam. */
const timeZone = document.documentElement.dataset.zone ?? "Asia/Ho_Chi_Minh";
const TIME_OF_DAY = /** @type {const} */ ({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** A moment on the clock of the page's place, wherever the browser thinks it is: the one way from hub time to what
 * people read. @param {number} utc_ms @param {Intl.DateTimeFormatOptions} form */
export function formatAtPlace(utc_ms, form) {
  const key = JSON.stringify(form), format = formats.get(key) ?? new Intl.DateTimeFormat("vi-VN", { ...form, timeZone });
  formats.set(key, format);
  return format.format(utc_ms);
}

/** "13:05:22". @param {number} utc_ms */
export function formatTimeOfDay(utc_ms) {
  return formatAtPlace(utc_ms, TIME_OF_DAY);
}
