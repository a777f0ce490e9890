/** Trends of a station, drawn by uPlot: of the visit, or of a day. No line crosses a visit or a gap. */
import { t } from "../../../web/words.js";
import { unitWord } from "../../../web/units.js";

/**
 * @typedef {{label: string, unit: string, device: string, source: string, rank: number, is_unverified: boolean,
 *   bins: [number, number, number, number][]}} Line  a bin: number, least, middle, greatest
 * @typedef {{code: string, visit_no: string, is_under_way: boolean, utc_from_ms: number | null,
 *   bin_ms: number, lines: Line[]}} Visit
 * @typedef {(number | null)[][]} Columns
 */

const FOLDER = new URL("../../../web/vendor/uplot/", import.meta.url);
const AGAIN_MS = /** @type {Record<string, number>} */ ({ visit: 60_000, day: 600_000 }); // a day is much to read
const HEIGHT_PX = 130, DAY_S = 86_400;

/** @typedef {{createScriptURL: (url: string) => string}} Policy */
/** Which script may be added to the page: uPlot and nothing else (Trusted Types). @type {Policy} */
const policy = /** @type {{trustedTypes?: {createPolicy: (name: string, rules: Policy) => Policy}}} */ (window)
  .trustedTypes?.createPolicy("haidang-uplot", { createScriptURL: (url) => url }) ?? { createScriptURL: (url) => url };

/** uPlot when it is needed, and no earlier. @type {Promise<any> | null} */
let loading = null;

function uPlot() {
  loading ??= new Promise((resolve, reject) => {
    const style = document.createElement("link"), script = document.createElement("script");
    Object.assign(style, { rel: "stylesheet", href: new URL("uPlot.min.css", FOLDER).href });
    Object.assign(script, { src: policy.createScriptURL(new URL("uPlot.iife.min.js", FOLDER).href) });
    script.onload = () => resolve(Object.getOwnPropertyDescriptor(window, "uPlot")?.value);
    script.onerror = () => { loading = null; reject(new Error("uPlot did not come")); };
    document.head.append(style, script);
  });
  return loading;
}

/** Whether all visits of a graph have a place on one clock. @param {Visit[]} visits */
export function isClocked(visits) {
  return visits.every((one) => one.utc_from_ms !== null);
}

/** The columns of one line of the graph: seconds, then least, middle and greatest. Bins that are missing, and the end of
 * a visit, are holes. @param {Visit[]} visits in order @param {(line: Line) => boolean} isIt @returns {Columns} */
export function columnsOf(visits, isIt) {
  /** @type {Columns} */
  const columns = [[], [], [], []];
  const put = (/** @type {number} */ s, /** @type {(number | null)[]} */ values) =>
    [s, ...values].forEach((value, at) => columns[at].push(value));
  for (const visit of visits) {
    const bin_s = visit.bin_ms / 1_000, from_s = (visit.utc_from_ms ?? 0) / 1_000;
    const bins = visit.lines.filter(isIt).flatMap((line) => line.bins).sort((a, b) => a[0] - b[0]);
    let next = 0;
    for (const [no, ...values] of bins) {
      if (no !== next) put(from_s + next * bin_s, [null, null, null]);
      put(from_s + (no + 0.5) * bin_s, values);
      next = no + 1;
    }
    if (bins.length) put(from_s + next * bin_s, [null, null, null]); // the next person is another line
  }
  return columns;
}

/** The middles as a line from bin to bin, the rest as a bar a bin. uPlot's own lines join what lies within a pixel, and of
 * a day that is two persons. @param {any} u @param {Columns} columns @param {number} bin_s */
function pathsOf(u, [times, lows, middles, highs], bin_s) {
  const stroke = new Path2D(), fill = new Path2D();
  const x = (/** @type {number} */ s) => u.valToPos(s, "x", true), y = (/** @type {number} */ value) => u.valToPos(value, "y", true);
  let isJoined = false;
  for (let i = 0; i < times.length; i++) {
    const [s, low, middle, high] = [times[i], lows[i], middles[i], highs[i]];
    if (s === null || low === null || middle === null || high === null) {
      isJoined = false;
      continue;
    }
    const from = x(s - bin_s / 2), until = Math.max(from + 1, x(s + bin_s / 2));
    fill.rect(from, y(high), until - from, Math.max(0, y(low) - y(high)));
    if (isJoined) stroke.lineTo(x(s), y(middle));
    else stroke.moveTo(from, y(middle));
    stroke.lineTo(until, y(middle));
    isJoined = true;
  }
  return { stroke, fill, clip: null, band: null, gaps: null, flags: 0 };
}

/** @param {Line} line */
const nameOf = (line) => `${line.label} · ${line.device}`;

