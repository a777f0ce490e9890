/** How the operator's voice is coded, by what the link carries, and how a description says so (RFC 7587). */

/** @typedef {{bps: number, ptime_ms: number}} VoiceMode  bps: Opus alone; a packet's headers come on top */

// By what the station believes the link carries: a frame's length costs more than its bits (58 bytes of headers).
/** @type {(VoiceMode & {above_bps: number})[]} */
const MODES = [
  { above_bps: 200_000, bps: 24_000, ptime_ms: 20 },
  { above_bps: 100_000, bps: 16_000, ptime_ms: 40 },
  { above_bps: 0, bps: 12_000, ptime_ms: 60 },
];
const UP_AGAIN = 1.25; // a link at the edge between two modes does not make them alternate
/** @type {VoiceMode} */
export const UNKNOWN_LINK = MODES[1];

/**
 * The mode for a link. @param {number | null | undefined} target_bps unknown: neither the best nor the worst
 * @param {VoiceMode} [now] the one in use
 * @returns {VoiceMode}
 */
export function voiceMode(target_bps, now) {
  if (target_bps === null || target_bps === undefined) return now ?? UNKNOWN_LINK;
  const mode = MODES.find((one) => target_bps >= one.above_bps) ?? MODES[MODES.length - 1];
  if (!now || mode.bps <= now.bps) return mode;
  return MODES.find((one) => target_bps >= one.above_bps * UP_AGAIN && one.bps >= now.bps) ?? now;
}

/**
 * A description that asks its reader to send voice so: mono, with forward error correction, silent when nobody
 * speaks. @param {string} sdp @param {VoiceMode} mode
 */
export function askForVoice(sdp, mode) {
  const lines = sdp.split("\r\n");
  const opus = lines.map((line) => /^a=rtpmap:(\d+) opus\/48000/i.exec(line)?.[1]).find((type) => type !== undefined);
  if (opus === undefined) return sdp;
  const asked = `a=fmtp:${opus} minptime=10;useinbandfec=1;usedtx=1;stereo=0;maxaveragebitrate=${mode.bps}`;
  const kept = lines.filter((line) => !line.startsWith(`a=fmtp:${opus} `) && !/^a=(max)?ptime:/.test(line));
  const at = kept.findIndex((line) => line.startsWith(`a=rtpmap:${opus} `));
  kept.splice(at + 1, 0, asked, `a=ptime:${mode.ptime_ms}`, "a=maxptime:60");
  return kept.join("\r\n");
}
