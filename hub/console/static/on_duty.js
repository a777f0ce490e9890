/** Whether this console is on duty: it proves to the hub every few seconds that it could hear and answer, and says so
 * only while the hub has taken the proof. */
import { Duty } from "../../../web/duty.js";
import { t } from "../../../web/words.js";
import { consoleId, mayAnswer, place, postJson, say } from "./page.js";
import { clock, news } from "./stream.js";

const PROOF_MS = 5_000; // as PROOF_EVERY_S of hub/routing/duty.py
const PASSING = ["clock", "microphone checking"]; // for a moment after each load: no reason to call for somebody

/** What is missing, and what to do. @param {import("../../../web/duty.js").Fault} fault */
function faultText(fault) {
  switch (fault) {
    case "clock": return t("chưa biết giờ của trung tâm");
    case "sound": return t("trình duyệt chưa cho phát tiếng: nhấn một phím bất kỳ");
    case "loudspeaker": return t("không có loa hay tai nghe: hãy cắm vào");
    case "microphone checking": return t("đang thử micrô");
    case "microphone ask": return t("trình duyệt chưa cho dùng micrô: nhấn một phím bất kỳ rồi chọn Cho phép");
    case "microphone missing": return t("không có micrô: hãy cắm vào. Vẫn trả lời được, nhưng trạm sẽ không nghe tiếng");
    case "microphone refused": return t("trình duyệt chặn micrô: nhấn vào biểu tượng cạnh địa chỉ trang và cho phép micrô");
    case "microphone busy": return t("chương trình khác đang dùng micrô: hãy đóng chương trình đó");
  }
}

export class OnDuty {
  /** @param {import("../../../web/ring.js").Ring} ring @param {() => void} onChange called when `isOn` is another */
  constructor(ring, onChange) {
    this.proof = new Duty(ring, clock);
    this._onChange = onChange;
    this._until_ms = -Infinity; // how long the hub counts on us
    this._wasOn = false;
    this._isSaying = false;
    this._isSaidAgain = false;
  }

  /** The console could hear and answer, and the hub knows it. */
  get isOn() {
    return this.proof.isOn && clock.monotonic_ms() < this._until_ms;
  }

  get faults() {
    return this.proof.faults;
  }

  begin() {
    this.proof.addEventListener("change", () => {
      void this._say();
      this._show();
    });
    place("duty-again").addEventListener("click", () => void this.proof.prove());
    news.addEventListener("calls", () => this.look());
    news.addEventListener("age", () => this.look());
    window.addEventListener("pagehide", () => this._goodbye());
    window.addEventListener("pageshow", (event) => { if (event.persisted) void this._say(); });
    window.setInterval(() => void this._say(), PROOF_MS);
    this._show();
    this.proof.begin();
  }

  /** Is everything still so? */
  look() {
    this.proof.look();
    if (this.isOn !== this._wasOn) this._show();
  }

  async _say() {
    if (this._isSaying) {
      this._isSaidAgain = true;
      return;
    }
    this._isSaying = true;
    do {
      this._isSaidAgain = false;
      const { faults } = this, lacks = (/** @type {string} */ what) => faults.some((fault) => fault.startsWith(what));
      const began_ms = clock.monotonic_ms();
      const answer = await postJson("/duty", { console: consoleId, sound: !lacks("sound") && !lacks("loudspeaker"),
        microphone: !lacks("microphone"), clock_offset_ms: clock.offset_ms });
      if (answer) this._until_ms = answer.missing?.length === 0 ? began_ms + answer.lease_s * 1000 : -Infinity;
    } while (this._isSaidAgain);
    this._isSaying = false;
    this.look();
  }

  _goodbye() {
    this._until_ms = -Infinity;
    const said = JSON.stringify({ console: consoleId, goodbye: true });
    navigator.sendBeacon("/duty", new Blob([said], { type: "application/json" }));
  }

  _show() {
    const { isOn } = this, faults = this.faults.filter((fault) => !PASSING.includes(fault));
    place("duty").hidden = faults.length === 0;
    const said = { faults: faults.map(faultText).join("; ") };
    say(place("duty-text"), mayAnswer ? t("Máy này chưa trực, trạm không được báo là đang đổ chuông: {faults}.", said)
      : t("Máy này chưa trực, đồng nghiệp không thấy là mời bạn được: {faults}.", said));
    const chip = place("on-duty"), passing = this.faults.map(faultText).join("; ");
    chip.hidden = false;
    chip.classList.toggle("is-off", !isOn);
    say(chip, isOn ? t("đang trực") : faults.length ? t("chưa trực") : passing || t("chờ trung tâm xác nhận"));
    if (isOn === this._wasOn) return;
    this._wasOn = isOn;
    this._onChange();
  }
}
