/** Whether a station is there: worked out from clocks whenever it is shown, as hub/fleet/presence.py does it. */

/** @typedef {"LIVE" | "LATE" | "SILENT" | "NEVER"} Word
 *  @typedef {{live_s: number[], late_factor: number, old_s: number}} Limits  `live_s` by rhythm */

export const WORDS = /** @type {Word[]} */ (["LIVE", "LATE", "SILENT", "NEVER"]);

/** @param {number | null} age_s since it was heard, null: never @param {number} rhythm @param {boolean} isCut
 * @param {Limits} limits @returns {Word} */
export function wordOf(age_s, rhythm, isCut, limits) {
  if (age_s === null) return "NEVER";
  const limit_s = limits.live_s[rhythm] ?? limits.live_s[0];
  if (age_s > limit_s * limits.late_factor) return "SILENT";
  return age_s > limit_s || isCut ? "LATE" : "LIVE";
}
