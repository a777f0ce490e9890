/** `<hd-value>`: one big number with its true age. Older than five seconds it is not shown at all. */
import { formatAge, HubClock } from "./ages.js";
import { numberText, sourceWord, unitWord } from "./units.js";
import { t } from "./words.js";

export const VALUE_LIMIT_MS = 5_000;
const TICK_MS = 250;
const NO_VALUE = "---";

/** @typedef {import("./live_texts.js").Reading} Reading */

/**
 * What may be shown of a reading now. `age_ms` is the older of measured and received: a late
 * delivery never makes a value young, a wrong station clock never keeps one alive.
 * @param {Reading | null} reading @param {HubClock} clock
 * @returns {{text: string, age_ms: number | null, note: string, isShown: boolean}}
 */
export function judge(reading, clock) {
  if (!reading) return { text: NO_VALUE, age_ms: null, note: t("chưa có số"), isShown: false };
  const measured_ms = clock.age_ms(reading.measured_ms), received_ms = clock.age_ms(reading.received_ms);
  const age_ms = measured_ms === null ? null : Math.max(measured_ms, received_ms ?? 0);
  const limited_ms = Math.max(measured_ms ?? 0, received_ms ?? Infinity);
  if (reading.state === "off") return { text: NO_VALUE, age_ms, note: t(reading.why ?? "không rõ"), isShown: false };
  if (limited_ms > VALUE_LIMIT_MS && age_ms !== null) {
    return { text: NO_VALUE, age_ms, note: t("số cuối cách đây {age}", { age: formatAge(age_ms) }), isShown: false };
  }
  if (reading.state !== "ok" || reading.value === null || limited_ms > VALUE_LIMIT_MS) {
    return { text: NO_VALUE, age_ms, note: t("không rõ"), isShown: false };
  }
  return { text: numberText(reading.value), age_ms, note: age_ms === null ? t("không rõ tuổi") : formatAge(age_ms), isShown: true };
}

/** Give it `clock` and, at every "values" message, `reading` (null when the message has none). */
export class BigValue extends HTMLElement {
  constructor() {
    super();
    this.clock = new HubClock();
    /** @type {Reading | null} */
    this._reading = null;
    /** @type {Reading | null} */
    this._named = null;
    this._timer = 0;
  }

  connectedCallback() {
    if (!this._number) {
      const part = (/** @type {string} */ name) => {
        const element = document.createElement("span");
        element.className = name;
        this.append(element);
        return element;
      };
      this._label = part("value-label");
      this._source = part("value-source");
      this._number = part("value-number");
      this._unit = part("value-unit");
      this._age = part("value-age");
    }
    this._timer = window.setInterval(() => this.update(), TICK_MS);
    this.update();
  }

  disconnectedCallback() {
    window.clearInterval(this._timer);
  }

  get reading() {
    return this._reading;
  }

  set reading(reading) {
    this._reading = reading;
    this._named = reading ?? this._named; // what it is a number of stays when the number goes
    this.update();
  }

  /** Write what may be shown now. */
  update() {
    if (!this._number || !this._label || !this._source || !this._unit || !this._age) return;
    const now = judge(this._reading, this.clock), named = this._reading ?? this._named;
    const texts = /** @type {[HTMLElement, string][]} */ ([
      [this._label, t(named?.label ?? "")], [this._source, sourceWord(named?.source ?? null)], [this._number, now.text],
      [this._unit, unitWord(named?.unit ?? "")], [this._age, now.note]]);
    for (const [element, text] of texts) if (element.textContent !== text) element.textContent = text;
    const isAgeless = now.isShown && now.age_ms === null;
    this.classList.toggle("is-unverified", named?.is_unverified ?? false);
    this.dataset.state = !now.isShown ? "absent" : isAgeless ? "ageless" : "shown";
  }
}

customElements.define("hd-value", BigValue);
