/** A period of a station's past: moved through by keys and mouse, measured, printed. */
import { nearest } from "../../../web/calipers.js";
import { FILTERS } from "../../../web/filters.js";
import { between, formatMoment } from "../../../web/moments.js";
import { joined, Past } from "../../../web/piece.js";
import { CSS_PX_PER_MM, screenScale, watchScale } from "../../../web/screen_scale.js";
import { left_px, Still } from "../../../web/still.js";
import { StripSettings } from "../../../web/strip_settings.js";
import { filterText, MM_PER_S } from "../../../web/strip_words.js";
import { keyLabel } from "../../../web/keys.js";
import { t } from "../../../web/words.js";
import { keys, place, say } from "./console.js";
import { derivedFrom } from "./derived.js";
import { Markers } from "./markers.js";
import { showNumbers } from "./past_numbers.js";

/** @typedef {import("../../../web/piece.js").PastStream} PastStream @typedef {import("../../../web/piece.js").Run} Run
 *  @typedef {import("../../../web/piece.js").BinRun} BinRun @typedef {import("../../../web/piece.js").Whose} Whose
 *  @typedef {Whose & {begin_us: number, end_us: number, at_us: number, begin: import("../../../web/moments.js").Moment,
 *    end: import("../../../web/moments.js").Moment}} Period */

const SECOND_US = 1_000_000, NUMBERS_US = 5_000_000;
const BEFORE_US = 2_000_000; // read before the window: a filter has settled by then
const ZOOMS = [{ bin_us: 0, span_us: 0 }, { bin_us: 100_000, span_us: 60_000_000 }, { bin_us: 1_000_000, span_us: 600_000_000 }];
const AGAIN_MS = 3_000; // the hub is away: asked again by itself
const RANK = { ecg: 0, pleth: 1, numeric: 2 };

