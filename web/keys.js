/** The keys of the console: one table, from which the help is written and which the dispatcher obeys.
 *
 * Letters, each the first of what it does where one was free, and none that Telex, by which Vietnamese is typed,
 * makes another letter of when it is pressed alone (W). Arrows and digits where something is looked through. They do nothing inside fields; F-keys work there too.
 */
import { t } from "./words.js";

/**
 * @typedef {"answer" | "accept" | "decline" | "hold" | "park" | "second" | "transfer" | "doctor" | "turn" | "ring"
 *   | "minutes" | "end" | "mute" | "photo" | "size" | "detail" | "picture" | "take" | "close" | "all" | "find" | "rows" | "help"
 *   | "gain" | "filter" | "past" | "back" | "forward" | "pageBack" | "pageForward" | "eventBack" | "eventForward"
 *   | "zoom" | "first" | "second-marker" | "unmark" | "paper"} Deed
 * @typedef {{deed: Deed, key: string, text: () => string, sign?: string, repeats?: boolean}} Key  `key` as
 *   `KeyboardEvent.key`, letters small; `sign`: how it is written; `repeats`: again and again while it is held
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
  { deed: "back", key: "ArrowLeft", sign: "←", repeats: true, text: () => t("Lùi một giây") },
  { deed: "forward", key: "ArrowRight", sign: "→", repeats: true, text: () => t("Tới một giây") },
  { deed: "pageBack", key: "PageUp", sign: "Page ↑", repeats: true, text: () => t("Lùi một màn hình") },
  { deed: "pageForward", key: "PageDown", sign: "Page ↓", repeats: true, text: () => t("Tới một màn hình") },
  { deed: "eventBack", key: "q", text: () => t("Đến sự kiện trước") },
  { deed: "eventForward", key: "e", text: () => t("Đến sự kiện sau") },
  { deed: "first", key: "1", text: () => t("Thước đo: mốc 1; mũi tên dời từng mẫu") },
  { deed: "second-marker", key: "2", text: () => t("Thước đo: mốc 2; mũi tên dời từng mẫu") },
  { deed: "unmark", key: "0", text: () => t("Bỏ thước đo") },
  { deed: "zoom", key: "u", text: () => t("Thu nhỏ: 25 mm/s, rồi một phút, rồi mười phút") },
  { deed: "gain", key: "z", text: () => t("Biên độ điện tim: 10, 5 hoặc 20 mm/mV") },
  { deed: "filter", key: "f", text: () => t("Lọc hiển thị: không, 0,5–40 Hz, hoặc bỏ 50 Hz") },
  { deed: "past", key: "o", text: () => t("Xem lại các lượt khám của trạm") },
  { deed: "paper", key: "i", text: () => t("PDF của đoạn đang xem") },
  { deed: "find", key: "/", text: () => t("Tìm trạm") },
  { deed: "rows", key: "l", text: () => t("Đến danh sách; ↑ ↓ PageUp PageDown Home End để đi, Enter để mở") },
  { deed: "help", key: "?", text: () => t("Các phím") },
];
const FIELDS = "input:not([type=range], [type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable]";

/** How a key is written on its button. @param {Deed} deed */
export function keyLabel(deed) {
  const key = KEYS.find((one) => one.deed === deed);
  return key?.sign ?? key?.key.toUpperCase() ?? "";
}

/** Which key it was. An input method may have made something else of a letter. @param {KeyboardEvent} event */
function keyOf(event) {
  const { key } = event;
  if (/^(F\d+|[?/]|[A-Za-z0-9]|Arrow(Left|Right)|Page(Up|Down))$/.test(key)) return key.length === 1 ? key.toLowerCase() : key;
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
    const key = keyOf(event), known = this.known.find((one) => one.key === key), deed = known?.deed;
    if (!deed || event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (event.repeat && !known.repeats) return;
    if (event.shiftKey && key.length > 1) return;
    const target = /** @type {HTMLElement | null} */ (event.target);
    if (!/^F\d/.test(key) && (target?.closest(FIELDS) || (document.querySelector("dialog[open]") && deed !== "help"))) return;
    event.preventDefault();
    this._deeds.get(deed)?.run();
  }
}
