/** A moment as exactly as it is known and no more exactly; as hub/console/ages.py and hub/cases/note_words.py write it. */
import { formatAge, formatAtPlace, formatTimeOfDay } from "./ages.js";
import { t } from "./words.js";

/** @typedef {{earliest_ms: number | null, latest_ms: number | null, best_ms: number | null}} Moment hub UTC; null: open */

const HOUR_MS = 3_600_000, EXACT_WITHIN_MS = 1_000;
const DATE = /** @type {const} */ ({ day: "2-digit", month: "2-digit", year: "numeric" });
const MINUTES = /** @type {const} */ ({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** The day, "26/11/2026". @param {number} utc_ms */
export function formatDate(utc_ms) {
  return formatAtPlace(utc_ms, DATE);
}

/** "26/11/2026 13:05:22", "… ± 3 s", "… 13:05 – 13:40", "trước …" or "không rõ lúc nào". @param {Moment} moment */
export function formatMoment({ earliest_ms, latest_ms, best_ms }) {
  if (earliest_ms === null || latest_ms === null) {
    if (latest_ms === null) return t("không rõ lúc nào");
    return t("trước {time}", { time: `${formatDate(latest_ms)} ${formatTimeOfDay(latest_ms)}` });
  }
  const err_ms = best_ms === null ? Infinity : Math.max(best_ms - earliest_ms, latest_ms - best_ms);
  if (best_ms !== null && err_ms < HOUR_MS) {
    const text = `${formatDate(best_ms)} ${formatTimeOfDay(best_ms)}`;
    return err_ms <= EXACT_WITHIN_MS ? text : `${text} ± ${formatAge(Math.ceil(err_ms / 1_000) * 1_000)}`;
  }
  const [from, until] = [formatDate(earliest_ms), formatDate(latest_ms)];
  return `${from} ${formatAtPlace(earliest_ms, MINUTES)} – ${from === until ? "" : `${until} `}${formatAtPlace(latest_ms, MINUTES)}`;
}

/** A moment between two that are known. @param {Moment} begin @param {Moment} end @param {number} share 0: begin; 1: end
 * @returns {Moment} */
export function between(begin, end, share) {
  const mix = (/** @type {number | null} */ a, /** @type {number | null} */ b) =>
    (a === null || b === null ? null : a + share * (b - a));
  return { earliest_ms: mix(begin.earliest_ms, end.earliest_ms), latest_ms: mix(begin.latest_ms, end.latest_ms),
    best_ms: mix(begin.best_ms, end.best_ms) };
}
