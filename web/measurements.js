/** Single measurements of the visit under way: each with its time and age, never as a value of now. */
import { formatAge, formatTimeOfDay, HubClock } from "./ages.js";
import { numberText, sourceWord, unitWord } from "./units.js";
import { phrases, t } from "./words.js";

/** @typedef {import("./live_texts.js").Measurement} Measurement @typedef {import("./live_texts.js").Quantity} Quantity */

const AGES_MS = 1_000;

/** "120/80 (93) mmHg", "36,8 °C". @param {Quantity} quantity */
export function quantityText({ values, unit, source }) {
  const [first, second, third] = values;
  let text = numberText(first);
  if (values.length > 1) text += `/${numberText(second)}`;
  if (values.length > 2 && third !== null) text += ` (${numberText(third)})`;
  return [text, unitWord(unit), sourceWord(source)].filter(Boolean).join(" ");
}

/** When it was, by the hub; a device that stores says when by its own clock, which may be wrong.
 * @param {Measurement} measurement @param {HubClock} clock */
export function timeText({ measured_ms, received_ms, device_time }, clock) {
  const at_ms = measured_ms ?? received_ms;
  const values = { time: formatTimeOfDay(at_ms), age: formatAge(clock.age_ms(at_ms)) };
  if (device_time !== null) return t("giờ của máy: {time}", { time: device_time })
    + ` · ${t("đọc từ máy lúc {time}, {age} trước", values)}`;
  return measured_ms === null ? t("nhận lúc {time}, {age} trước", values) : t("lúc {time}, {age} trước", values);
}

/** @param {string} name @param {string} text */
function span(name, text) {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = text;
  return element;
}

/** The newest first. */
export class MeasurementList {
  /** @param {HTMLElement} place @param {HubClock} clock */
  constructor(place, clock) {
    this._place = place;
    this._clock = clock;
    /** @type {[HTMLElement, Measurement][]} */
    this._times = [];
    window.setInterval(() => this._age(), AGES_MS);
  }

  /** @param {Measurement[]} measurements all there are */
  show(measurements) {
    this._times = [];
    this._place.hidden = measurements.length === 0;
    this._place.replaceChildren(...measurements.map((one) => this._line(one)));
    this._age();
  }

  /** @param {Measurement} measurement */
  _line(measurement) {
    const line = document.createElement("li"), time = span("measured-time", "");
    line.dataset.device = measurement.device;
    for (const quantity of measurement.quantities) {
      const pair = span("measured-quantity", "");
      pair.append(span("measured-label", t(quantity.label)), span("measured-value", quantityText(quantity)));
      line.append(pair);
    }
    if (!measurement.quantities.length) line.append(span("measured-failed", t("đo không thành công")));
    if (measurement.text) line.append(span("measured-text", phrases(measurement.text)));
    line.append(time, span("measured-device", measurement.device_name));
    if (measurement.unverified) {
      const mark = span("unverified", t("chưa kiểm chứng"));
      mark.title = phrases(measurement.unverified);
      line.append(mark);
    }
    this._times.push([time, measurement]);
    return line;
  }

  _age() {
    for (const [time, measurement] of this._times) {
      const text = timeText(measurement, this._clock);
      if (time.textContent !== text) time.textContent = text;
    }
  }
}
