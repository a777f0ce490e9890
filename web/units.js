/** Units, sources and numbers as people read them; as templates/device_words.html writes them. */
import { number, t } from "./words.js";

/** @param {string} unit UCUM */
export function unitWord(unit) {
  switch (unit) {
    case "/min": return t("lần/phút");
    case "mm[Hg]": return "mmHg";
    case "Cel": return "°C";
    case "1": return "";
    default: return unit;
  }
}

/** What a heart rate was counted on; a source that this page does not know as it was said.
 * @param {string | null} source of contract/codes.py */
export function sourceWord(source) {
  switch (source) {
    case "ecg": return "ECG";
    case "cuff": return t("băng đo");
    case "device": return t("thiết bị");
    default: return source ?? "";
  }
}

/** One digit after the point, for those that have any. @param {number | null} value */
export function numberText(value) {
  if (value === null) return "---";
  return number(value, Number.isInteger(value) ? 0 : 1);
}
