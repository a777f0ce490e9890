/** The call of a station on its own page: how it is, what comes next, and a button for every step with its key. */
import { keyLabel } from "../../../web/keys.js";
import { t } from "../../../web/words.js";
import { callText, notes, sinceText } from "./call_words.js";
import { myDeeds } from "./deeds.js";
import { me, say } from "./page.js";

/** @typedef {import("./stream.js").Call} Call @typedef {import("../../../web/keys.js").Deed} Deed */

/** In this order. @type {[Deed, (call: Call) => string][]} */
const BUTTONS = [
  ["answer", (call) => (call.group === "parked" ? t("Nhận") : t("Trả lời"))],
  ["hold", (call) => (call.state === "HELD" ? t("Nói tiếp") : t("Giữ máy"))],
  ["park", () => t("Gác lại")],
  ["second", () => t("Người thứ hai")],
  ["transfer", () => t("Chuyển")],
  ["doctor", () => t("Bác sĩ")],
  ["turn", (call) => (call.turn ? t("Lấy lại lời") : t("Nhường lời"))],
  ["decline", (call) => (call.asked?.to === me ? t("Từ chối") : t("Thôi nhờ"))],
  ["minutes", () => t("Biên bản")],
  ["ring", () => t("Gọi trạm")],
  ["end", (call) => (call.owner !== me ? t("Rời cuộc gọi") : call.state === "CALLING" ? t("Thôi gọi") : t("Kết thúc"))],
];

export class CallBar {
  /** @param {HTMLElement} place @param {{can: (deed: Deed) => boolean, talkHere: () => void}} page what its page does */
  constructor(place, { can, talkHere }) {
    this._place = place;
    this._can = can;
    this._talkHere = talkHere;
    this._shown = "";
  }

  /** @param {Call | undefined} call @param {boolean} mayTalkHere its picture and voice are ours, and elsewhere */
  show(call, mayTalkHere) {
    this._place.hidden = !call;
    if (!call) return;
    const key = `${call.id} ${call.revision} ${mayTalkHere} ${this._can("minutes")}`;
    if (this._shown !== key) {
      this._shown = key;
      this._build(call, mayTalkHere);
    }
    say(this._place.querySelector(".callbar-time"), sinceText(call));
    say(this._place.querySelector(".callbar-notes"), notes(call).join(" · "));
  }

  /** @param {Call} call @param {boolean} mayTalkHere */
  _build(call, mayTalkHere) {
    const had = /** @type {HTMLElement | null} */ (this._place.querySelector("[data-deed]:focus"))?.dataset.deed;
    this._place.dataset.group = call.group;
    this._place.dataset.state = call.state;
    this._place.classList.toggle("is-practice", call.is_practice);
    this._place.classList.toggle("is-emergency", call.is_emergency);
    const text = document.createElement("strong"), time = document.createElement("span");
    const more = document.createElement("span"), tools = document.createElement("div");
    text.textContent = [call.is_emergency ? t("KHẨN CẤP") : "", callText(call)].filter(Boolean).join(" · ");
    time.className = "callbar-time";
    more.className = "callbar-notes";
    tools.className = "callbar-tools";
    if (mayTalkHere) {
      const here = document.createElement("button");
      here.className = "primary";
      here.textContent = t("Nói chuyện ở trang này");
      here.addEventListener("click", this._talkHere);
      tools.append(here);
    }
    const deeds = myDeeds(call);
    for (const [deed, label] of BUTTONS) if (deeds.has(deed) && this._can(deed)) tools.append(newButton(deed, label(call)));
    if (call.group === "callback") tools.append(newLink("/calls", t("Xem danh sách")));
    this._place.replaceChildren(text, " ", time, " ", more, tools);
    /** @type {HTMLElement | null} */ (this._place.querySelector(`[data-deed="${had}"]`))?.focus();
  }
}

/** @param {Deed} deed @param {string} label */
function newButton(deed, label) {
  const button = document.createElement("button"), kbd = document.createElement("kbd");
  button.dataset.deed = deed;
  if (deed === "answer") button.className = "primary";
  kbd.textContent = keyLabel(deed);
  button.append(`${label} `, kbd);
  return button;
}

/** @param {string} address @param {string} text */
function newLink(address, text) {
  const link = document.createElement("a");
  link.href = address;
  link.textContent = text;
  return link;
}
