/** The alerts of the station on its page: read again when any alert has changed. */
import { parseFragment } from "./fragment.js";
import { place } from "./page.js";
import { news, state } from "./stream.js";

const AGAIN_MS = 15_000;
let shown = -1, shown_ms = 0, isReading = false;

/** @param {string} station */
async function read(station) {
  const number = state?.alerts.number ?? -1;
  if (isReading || document.hidden || (number === shown && performance.now() - shown_ms < AGAIN_MS)) return;
  isReading = true;
  const answer = await fetch(`/stations/${station}/alerts`).catch(() => null);
  const text = answer?.ok ? await answer.text().catch(() => null) : null;
  isReading = false;
  shown_ms = performance.now();
  if (text === null) return;
  shown = number;
  const next = parseFragment(text), block = place("station-alerts");
  if (next.body.innerHTML !== block.innerHTML) block.replaceChildren(...next.body.childNodes);
}

/** Keep the block of a station's alerts as the hub has them. @param {string} station */
export function keepStationAlerts(station) {
  news.addEventListener("state", () => void read(station));
}
