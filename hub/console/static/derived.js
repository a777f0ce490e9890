/** Limb leads that nobody measured, reckoned from I and II of the same device where both have the same samples. Each says
 * "(tính)"; one that was measured is never reckoned. */

/** @typedef {import("../../../web/piece.js").PastStream} PastStream @typedef {import("../../../web/piece.js").Run} Run */

/** From I and II, in whole steps: a lead that is half a step has steps of half the size.
 * @type {{label: string, mdc: number, half: boolean, of(one: number, two: number): number}[]} */
const LEADS = [
  { label: "III", mdc: 131389, half: false, of: (one, two) => two - one },
  { label: "aVR", mdc: 131390, half: true, of: (one, two) => -(one + two) },
  { label: "aVL", mdc: 131391, half: true, of: (one, two) => 2 * one - two },
  { label: "aVF", mdc: 131392, half: true, of: (one, two) => 2 * two - one },
];

/** @param {Run} run @param {Run} other @param {(one: number, two: number) => number} of @param {string} key @returns {Run[]} */
function reckoned(run, other, of, key) {
  const first = Math.max(run.first_index, other.first_index);
  const count = Math.min(run.first_index + run.samples.length, other.first_index + other.samples.length) - first;
  if (count <= 0) return [];
  const skip = first - run.first_index, otherSkip = first - other.first_index;
  const t_us = run.t_us + (skip * 1e6) / run.rate_hz;
  if (Math.abs(t_us - (other.t_us + (otherSkip * 1e6) / other.rate_hz)) > 1e6 / run.rate_hz) return []; // not at one time
  const samples = new Int32Array(count);
  for (let i = 0; i < count; i++) samples[i] = of(run.samples[skip + i], other.samples[otherSkip + i]);
  return [{ key, first_index: first, t_us, rate_hz: run.rate_hz, samples }];
}

/** @param {PastStream[]} streams @param {Map<string, Run[]>} runs */
export function derivedFrom(streams, runs) {
  const found = [];
  const setOf = (/** @type {PastStream} */ one) => one.key.split(".")[0];
  for (const one of streams.filter((stream) => stream.kind === "ecg" && stream.label === "I")) {
    const beside = streams.filter((stream) => stream.kind === "ecg" && setOf(stream) === setOf(one));
    const two = beside.find((stream) => stream.label === "II" && stream.scale === one.scale && stream.unit === one.unit);
    if (!two) continue;
    for (const { label, mdc, half, of } of LEADS) {
      if (beside.some((stream) => stream.label === label)) continue;
      const key = `${setOf(one)}.${label}`;
      const stream = { ...one, key, label, mdc, scale: half ? one.scale / 2 : one.scale, is_derived: true };
      const made = (runs.get(one.key) ?? []).flatMap((run) =>
        (runs.get(two.key) ?? []).flatMap((other) => reckoned(run, other, of, key)));
      found.push({ stream, runs: made });
    }
  }
  return found;
}
