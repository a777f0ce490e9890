/** Which call this tab took: picture and voice come to it, and to no other tab of the same operator. */

const TAKEN = "claimed"; // in this tab's store: which call, and when

/** @param {string} id */
export function takeHere(id) {
  sessionStorage.setItem(TAKEN, `${id} ${performance.timeOrigin + performance.now()}`);
}

const RUNG = "rung"; // in this tab's store: which station, and when
const RINGS_MS = 60_000; // a little longer than the hub lets it chime

/** This tab calls a station that has no call: the call that comes of it has its picture and voice here.
 * @param {string} station */
export function ringHere(station) {
  sessionStorage.setItem(RUNG, `${station} ${performance.timeOrigin + performance.now()}`);
}

/** It calls nobody any more. */
export function ringsNoMore() {
  sessionStorage.removeItem(RUNG);
}

/** Whether this tab has just called that station. @param {string} station */
export function rangHere(station) {
  const [of, at_ms] = (sessionStorage.getItem(RUNG) ?? "").split(" ");
  return of === station && performance.timeOrigin + performance.now() - Number(at_ms) < RINGS_MS;
}

/** When this tab took the call, in ms of this page's `performance.now()`; null: another tab did, or nobody.
 * @param {string} id */
export function claimedHere_ms(id) {
  const [of, at_ms] = (sessionStorage.getItem(TAKEN) ?? "").split(" ");
  return of === id ? Number(at_ms) - performance.timeOrigin : null;
}
