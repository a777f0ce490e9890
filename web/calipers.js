/** What two markers measure, from the samples themselves and never from pixels. */

/** @typedef {import("./piece.js").Run} Run @typedef {{index: number, t_us: number, value: number}} At */

/** When sample `i` of a run was, µs of the box's clock. @param {Run} run @param {number} i */
export function timeOf(run, i) {
  return run.t_us + (i * 1e6) / run.rate_hz;
}

/** The sample of a stream that is nearest to a moment; null: the stream has none. @param {Run[]} runs @param {number} t_us
 * @returns {At | null} */
export function nearest(runs, t_us) {
  /** @type {At | null} */
  let best = null;
  for (const run of runs) {
    const i = Math.min(run.samples.length - 1, Math.max(0, Math.round(((t_us - run.t_us) * run.rate_hz) / 1e6)));
    const at_us = timeOf(run, i);
    if (!best || Math.abs(at_us - t_us) < Math.abs(best.t_us - t_us)) {
      best = { index: run.first_index + i, t_us: at_us, value: run.samples[i] };
    }
  }
  return best;
}

/** The sample `steps` after the one nearest to a moment, over gaps too. @param {Run[]} runs @param {number} t_us
 * @param {number} steps @returns {At | null} */
export function stepped(runs, t_us, steps) {
  const from = nearest(runs, t_us);
  if (!from) return null;
  /** @type {{run: Run, i: number}[]} */
  const all = [];
  let at = -1;
  for (const run of runs) {
    const i = from.index - run.first_index;
    if (at < 0 && i >= 0 && i < run.samples.length && Math.abs(timeOf(run, i) - from.t_us) < 1) at = all.length + i;
    for (let n = 0; n < run.samples.length; n++) all.push({ run, i: n });
  }
  const { run, i } = all[Math.min(all.length - 1, Math.max(0, at + steps))];
  return { index: run.first_index + i, t_us: timeOf(run, i), value: run.samples[i] };
}

/** From the first marker to the second. `per_min` null: both are at one moment. @param {At} first @param {At} second
 * @param {number} mVPerRaw NaN: the stream is in no volts */
export function measure(first, second, mVPerRaw) {
  const ms = (second.t_us - first.t_us) / 1_000, mV = (second.value - first.value) * mVPerRaw;
  return { ms, mV: Number.isNaN(mV) ? null : mV, per_min: ms === 0 ? null : 60_000 / Math.abs(ms) };
}
