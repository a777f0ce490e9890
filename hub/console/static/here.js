/** Which call this tab took: picture and voice come to it, and to no other tab of the same operator. */

const TAKEN = "claimed"; // in this tab's store: which call, and when

/** @param {string} id */
export function takeHere(id) {
  sessionStorage.setItem(TAKEN, `${id} ${performance.timeOrigin + performance.now()}`);
}

/** When this tab took the call, in ms of this page's `performance.now()`; null: another tab did, or nobody.
 * @param {string} id */
export function claimedHere_ms(id) {
  const [of, at_ms] = (sessionStorage.getItem(TAKEN) ?? "").split(" ");
  return of === id ? Number(at_ms) - performance.timeOrigin : null;
}
