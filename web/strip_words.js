/** What stands above every strip, live or of the past: what scale it has, what was done to it. */
import { EcgGain } from "./gain.js";
import { number, t } from "./words.js";

/** @typedef {import("./filters.js").FilterName} FilterName */

export const GAINS_MM_PER_MV = [10, 5, 20]; // the first is the usual one
export const MM_PER_S = 25;

/** What our filter does; "raw": nothing. @param {FilterName} name */
export function filterText(name) {
  if (name === "monitor") return t("lọc hiển thị {low}–{high} Hz · ST không tin cậy", { low: number(0.5, 1), high: 40 });
  if (name === "notch") return t("lọc hiển thị: bỏ 50 Hz");
  return t("không lọc");
}

/** Of one strip: gain, speed, filter. What the device itself filtered, it does not say.
 * @param {import("./gain.js").Gain | undefined} gain @param {FilterName} filter */
export function scaleText(gain, filter) {
  if (gain instanceof EcgGain) {
    const words = [`${gain.mmPerMv} mm/mV`, `${MM_PER_S} mm/s`, filterText(filter)];
    if (gain.baselineRaw) words.push(t("đã dời vị trí"));
    words.push(t("lọc của máy: không rõ"));
    return words.join(" · ");
  }
  return gain ? [t("tự chỉnh"), `${MM_PER_S} mm/s`].join(" · ") : "";
}

/** The name of a lead; one that was reckoned from others says so. @param {{label: string, is_derived?: boolean}} stream */
export function leadText(stream) {
  return stream.is_derived ? t("{lead} (tính)", { lead: stream.label }) : stream.label;
}
