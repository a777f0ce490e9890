/** What this page sends at most, by what the station says that the way to it carries. Source: docs/media.md, section 8. */

/** @typedef {import("./voice.js").VoiceMode} VoiceMode
 *  @typedef {{bps: number, fps: number, shrink: number}} Picture  shrink: of PICTURE's sides
 *  @typedef {{above_bps: number, voice: VoiceMode, picture: Picture | null}} WayBack  picture null: there is no room */

// Voice first. With headers it takes 47, 28, 20 and 14 kbit/s: a frame's length costs more than its bits (58 bytes a
// packet). What is left beside feedback and signals, 6 to 10 kbit/s, is the picture's.
const NARROW = { bps: 12_000, ptime_ms: 60 };
/** @type {WayBack[]} from the best */
const RUNGS = [
  { above_bps: 200_000, voice: { bps: 24_000, ptime_ms: 20 }, picture: { bps: 120_000, fps: 15, shrink: 1 } },
  { above_bps: 100_000, voice: { bps: 16_000, ptime_ms: 40 }, picture: { bps: 50_000, fps: 12, shrink: 1 } },
  { above_bps: 64_000, voice: NARROW, picture: { bps: 25_000, fps: 8, shrink: 2 } },
  { above_bps: 40_000, voice: NARROW, picture: { bps: 12_000, fps: 5, shrink: 2 } },
  { above_bps: 25_000, voice: NARROW, picture: null },
  { above_bps: 0, voice: { bps: 8_000, ptime_ms: 60 }, picture: null },
];
const UP_AGAIN = 1.25; // a link at the edge between two rungs does not make them alternate
/** Until the station has said something: its own first word. @type {WayBack} */
export const UNKNOWN_WAY = RUNGS[3];
/** The most that is ever sent. */
export const BEST_WAY = RUNGS[0];

/**
 * The rung for a way that carries this. Down at once, up with room to spare.
 * @param {number | null | undefined} down_bps unknown: as it is @param {WayBack} now
 * @returns {WayBack}
 */
export function wayBack(down_bps, now) {
  if (typeof down_bps !== "number") return now;
  /** @param {number} bps */
  const rungOf = (bps) => RUNGS.find((one) => bps >= one.above_bps) ?? RUNGS[RUNGS.length - 1];
  const rung = rungOf(down_bps);
  if (rung.above_bps <= now.above_bps) return rung;
  const sure = rungOf(down_bps / UP_AGAIN);
  return sure.above_bps > now.above_bps ? sure : now;
}
