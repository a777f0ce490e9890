/** The numbers at the cursor: each with how long before it was measured. Older than five seconds it is no number. */
import { formatAge } from "../../../web/ages.js";
import { timeOf } from "../../../web/calipers.js";
import { numberText, sourceWord, unitWord } from "../../../web/units.js";
import { t } from "../../../web/words.js";

/** @typedef {import("../../../web/piece.js").PastStream} PastStream @typedef {import("../../../web/piece.js").Run} Run */

const LIMIT_US = 5_000_000; // as web/values.js

/** The newest sample at or before a moment. @param {Run[]} runs @param {number} at_us */
function newestBefore(runs, at_us) {
  let found = null;
  for (const run of runs) {
    const i = Math.min(run.samples.length - 1, Math.floor(((at_us - run.t_us) * run.rate_hz) / 1e6 + 1e-6));
    if (i >= 0) found = { t_us: timeOf(run, i), raw: run.samples[i] };
  }
  return found;
}

/** @param {HTMLElement} list @param {PastStream[]} streams @param {Map<string, Run[]>} runs
 * @param {{at_us: number, isWhole: boolean}} cursor `isWhole` false: zoomed out, there are no samples */
export function showNumbers(list, streams, runs, { at_us, isWhole }) {
  const lines = streams.filter((one) => one.kind === "numeric").map((stream) => {
    const line = document.createElement("li"), value = document.createElement("strong"), age = document.createElement("small");
    const newest = isWhole ? newestBefore(runs.get(stream.key) ?? [], at_us) : null;
    const isShown = newest !== null && at_us - newest.t_us <= LIMIT_US;
    const shown = newest && isShown ? Math.round(newest.raw * stream.scale * 1_000) / 1_000 : null;
    value.textContent = `${numberText(shown)} ${shown === null ? "" : unitWord(stream.unit)}`;
    const before = { age: newest ? formatAge((at_us - newest.t_us) / 1_000) : "" };
    if (newest) age.textContent = isShown ? t("đo trước con trỏ {age}", before) : t("số cuối trước con trỏ {age}", before);
    line.dataset.mdc = String(stream.mdc);
    line.append([t(stream.label), sourceWord(stream.source), stream.device_name].filter(Boolean).join(" · "), " ", value, " ", age);
    if (stream.unverified) line.append(" ", t("chưa kiểm chứng"));
    return line;
  });
  list.replaceChildren(...lines);
  if (!isWhole) list.append(t("Thu nhỏ không có số tại con trỏ: trở lại 25 mm/s để xem."));
}
