/** The keys of the console: one table, from which the help is written and which the dispatcher obeys.
 *
 * Letters only, each the first of what it does where one was free, and none that Telex, by which Vietnamese is typed,
 * makes another letter of when it is pressed alone (W). They do nothing inside fields; F-keys work there too.
 */
import { t } from "./words.js";

/**
 * @typedef {"answer" | "accept" | "decline" | "hold" | "park" | "second" | "transfer" | "doctor" | "turn" | "ring"
 *   | "minutes" | "end" | "mute" | "photo" | "size" | "detail" | "picture" | "take" | "close" | "all" | "find" | "rows" | "help"} Deed
 * @typedef {{deed: Deed, key: string, text: () => string}} Key  `key` as `KeyboardEvent.key`, letters small
 */

/** In the order in which the help shows them; no page does two things by one key. @type {Key[]} */
export const KEYS = [
  { deed: "answer", key: "F2", text: () => t("Trả lời, hoặc nhận cuộc gọi đang gác; từ mọi trang") },
  { deed: "accept", key: "y", text: () => t("Nhận điều đồng nghiệp nhờ") },
  { deed: "decline", key: "n", text: () => t("Từ chối điều đồng nghiệp nhờ; hoặc thôi nhờ") },
  { deed: "hold", key: "h", text: () => t("Giữ máy: trạm chờ một lát; nhấn lần nữa để nói tiếp") },
  { deed: "park", key: "g", text: () => t("Gác lại cho bất kỳ ai nhận; sau một phút lại đổ chuông") },
  { deed: "second", key: "s", text: () => t("Nhờ người thứ hai cùng vào") },
  { deed: "transfer", key: "t", text: () => t("Chuyển cho người khác; chỉ sang khi người ấy nhận") },
  { deed: "doctor", key: "d", text: () => t("Mời bác sĩ") },
  { deed: "turn", key: "v", text: () => t("Nhường lời, hoặc lấy lại lời") },
  { deed: "ring", key: "r", text: () => t("Gọi trạm; đang gọi thì không làm gì") },
  { deed: "minutes", key: "b", text: () => t("Đến biên bản") },
  { deed: "end", key: "k", text: () => t("Kết thúc cuộc gọi; hoặc thôi gọi trạm") },
  { deed: "mute", key: "m", text: () => t("Tắt hoặc bật micrô") },
  { deed: "photo", key: "p", text: () => t("Chụp ảnh") },
  { deed: "size", key: "l", text: () => t("Hình lớn hoặc nhỏ") },
  { deed: "detail", key: "x", text: () => t("Xem chi tiết: hình rõ hơn, ít hình hơn; hoặc xem chuyển động") },
  { deed: "picture", key: "i", text: () => t("Thử lại hình, khi chỉ có tiếng; tiếng ngắt vài giây") },
  { deed: "take", key: "t", text: () => t("Nhận việc này") },
  { deed: "close", key: "c", text: () => t("Đóng, với lý do") },
  { deed: "all", key: "a", text: () => t("Nhận tất cả những gì được bàn giao") },
  { deed: "find", key: "f", text: () => t("Tìm trạm") },
  { deed: "rows", key: "l", text: () => t("Đến danh sách; ↑ ↓ PageUp PageDown Home End để đi, Enter để mở") },
  { deed: "help", key: "?", text: () => t("Các phím") },
];
const FIELDS = "input:not([type=range], [type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable]";

/** How a key is written on its button. @param {Deed} deed */
export function keyLabel(deed) {
  return KEYS.find((one) => one.deed === deed)?.key.toUpperCase() ?? "";
}

/** Which key it was. An input method may have made something else of a letter. @param {KeyboardEvent} event */
function keyOf(event) {
  if (/^(F\d+|\?|[A-Za-z])$/.test(event.key)) return event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return /^Key[A-Z]$/.test(event.code) ? event.code.slice(3).toLowerCase() : "";
}

/** Runs what a page can do, by key and by every element with `data-deed`. */
export class Keys {
  constructor() {
    /** @type {Map<Deed, {run: () => void, may: (deed: Deed) => boolean}>} */
    this._deeds = new Map();
    window.addEventListener("keydown", (event) => this._onKey(event));
    document.addEventListener("click", (event) => {
      const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-deed]"));
      const one = this._deeds.get(/** @type {Deed} */ (button?.dataset.deed));
      if (!one) return;
      event.preventDefault(); // its form, which serves where no script runs
      one.run();
    });
  }

  /** What this page does. @param {Partial<Record<Deed, () => void>>} deeds
   * @param {(deed: Deed) => boolean} [may] whether it would do anything now: the help says so */
  add(deeds, may = () => true) {
    for (const [deed, run] of Object.entries(deeds)) this._deeds.set(/** @type {Deed} */ (deed), { run, may });
  }

  /** Whether a key would do anything now. @param {Deed} deed */
  may(deed) {
    return this._deeds.get(deed)?.may(deed) ?? false;
  }

  /** What can be done on this page, for its help. @returns {Key[]} */
  get known() {
    return KEYS.filter((one) => this._deeds.has(one.deed));
  }

  /** @param {KeyboardEvent} event */
  _onKey(event) {
    const key = keyOf(event), deed = this.known.find((one) => one.key === key)?.deed;
    if (!deed || event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (event.shiftKey && key.length > 1) return;
    const target = /** @type {HTMLElement | null} */ (event.target);
    if (key.length === 1 && (target?.closest(FIELDS) || (document.querySelector("dialog[open]") && deed !== "help"))) return;
    event.preventDefault();
    this._deeds.get(deed)?.run();
  }
}
