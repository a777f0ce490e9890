/** The words of a station's row, as hub/console/fleet.py and templates/presence_words.html have them. */
import { formatAge } from "../../../web/ages.js";
import { t } from "../../../web/words.js";
import { TROUBLES } from "./fleet_data.js";

/** @param {string} word */
export function wordText(word) {
  switch (word) {
    case "LIVE": return t("đang nghe");
    case "LATE": return t("trễ");
    case "SILENT": return t("im lặng");
    default: return t("chưa từng nghe");
  }
}

/** @param {string} trouble of TROUBLES */
export function troubleText(trouble) {
  switch (trouble) {
    case "SPOOL": return t("bản ghi chờ lâu");
    case "LOSS": return t("đường truyền mất gói");
    case "POWER": return t("nguồn điện yếu");
    case "HOT": return t("hộp quá nóng");
    case "DISK": return t("đĩa gần đầy");
    case "CLOCK": return t("đồng hồ lệch");
    case "DEVICE": return t("thiết bị im lặng");
    case "QUESTION": return t("thiết bị cần xác nhận");
    default: return t("trung tâm từ chối bản ghi");
  }
}

/** @param {number} bits */
export function troublesText(bits) {
  return TROUBLES.filter((_, at) => bits & (1 << at)).map(troubleText).join(", ");
}

/** "đang nghe · 12 s". @param {string} word @param {number | null} age_ms @param {boolean} isCut */
export function heardText(word, age_ms, isCut) {
  const cut = isCut ? ` · ${t("mất kết nối")}` : "", age = formatAge(age_ms);
  switch (word) {
    case "NEVER": return t("chưa từng nghe") + cut;
    case "LIVE": return t("đang nghe · {age}", { age }) + cut;
    case "LATE": return t("trễ · {age}", { age }) + cut;
    default: return t("im lặng · {age}", { age }) + cut;
  }
}
