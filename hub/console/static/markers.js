/** What lies over the strips of the past: the cursor, two markers to measure with, the events. */
import { measure, stepped } from "../../../web/calipers.js";
import { leadText } from "../../../web/strip_words.js";
import { mVPerRaw } from "../../../web/still.js";
import { number, t } from "../../../web/words.js";
import { place, say } from "./console.js";

/** @typedef {import("../../../web/piece.js").PastStream} PastStream
 *  @typedef {{t_us: number, text: string, mark: HTMLElement}} EventMark
 *  @typedef {import("../../../web/calipers.js").At} At */

const FAST = 10; // samples, with Shift

/** Milliseconds without a mark between the thousands, which would be the other language's point. @param {number} ms */
function msText(ms) {
  const digits = Math.abs(ms - Math.round(ms)) < 1e-3 ? 0 : 1;
  return `${ms.toLocaleString(document.documentElement.lang || "vi", { useGrouping: false,
    minimumFractionDigits: digits, maximumFractionDigits: digits })} ms`;
}

export class Markers {
  /** @param {any} playback the page: hub/console/static/playback.js */
  constructor(playback) {
    this._page = playback;
    this._layer = document.createElement("div");
    this._layer.className = "markers";
    this._cursor = this._line("cursor-line");
    /** @type {(number | null)[]} where the two stand, µs of the box's clock */
    this.at_us = [null, null];
    this._handles = [0, 1].map((which) => this._handle(which));
    /** @type {EventMark[]} */
    this.events = [];
    for (const line of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#past-events [data-t]"))) {
      const text = [...line.childNodes].slice(1).map((one) => one.textContent ?? "").join(" ").trim();
      const mark = this._line("event-mark"), t_us = Number(line.dataset.t);
      mark.append(text);
      mark.title = text;
      this.events.push({ t_us, text, mark });
      line.addEventListener("click", () => { playback.go(t_us - playback.span_us / 4); playback.look(t_us); });
    }
    this._lead = /** @type {HTMLSelectElement} */ (place("caliper-lead"));
    this._lead.addEventListener("change", () => playback.drawSoon());
    place("past-strips").prepend(this._layer);
  }

  /** The stream that is measured on. */
  get lead() {
    return this._lead.value;
  }

  /** What can be measured on: the first is, until somebody chooses. @param {PastStream[]} streams */
  offer(streams) {
    const before = this._lead.value;
    this._lead.replaceChildren(...streams.map((one) => {
      const option = document.createElement("option");
      option.value = one.key;
      option.textContent = `${leadText(one)} · ${one.device_name}`;
      return option;
    }));
    if (streams.some((one) => one.key === before)) this._lead.value = before;
  }

  /** Put a marker on the paper, or take it up. @param {number} which 0 or 1 */
  take(which) {
    const at_us = this.at_us[which], { at_us: from_us, span_us, cursor_us } = this._page;
    const isSeen = (/** @type {number} */ t_us) => t_us >= from_us && t_us < from_us + span_us;
    if (at_us === null || !isSeen(at_us)) {
      const wanted = which === 0 && isSeen(cursor_us) ? cursor_us : from_us + span_us * (which ? 0.5 : 0.25);
      this.at_us[which] = this._page.sample(wanted)?.t_us ?? wanted;
    }
    this.draw();
    this._handles[which].focus({ preventScroll: true });
  }

  clear() {
    this.at_us = [null, null];
    this.draw();
  }

  draw() {
    const page = this._page, { from, until } = page.edges_px;
    const put = (/** @type {HTMLElement} */ line, /** @type {number | null} */ t_us) => {
      const x = t_us === null ? NaN : page.x_px(t_us);
      line.hidden = !(x >= from && x <= until);
      if (!line.hidden) line.style.left = `${x}px`;
    };
    put(this._cursor, page.cursor_us);
    for (const { mark, t_us } of this.events) put(mark, t_us);
    this._handles.forEach((handle, which) => put(handle, this.at_us[which]));
    this._handles.forEach((handle, which) => handle.setAttribute("aria-valuetext", this._valueText(which)));
    this._show();
  }

  /** @param {number} which @returns {At | null} */
  _sample(which) {
    const at_us = this.at_us[which];
    return at_us === null ? null : this._page.sample(at_us);
  }

  /** @param {number} which */
  _valueText(which) {
    const at_us = this.at_us[which];
    return at_us === null ? "" : t("{s} s từ đầu đoạn", { s: number((at_us - this._page.period.begin_us) / 1e6, 3) });
  }

  /** What the two measure, from the samples nearest to them on the chosen lead. */
  _show() {
    const [first, second] = [this._sample(0), this._sample(1)], stream = this._page.streams.get(this.lead)
      ?? this._page.strips.get(this.lead)?.stream;
    const found = first && second && stream ? measure(first, second, mVPerRaw(stream)) : null;
    say(place("caliper-ms"), found ? msText(found.ms) : "–");
    say(place("caliper-mv"), found ? (found.mV === null ? t("không có thang mV") : `${number(found.mV, 3)} mV`) : "–");
    say(place("caliper-rate"), found?.per_min ? `${number(found.per_min, 1)} ${t("lần/phút")}` : "–");
    Object.assign(this._layer, { measured: found });
  }

  /** @param {string} name */
  _line(name) {
    const line = document.createElement("div");
    line.className = name;
    line.hidden = true;
    this._layer.append(line);
    return line;
  }

  /** @param {number} which */
  _handle(which) {
    const handle = this._line("caliper");
    handle.tabIndex = 0;
    handle.dataset.name = String(which + 1);
    handle.setAttribute("role", "slider");
    handle.setAttribute("aria-label", t("Thước đo, mốc {n}", { n: which + 1 }));
    handle.setAttribute("aria-valuenow", String(which));
    handle.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1 }[event.key];
      const at_us = this.at_us[which], runs = this._page.runs.get(this.lead) ?? [];
      if (steps === undefined || at_us === null || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      this._move(which, stepped(runs, at_us, event.shiftKey ? steps * FAST : steps)?.t_us ?? at_us);
    });
    handle.addEventListener("pointerdown", (event) => {
      handle.setPointerCapture(event.pointerId);
      event.stopPropagation();
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const x = event.clientX - this._layer.getBoundingClientRect().left, t_us = this._page.t_us(x);
      this._move(which, this._page.sample(t_us)?.t_us ?? t_us);
    });
    return handle;
  }

  /** Never out of what is on the screen: a marker that nobody sees measures nothing. @param {number} which @param {number} t_us */
  _move(which, t_us) {
    const { at_us: from_us, span_us } = this._page;
    this.at_us[which] = Math.min(Math.max(t_us, from_us), from_us + span_us);
    this._handles[which].setAttribute("aria-valuenow", String(Math.round(t_us / 1_000)));
    this.draw();
  }
}
