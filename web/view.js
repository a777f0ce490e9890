/** One live view on a page: makes the strips and numbers that the hub's messages name, and no others. */
import { DeviceList } from "./devices.js";
import { LiveFeed } from "./live.js";
import { MeasurementList } from "./measurements.js";
import { PlayoutDelay } from "./playout.js";
import { StripSettings } from "./strip_settings.js";
import { Sweep } from "./sweep.js";
import { t } from "./words.js";

/** @typedef {import("./live_texts.js").View} View @typedef {import("./live_texts.js").Stream} Stream */

const STRIPS_MAX = 14; // twelve leads, pleth and respiration
const TALL_MAX = 2; // with more leads than that each is lower, so that they stand on one screen

/** The strips of a view, in its order. */
class StripList {
  /** @param {HTMLElement} place @param {import("./ages.js").HubClock} clock
   * @param {import("./strip_settings.js").StripSettings} settings */
  constructor(place, clock, settings) {
    this._settings = settings;
    settings.addEventListener("change", () => { for (const sweep of this._sweeps.values()) this._adapt(sweep); });
    this._place = place;
    this._clock = clock;
    this._delay = new PlayoutDelay();
    /** @type {Map<number, Sweep>} */
    this._sweeps = new Map();
    this._more = document.createElement("p");
    this._more.className = "more-streams";
  }

  /** @param {Sweep} sweep */
  _adapt(sweep) {
    sweep.amplify(this._settings.mmPerMv);
    sweep.filter(this._settings.filter);
  }

  /** @param {Stream[]} streams @param {string} visit_no */
  show(streams, visit_no) {
    const waves = streams.filter((stream) => stream.kind !== "numeric"), drawn = waves.slice(0, STRIPS_MAX);
    for (const [stream_id, sweep] of this._sweeps) {
      if (drawn.some((stream) => stream.stream_id === stream_id)) continue;
      sweep.remove();
      this._sweeps.delete(stream_id);
    }
    this._place.classList.toggle("has-many", drawn.filter((stream) => stream.kind === "ecg").length > TALL_MAX);
    /** @type {Sweep | null} */
    let before = null;
    for (const stream of drawn) {
      const sweep = this._sweeps.get(stream.stream_id) ?? new Sweep();
      this._sweeps.set(stream.stream_id, sweep);
      sweep.dataset.stream = String(stream.stream_id);
      sweep.dataset.kind = stream.kind;
      if (!before) { if (this._place.firstElementChild !== sweep) this._place.prepend(sweep); }
      else if (before.nextElementSibling !== sweep) before.after(sweep);
      before = sweep;
      this._adapt(sweep);
      sweep.show({ stream, visit_no, clock: this._clock, delay: this._delay });
    }
    this._more.textContent = t("còn {n} tín hiệu không vẽ", { n: waves.length - drawn.length });
    if (waves.length > drawn.length) before?.after(this._more);
    else this._more.remove();
  }

  /** @param {import("./live.js").SampleFrame} frame */
  push(frame) {
    this._sweeps.get(frame.stream_id)?.push(frame);
  }

  /** @param {import("./live_texts.js").StreamNotices[]} streams */
  notice(streams) {
    for (const [stream_id, sweep] of this._sweeps) {
      const notices = streams.find((one) => one.stream_id === stream_id)?.notices ?? [];
      sweep.notice = notices.map(({ key, values }) => t(key, values)).join(" · ");
    }
  }
}

/**
 * Bind a feed to places on the page: `strips` gets an `<hd-sweep>` a waveform (`data-stream` = stream id),
 * `values` a group a device with an `<hd-value>` a number (`data-mdc`), `measurements` (a list) what was
 * measured once, `corner` the count of damaged messages. `settings`: the gain and filter of the strips. Call it before
 * `feed.open`.
 * @param {LiveFeed} feed
 * @param {{strips: HTMLElement, values: HTMLElement, measurements: HTMLElement, corner: HTMLElement}} places
 * @param {StripSettings} [settings]
 */
export function showLive(feed, { strips, values, measurements, corner }, settings = new StripSettings()) {
  const drawn = new StripList(strips, feed.clock, settings);
  const devices = new DeviceList(values, feed.clock);
  const measured = new MeasurementList(measurements, feed.clock);
  let visit_no = "";

  /** @param {string} type @param {(detail: any) => void} handle */
  const on = (type, handle) =>
    feed.addEventListener(type, (event) => handle(/** @type {CustomEvent} */ (event).detail));

  on("view", (/** @type {View} */ view) => {
    const now_no = view.visit?.no ?? "0";
    if (now_no !== visit_no) {
      devices.forget();
      measured.show([]);
    }
    visit_no = now_no;
    drawn.show(view.streams, visit_no);
  });
  on("samples", (frame) => drawn.push(frame));
  on("notices", ({ streams }) => drawn.notice(streams));
  on("devices", (message) => devices.showDevices(message.devices));
  on("values", (message) => devices.showValues(message.values));
  on("measurements", (message) => measured.show(message.measurements));
  on("damage", () => {
    const { malformed, foreign } = feed.counts;
    corner.textContent = malformed ? t("khung hỏng: {n}", { n: malformed }) : "";
    corner.title = malformed ? `${feed.lastDamage} · ${t("khung không thuộc lượt khám này: {n}", { n: foreign })}` : "";
  });
}
