/** How a description says in which way the operator's voice is to be coded (RFC 7587). */

/** @typedef {{bps: number, ptime_ms: number}} VoiceMode  bps: Opus alone; a packet's headers come on top */

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
