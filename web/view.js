/** One live view on a page: makes the strips and numbers that the hub's messages name, and no others. */
import { LiveFeed } from "./live.js";
import { PlayoutDelay } from "./playout.js";
import { Sweep } from "./sweep.js";
import { BigValue } from "./values.js";
import { t } from "./words.js";

/** @typedef {import("./live.js").View} View @typedef {import("./values.js").Reading} Reading */

/**
 * Bind a feed to places on the page: `strips` gets an `<hd-sweep>` a waveform (`data-stream` = stream id),
 * `values` an `<hd-value>` a numeric (`data-mdc`), `corner` the count of damaged messages.
 * Call it before `feed.open`.
 * @param {LiveFeed} feed
 * @param {{strips: HTMLElement, values: HTMLElement, corner: HTMLElement}} places
 */
export function showLive(feed, { strips, values, corner }) {
  const delay = new PlayoutDelay();
  /** @type {Map<number, Sweep>} */
  const sweeps = new Map();
  /** @type {Map<number, BigValue>} */
  const numbers = new Map();
  let visit_no = "";

  feed.addEventListener("view", (event) => {
    const view = /** @type {CustomEvent<View>} */ (event).detail;
    const now_no = view.visit?.no ?? "0";
    if (now_no !== visit_no) for (const number of numbers.values()) number.reading = null;
    visit_no = now_no;
    const waves = view.streams.filter((stream) => stream.kind !== "numeric");
    for (const [stream_id, sweep] of sweeps) {
      if (waves.some((stream) => stream.stream_id === stream_id)) continue;
      sweep.remove();
      sweeps.delete(stream_id);
    }
    for (const stream of waves) {
      let sweep = sweeps.get(stream.stream_id);
      if (!sweep) {
        sweep = new Sweep();
        sweep.dataset.stream = String(stream.stream_id);
        sweeps.set(stream.stream_id, sweep);
        strips.append(sweep);
      }
      sweep.dataset.kind = stream.kind;
      sweep.show({ stream, visit_no, clock: feed.clock, delay });
    }
  });

  feed.addEventListener("samples", (event) => {
    const frame = /** @type {CustomEvent<import("./live.js").SampleFrame>} */ (event).detail;
    sweeps.get(frame.stream_id)?.push(frame);
  });

  feed.addEventListener("leads", (event) => {
    const { stream_id, text_key } = /** @type {CustomEvent<{stream_id: number, text_key: string | null}>} */ (event).detail;
    const sweep = sweeps.get(stream_id);
    if (sweep) sweep.notice = text_key === null ? "" : t(text_key);
  });

  feed.addEventListener("values", (event) => {
    const readings = /** @type {CustomEvent<{values: Reading[]}>} */ (event).detail.values;
    for (const [mdc, number] of numbers) {
      if (!readings.some((reading) => reading.mdc === mdc)) number.reading = null;
    }
    for (const reading of readings) {
      let number = numbers.get(reading.mdc);
      if (!number) {
        number = new BigValue();
        number.dataset.mdc = String(reading.mdc);
        number.clock = feed.clock;
        numbers.set(reading.mdc, number);
        values.append(number);
      }
      number.reading = reading;
    }
  });

  const count = () => {
    const { malformed, foreign } = feed.counts;
    corner.textContent = malformed ? t("khung hỏng: {n}", { n: malformed }) : "";
    corner.title = malformed ? `${feed.lastDamage} · ${t("khung không thuộc lượt khám này: {n}", { n: foreign })}` : "";
  };
  feed.addEventListener("damage", count);
}