export class Trends {
  /** @param {HTMLElement} place */
  constructor(place) {
    this._place = place;
    this._plots = /** @type {HTMLElement} */ (place.querySelector("#trend-plots"));
    this._note = /** @type {HTMLElement} */ (place.querySelector("#trends-note"));
    /** The station's clock, and where it is not the hub's what to say of that. */
    this._zone = place.dataset.zone ?? "Asia/Ho_Chi_Minh";
    this._clock = place.dataset.clock ?? "";
    this._of = "visit";
    this._visit_no = "";
    this._number = 0;
    /** @type {Visit[]} */
    this.visits = [];
    /** @type {any[]} */
    this.graphs = [];
    for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (place.querySelectorAll("[data-of]"))) {
      button.addEventListener("click", () => this._choose(button.dataset.of ?? "visit"));
    }
    new ResizeObserver(() => {
      for (const graph of this.graphs) graph.setSize({ width: this._plots.clientWidth, height: HEIGHT_PX });
    }).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => void this._draw());
    this._read_ms = 0;
    this._now_s = 0;
    window.setInterval(() => {
      if (!document.hidden && performance.now() - this._read_ms >= AGAIN_MS[this._of]) void this.read();
    }, 5_000);
  }

  /** Another person is being seen: what is drawn of the one before goes at once. @param {string} visit_no */
  follow(visit_no) {
    if (visit_no === this._visit_no) return;
    this._visit_no = visit_no;
    this.visits = [];
    void this._draw();
    void this.read();
  }

  /** @param {string} of */
  _choose(of) {
    this._of = of;
    for (const button of this._place.querySelectorAll("[data-of]")) {
      button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.of === of));
    }
    this.visits = [];
    void this._draw();
    void this.read();
  }

  async read() {
    const number = ++this._number, of = this._of;
    this._read_ms = performance.now();
    const answer = await fetch(`/stations/${this._place.dataset.station}/trends?of=${of}`,
      { headers: { Accept: "application/json" } }).catch(() => null);
    const told = answer?.ok ? await answer.json().catch(() => null) : null;
    if (number !== this._number) return; // a later one knows more
    if (told === null) {
      this._note.textContent = t("Chưa đọc được xu hướng. Sẽ thử lại.");
      return;
    }
    this.visits = told.visits;
    this._now_s = told.now_ms / 1_000;
    await this._draw();
  }

  async _draw() {
    const number = this._number, isDay = this._of === "day";
    const visits = isDay ? this.visits.filter((one) => isClocked([one])) : this.visits;
    const left = this.visits.length - visits.length, lines = visits.flatMap((one) => one.lines);
    const graph = lines.length ? await uPlot().catch(() => null) : null;
    if (number !== this._number) return;
    for (const one of this.graphs) one.destroy();
    this.graphs = [];
    const words = [];
    if (lines.length && !graph) words.push(t("Không vẽ được: xem bảng số."));
    if (!lines.length) words.push(t("không có số đo nào"));
    else if (!isDay && visits[0]) {
      words.push(t("Lượt khám {code}", { code: visits[0].code }));
      if (!visits[0].is_under_way) words.push(t("đã kết thúc, không phải người đang khám"));
    }
    if (left) words.push(t("{n} lượt khám không rõ giờ, không vẽ được trên trục giờ: xem bảng số", { n: left }));
    if (lines.length && !isClocked(visits)) words.push(t("Giờ chưa rõ: trục là thời gian từ đầu lượt khám."));
    if (lines.length && this._clock && isClocked(visits)) words.push(t("giờ ở trạm: {clock}", { clock: this._clock }));
    this._note.textContent = words.join(" · ");
    if (!graph) return;
    const first = [...new Map(lines.sort((a, b) => a.rank - b.rank).map((line) => [nameOf(line), line])).values()];
    for (const line of first) this.graphs.push(this._graph(graph, line, visits));
  }

  /** One line a graph: two things on one axis are taken for one another. @param {any} Graph @param {Line} line
   * @param {Visit[]} visits */
  _graph(Graph, line, visits) {
    const style = getComputedStyle(this._place), colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const clocked = isClocked(visits), columns = columnsOf(visits, (one) => nameOf(one) === nameOf(line));
    const title = [nameOf(line), unitWord(line.unit), line.is_unverified ? t("chưa kiểm chứng") : ""].filter(Boolean).join(" · ");
    const ink = colour(line.unit === "%" ? "--trace-pleth" : "--trace-ecg");
    const axis = { stroke: colour("--text-2"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") } };
    const digits = /** @type {const} */ ({ timeZone: clocked ? this._zone : "UTC", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const times = [new Intl.DateTimeFormat("vi-VN", digits), new Intl.DateTimeFormat("vi-VN", { ...digits, second: "2-digit" })];
    return new Graph({
      title, width: this._plots.clientWidth, height: HEIGHT_PX,
      tzDate: (/** @type {number} */ s) => Graph.tzDate(new Date(s * 1_000), clocked ? this._zone : "Etc/UTC"),
      legend: { show: false }, cursor: { drag: { x: false, y: false } },
      scales: { x: { time: true, ...(this._of === "day" ? { range: [this._now_s - DAY_S, this._now_s] } : {}) },
        y: { range: rangeOf(line, columns) } },
      axes: [{ ...axis, values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => {
        const isClose = ticks.length > 1 && ticks[1] - ticks[0] < 60; // minutes alone would say one thing twice
        return ticks.map((s) => times[Number(isClose)].format(s * 1_000));
      } },
        { ...axis, size: 46 }],
      series: [{}, { show: false }, { label: t("giữa"), stroke: ink, fill: `${ink}33`, width: 1.6, points: { show: false },
        paths: (/** @type {any} */ u) => pathsOf(u, columns, (visits[0]?.bin_ms ?? 0) / 1_000) }, { show: false }],
    }, columns, this._plots);
  }
}

/** What an eye is used to, and more where there is more. @param {Line} line @param {Columns} columns */
export function rangeOf(line, [, lows, , highs]) {
  const low = Math.min(...lows.filter((value) => value !== null)), high = Math.max(...highs.filter((value) => value !== null));
  return line.unit === "%" ? [Math.min(low - 1, 85), 100.5] : [Math.min(low - 2, 40), Math.max(high + 2, 120)];
}
