/** Which device is it? The station's questions, read again when one changes, and the operator's answers. */
import { t } from "../../../web/words.js";
import { post, tellUser } from "./console.js";
import { parseFragment } from "./fragment.js";

/** @typedef {import("./console.js").Question} Question */

export class Questions {
  /** @param {string} station @param {HTMLElement} place */
  constructor(station, place) {
    this._address = `/stations/${station}/questions`;
    this._place = place;
    this._shown = "";
    this._isReading = false;
    place.addEventListener("submit", (event) => void this._answer(event));
  }

  /** @param {Question[]} questions as the event stream has them */
  show(questions) {
    const key = JSON.stringify(questions);
    if (!questions.length && !this._place.childElementCount) this._shown = key; // as the page came
    if (key !== this._shown && !this._isReading) void this._read(key);
  }

  /** @param {string} key */
  async _read(key) {
    this._isReading = true;
    const answer = await fetch(this._address, { headers: { Accept: "application/json" } }).catch(() => null);
    const text = answer?.ok ? await answer.text().catch(() => null) : null;
    this._isReading = false;
    if (text === null) return; // tried again at the next row, or with the next age
    this._place.replaceChildren(...parseFragment(text).body.childNodes);
    this._shown = key;
  }

  /** @param {SubmitEvent} event */
  async _answer(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
    const answer = await post(form.action, { is_device: button?.value ?? "" });
    if (!answer?.is_done) tellUser(answer?.error ? t(answer.error) : t("Chưa gửi được. Hãy thử lại."));
  }
}
