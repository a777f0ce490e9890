/** Session descriptions as they go to a station: only what it can use, for on 64 kbit/s each 1,000 bytes take 0.13 s. */

// What both sides understand of a packet's header; Chromium offers eight more.
const EXTENSIONS = /sdes:mid$|abs-send-time$|transport-wide-cc-extensions-01$/;

/** @param {string} line @param {RegExp} kind */
function isCandidate(line, kind) {
  return line.startsWith("a=candidate:") && kind.test(line);
}

/**
 * Leave out: candidates for TCP without a server in between, which nobody at a station answers; those that only
 * this machine's own network could resolve (`.local`), for the station would wait for each in vain, unless there
 * are no others; header extensions that no station knows.
 * @param {string} sdp
 */
export function trimmed(sdp) {
  const lines = sdp.split("\r\n").filter((line) => !isCandidate(line, / tcp .* typ host /)
    && !(line.startsWith("a=extmap:") && !EXTENSIONS.test(line)) && line !== "a=extmap-allow-mixed"
    && !/^a=ssrc:\d+ msid:/.test(line));
  const isHidden = (/** @type {string} */ line) => isCandidate(line, / \S+\.local /);
  const hasOthers = lines.some((line) => line.startsWith("a=candidate:") && !isHidden(line));
  return (hasOthers ? lines.filter((line) => !isHidden(line)) : lines).join("\r\n");
}

/**
 * A station's offer as a browser is to read it that has such a way back: a Chromium sends its feedback each 50 to 250 ms,
 * by 5 % of what it believes that it may send. Where it sends nothing it believes what it was told at first.
 * @param {string} sdp @param {number} bps
 */
export function withWayBack(sdp, bps) {
  return sdp.replace(/(x-google-start-bitrate=)\d+/, `$1${Math.max(1, Math.round(bps / 1_000))}`);
}
