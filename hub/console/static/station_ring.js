/** A station is called from its page: the buttons for it, who calls it now, and what came of that. */
import { t } from "../../../web/words.js";
import { leftText } from "./call_words.js";
import { mayBeRung, myDeeds } from "./deeds.js";
import { ringHere, ringsNoMore } from "./here.js";
import { me, place, post, say, tellUser } from "./page.js";

/** @typedef {import("./stream.js").Call} Call @typedef {import("./stream.js").StationRing} Ring */

/** One button at a time begins it or ends it; who looks on has none. A page of somebody who answers no calls has no
 * buttons, and only says who calls. */
export class RingButtons {
  /** @param {string} station */
  constructor(station) {
    this._station = station;
    const form = (/** @type {string} */ id) => /** @type {HTMLFormElement | null} */ (document.getElementById(id));
    this._begin = form("ring-begin");
    this._emergency = form("ring-emergency");
    this._stop = form("ring-stop");
    /** What the hub has been told, and has not shown yet. @type {HTMLFormElement | null} */
    this._told = null;
    this._shown = ""; // which ring, and what came of it
    for (const one of [this._begin, this._emergency, this._stop]) {
      one?.addEventListener("submit", (event) => { event.preventDefault(); void this._ask(one); });
    }
  }

  /** @param {Ring | null} ring @param {Call[]} here the station's open calls
   * @param {Call | undefined} shown the one whose steps the page offers: it has a button of its own for the key */
  show(ring, here, shown) {
    const isRung = ring !== null && ring.outcome === null, isMine = isRung && ring.by === me;
    const may = mayBeRung(here) && !isRung;
    say(place("ring-text"), isRung || may ? ringText(ring) : "");
    say(place("ring-left"), isMine ? t("còn {age}", { age: leftText(ring.until_ms) }) : "");
    if (this._begin) this._begin.hidden = !may || (shown !== undefined && myDeeds(shown).has("ring"));
    if (this._emergency) this._emergency.hidden = !may;
    if (this._stop) this._stop.hidden = !isMine;
    const now = JSON.stringify(ring);
    if (now !== this._shown || this._told?.hidden) this._told = null; // it may be over before its answer is here
    this._shown = now;
  }

  get mayBegin() {
    return this._begin?.hidden === false;
  }

  get mayStop() {
    return this._stop?.hidden === false;
  }

  begin() {
    if (this.mayBegin) this._begin?.requestSubmit();
  }

  stop() {
    if (this.mayStop) this._stop?.requestSubmit();
  }

  /** Tell the hub, without leaving the page: somebody may be talking on it. @param {HTMLFormElement} form */
  async _ask(form) {
    if (this._told === form) return;
    this._told = form;
    if (form === this._stop) ringsNoMore();
    else ringHere(this._station); // the station may accept before the hub answers
    const answer = await post(form.action, form === this._emergency ? { emergency: "1" } : {});
    if (this._told === form) this._told = null;
    if (answer?.is_done) return;
    ringsNoMore();
    tellUser(answer?.error ? t(answer.error) : t("Chưa làm được: mất liên lạc với trung tâm. Hãy thử lại."));
  }
}

/** @param {Ring | null} ring */
function ringText(ring) {
  switch (ring?.outcome) {
    case undefined: return "";
    case "declined": return t("Trạm từ chối.");
    case "unanswered": return t("Trạm không trả lời.");
    default: return ring?.by === me ? t("bạn đang gọi trạm") : t("{name} đang gọi trạm", { name: ring?.by ?? "" });
  }
}