/** The page of one period. */
class Playback {
  /** @param {Period} period */
  constructor(period) {
    this.period = period;
    this.past = new Past(period);
    this.settings = new StripSettings();
    this.at_us = period.at_us;
    this.zoom = 0;
    this.cursor_us = period.at_us;
    this.isDerived = false;
    /** @type {Map<string, Still>} */
    this.strips = new Map();
    /** @type {Map<string, PastStream>} */
    this.streams = new Map();
    /** @type {Map<string, Run[]>} */
    this.runs = new Map();
    this._strips = place("past-strips");
    this._where = /** @type {HTMLInputElement} */ (place("playback-where"));
    this.markers = new Markers(this);
    this._isDue = false;
    this._again = 0;
    this.state = "waiting"; // "whole" once everything of the window is drawn, "away" when the hub did not answer
    this.past.addEventListener("piece", () => this.drawSoon());
    this.past.addEventListener("away", () => {
      this.state = "away";
      this._say();
      window.clearTimeout(this._again);
      this._again = window.setTimeout(() => this.drawSoon(), AGAIN_MS);
    });
    this.settings.addEventListener("change", () => this.drawSoon());
    new ResizeObserver(() => this.drawSoon()).observe(this._strips);
    watchScale(() => this.drawSoon());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.drawSoon());
    for (const one of [place("playback-bar"), this._where, place("calipers"), place("numbers-title")]) one.hidden = false;
    Object.assign(this._where, { min: String(period.begin_us), max: String(period.end_us), step: String(SECOND_US) });
    this._where.addEventListener("input", () => this.go(Number(this._where.value)));
    this._listen();
    this.drawSoon();
  }

  get pxPerMm() {
    return screenScale() ?? CSS_PX_PER_MM;
  }

  /** CSS px from the left of the strips to the first moment, and to the last. */
  get edges_px() {
    return { from: left_px(this.pxPerMm), until: Math.max(left_px(this.pxPerMm) + 10, this._strips.clientWidth - 2) };
  }

  get us_per_px() {
    const { span_us } = ZOOMS[this.zoom], { from, until } = this.edges_px;
    return span_us ? span_us / (until - from) : 1e6 / (MM_PER_S * this.pxPerMm);
  }

  get span_us() {
    const { from, until } = this.edges_px;
    return (until - from) * this.us_per_px;
  }

  /** @param {number} t_us */
  x_px(t_us) {
    return this.edges_px.from + (t_us - this.at_us) / this.us_per_px;
  }

  /** @param {number} x_px */
  t_us(x_px) {
    return this.at_us + (x_px - this.edges_px.from) * this.us_per_px;
  }

  /** Show from there on. The cursor keeps its place on the paper. @param {number} at_us */
  go(at_us) {
    const { begin_us, end_us } = this.period, before_us = this.at_us;
    this.at_us = Math.round(Math.min(Math.max(at_us, begin_us), Math.max(begin_us, end_us - this.span_us / 2)));
    this.cursor_us += this.at_us - before_us;
    this.drawSoon();
  }

  /** @param {number} t_us */
  look(t_us) {
    this.cursor_us = t_us;
    this.drawSoon();
  }

  /** To the event before or after the cursor. @param {number} way -1 or 1 */
  jump(way) {
    const marks = this.markers.events.map((one) => one.t_us).sort((a, b) => a - b);
    const to_us = way < 0 ? marks.filter((at) => at < this.cursor_us - 1).at(-1) : marks.find((at) => at > this.cursor_us + 1);
    if (to_us === undefined) return;
    if (to_us < this.at_us || to_us > this.at_us + this.span_us) this.go(to_us - this.span_us / 4);
    this.look(to_us);
  }

  nextZoom() {
    const kept = (this.cursor_us - this.at_us) / this.span_us;
    this.zoom = (this.zoom + 1) % ZOOMS.length;
    const cursor_us = this.cursor_us;
    this.go(cursor_us - kept * this.span_us);
    this.cursor_us = cursor_us;
  }

  drawSoon() {
    if (this._isDue) return;
    this._isDue = true;
    requestAnimationFrame(() => { this._isDue = false; this.draw(); });
  }

  draw() {
    const { bin_us } = ZOOMS[this.zoom], from_us = this.at_us - Math.max(BEFORE_US, NUMBERS_US);
    const { pieces, missing } = this.past.pieces(Math.max(0, from_us), this.at_us + this.span_us, bin_us);
    if (this.state !== "away" || !missing) this.state = missing ? "waiting" : "whole";
    this.runs.clear();
    for (const piece of pieces) for (const stream of piece.streams) this.streams.set(stream.key, stream);
    for (const key of this.streams.keys()) {
      const runs = joined(pieces.flatMap((piece) => piece.runs.filter((run) => run.key === key)));
      if (runs.length) this.runs.set(key, runs);
    }
    const possible = bin_us ? [] : derivedFrom([...this.streams.values()], this.runs);
    place("derived-label").hidden = !possible.length;
    const derived = this.isDerived ? possible : [];
    this._makeStrips([...this.streams.values(), ...derived.map((one) => one.stream)]);
    for (const { stream, runs } of derived) this.runs.set(stream.key, runs);
    const window = { from_us: this.at_us, us_per_px: this.us_per_px, bin_us, pxPerMm: this.pxPerMm,
      isCalibrated: screenScale() !== null, mmPerMv: this.settings.mmPerMv, filter: this.settings.filter };
    for (const [key, strip] of this.strips) {
      const bins = pieces.flatMap((piece) => piece.bins.filter((run) => run.key === key)
        .map((run) => ({ run, from_us: piece.from_us })));
      strip.draw(window, this.runs.get(key) ?? [], bins);
    }
    this.markers.draw();
    showNumbers(place("past-numbers"), [...this.streams.values()], this.runs, { at_us: this.cursor_us, isWhole: !bin_us });
    this._say();
  }

  /** @param {PastStream[]} streams */
  _makeStrips(streams) {
    const waves = streams.filter((one) => one.kind !== "numeric");
    waves.sort((a, b) => RANK[a.kind] - RANK[b.kind] || a.key.localeCompare(b.key, "en", { numeric: true }));
    const names = waves.map((one) => one.key);
    for (const [key, strip] of this.strips) {
      if (names.includes(key)) continue;
      strip.remove();
      this.strips.delete(key);
    }
    this._strips.classList.toggle("has-many", waves.filter((one) => one.kind === "ecg").length > 2);
    for (const stream of waves) {
      if (this.strips.has(stream.key)) continue;
      const strip = new Still(stream);
      this.strips.set(stream.key, strip);
      const next = names.slice(names.indexOf(stream.key) + 1).map((key) => this.strips.get(key)).find((one) => one?.isConnected);
      this._strips.insertBefore(strip, next ?? null);
      this.markers.offer(waves);
    }
  }

  /** A moment of the box's clock as exactly as it is known. @param {number} t_us */
  moment(t_us) {
    const { begin, end, begin_us, end_us } = this.period;
    return between(begin, end, end_us > begin_us ? (t_us - begin_us) / (end_us - begin_us) : 0);
  }

  /** How long after the beginning. @param {number} t_us */
  since(t_us) {
    const s = Math.max(0, Math.round((t_us - this.period.begin_us) / SECOND_US));
    const pad = (/** @type {number} */ n) => String(n).padStart(2, "0");
    return `${pad(Math.floor(s / 3600))}:${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}`;
  }

  _say() {
    const text = t("{time} · từ đầu đoạn {since}", { time: formatMoment(this.moment(this.at_us)), since: this.since(this.at_us) });
    const notes = { waiting: t("đang tải…"), away: t("Chưa đọc được dữ liệu. Hãy thử lại."), whole: "" };
    say(place("playback-time"), [text, notes[/** @type {"waiting"} */ (this.state)]].filter(Boolean).join(" · "));
    place("playback").dataset.state = this.state;
    const cursor = formatMoment(this.moment(this.cursor_us));
    say(place("cursor-time"), cursor);
    this._where.value = String(this.at_us);
    this._where.setAttribute("aria-valuetext", text);
    const { span_us } = ZOOMS[this.zoom];
    const zoom = span_us ? t("{n} phút mỗi màn hình", { n: span_us / 60_000_000 }) : `${MM_PER_S} mm/s`;
    this._label("playback-zoom", zoom, "zoom");
    this._label("playback-gain", `${this.settings.mmPerMv} mm/mV`, "gain");
    this._label("playback-filter", filterText(this.settings.filter), "filter");
    const { station, spool, visit_no, boot, end_us } = this.period, from = Math.round(this.at_us);
    const until = Math.round(Math.min(from + 10_000_000, Math.max(from + SECOND_US, end_us)));
    const query = new URLSearchParams({ spool, visit: visit_no, boot: String(boot), from: String(from), until: String(until) });
    place("playback-paper").setAttribute("href", `/stations/${station}/playback.pdf?${query}`);
  }

  /** @param {string} id @param {string} text @param {import("../../../web/keys.js").Deed} deed */
  _label(id, text, deed) {
    const button = place(id), kbd = document.createElement("kbd");
    kbd.textContent = keyLabel(deed);
    if (button.firstChild?.textContent !== `${text} `) button.replaceChildren(`${text} `, kbd);
  }

  /** Click: the cursor; drag: the paper; wheel: a second. */
  _listen() {
    let from = NaN, at_us = 0, hasMoved = false;
    const strips = this._strips;
    const inside = (/** @type {PointerEvent} */ event) => event.clientX - strips.getBoundingClientRect().left - 1;
    strips.addEventListener("pointerdown", (event) => {
      if (event.button || /** @type {Element} */ (event.target).closest("[role=slider], a, button")) return;
      [from, at_us, hasMoved] = [inside(event), this.at_us, false];
      strips.setPointerCapture(event.pointerId);
    });
    strips.addEventListener("pointermove", (event) => {
      if (Number.isNaN(from)) return;
      const by = inside(event) - from;
      hasMoved ||= Math.abs(by) > 3;
      if (hasMoved) this.go(at_us - by * this.us_per_px);
    });
    strips.addEventListener("pointerup", (event) => {
      if (!Number.isNaN(from) && !hasMoved) this.look(this.t_us(inside(event)));
      from = NaN;
    });
    strips.addEventListener("pointercancel", () => { from = NaN; });
    strips.addEventListener("wheel", (event) => {
      const by = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX || event.deltaY : 0;
      if (!by) return; // the page itself is rolled by the plain wheel
      event.preventDefault();
      this.go(this.at_us + Math.sign(by) * SECOND_US);
    }, { passive: false });
  }

  /** The sample of the chosen lead that is nearest to a moment. @param {number} t_us */
  sample(t_us) {
    return nearest(this.runs.get(this.markers.lead) ?? [], t_us);
  }
}

const facts = document.getElementById("period")?.textContent;
if (facts) {
  const playback = new Playback(JSON.parse(facts));
  const unit = () => (playback.zoom ? playback.span_us / 10 : SECOND_US);
  keys.add({
    back: () => playback.go(playback.at_us - unit()),
    forward: () => playback.go(playback.at_us + unit()),
    pageBack: () => playback.go(playback.at_us - playback.span_us),
    pageForward: () => playback.go(playback.at_us + playback.span_us),
    eventBack: () => playback.jump(-1),
    eventForward: () => playback.jump(1),
    first: () => playback.markers.take(0),
    "second-marker": () => playback.markers.take(1),
    unmark: () => playback.markers.clear(),
    zoom: () => playback.nextZoom(),
    gain: () => playback.settings.nextGain(),
    filter: () => playback.settings.nextFilter(),
    paper: () => location.assign(/** @type {HTMLAnchorElement} */ (place("playback-paper")).href),
  });
  const derived = /** @type {HTMLInputElement} */ (place("playback-derived"));
  derived.addEventListener("change", () => { playback.isDerived = derived.checked; playback.drawSoon(); });
  Object.assign(document.body, { playback, filters: FILTERS });
}
