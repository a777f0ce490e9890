/** Which stations a list shows, in which order: as hub/fleet/listing.py does it for pages without scripts. */
import { fold, isFound } from "../../../web/fold.js";
import { TROUBLES } from "./fleet_data.js";

/** @typedef {import("./fleet_data.js").FleetData} FleetData
 *  @typedef {{q: string, unit: number, word: string, trouble: string, call: boolean, sort: string, group: boolean}} View */

const RANK = { SILENT: 0, LATE: 1, NEVER: 2, LIVE: 3 };

/** The view of an address. @param {string} query @returns {View} */
export function viewOf(query) {
  const of = new URLSearchParams(query);
  return { q: of.get("q") ?? "", unit: Number(of.get("unit") ?? 0) || 0, word: of.get("word") ?? "",
    trouble: of.get("trouble") ?? "", call: of.get("call") === "1", sort: of.get("sort") ?? "need",
    group: of.get("group") === "unit" };
}

/** The address of a view; the default is empty. @param {View} view */
export function queryOf(view) {
  const of = new URLSearchParams();
  if (view.q) of.set("q", view.q);
  if (view.unit) of.set("unit", String(view.unit));
  if (view.word) of.set("word", view.word);
  if (view.trouble) of.set("trouble", view.trouble);
  if (view.call) of.set("call", "1");
  if (view.sort !== "need") of.set("sort", view.sort);
  if (view.group) of.set("group", "unit");
  return of.toString();
}

/** The numbers of the stations of a view, in its order. @param {FleetData} data @param {View} view
 * @param {(id: string) => boolean} hasCall @returns {Int32Array<ArrayBuffer>} */
export function select(data, view, hasCall) {
  const now_ms = data.now_ms(), words = fold(view.q).split(" ").filter(Boolean).map((word) => ` ${word}`);
  const bits = view.trouble === "any" ? -1 : 1 << TROUBLES.indexOf(view.trouble);
  const found = new Int32Array(data.count), need = new Int32Array(data.count);
  let count = 0;
  for (let number = 0; number < data.count; number += 1) {
    if (view.unit && !data.isOf(number, view.unit)) continue;
    if (view.trouble && !(data.troubles(number) & bits)) continue;
    if (words.length && !isFound(words, data.folded[number])) continue;
    const isCalling = hasCall(data.ids[number]);
    if (view.call && !isCalling) continue;
    const word = data.word(number, now_ms);
    if (view.word && word !== view.word) continue;
    need[number] = (isCalling ? 0 : 8) + (data.troubles(number) ? 0 : 4) + RANK[word];
    found[count] = number;
    count += 1;
  }
  const chosen = found.subarray(0, count);
  const order = view.sort === "name" ? byName(data) : view.sort === "unit" ? byUnit(data)
    : view.sort === "heard" ? byHeard(data) : byNeed(data, need);
  chosen.sort(order);
  if (view.group) {
    const place = new Int32Array(data.count);
    chosen.forEach((number, at) => { place[number] = at; });
    chosen.sort((a, b) => data.unit[a] === data.unit[b] ? place[a] - place[b] : data.unitRank[a] - data.unitRank[b]);
  }
  return chosen;
}

/** @param {FleetData} data @returns {(a: number, b: number) => number} */
function byName({ rank }) {
  return (a, b) => rank[a] - rank[b];
}

/** @param {FleetData} data @returns {(a: number, b: number) => number} */
function byUnit({ unitRank }) {
  return (a, b) => unitRank[a] - unitRank[b];
}

/** Never heard first, then who has been silent for longest. @param {FleetData} data @returns {(a: number, b: number) => number} */
function byHeard({ heard, rank }) {
  const at = (/** @type {number} */ number) => Number.isNaN(heard[number]) ? -Infinity : heard[number];
  return (a, b) => (at(a) === at(b) ? 0 : at(a) - at(b)) || rank[a] - rank[b];
}

/** @param {FleetData} data @param {Int32Array} need @returns {(a: number, b: number) => number} */
function byNeed({ rank }, need) {
  return (a, b) => need[a] - need[b] || rank[a] - rank[b];
}
