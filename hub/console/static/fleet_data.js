/** The whole fleet in the page: names once, rows as the event stream tells them. docs/console-fleet.md has the format. */
import { byName } from "../../../web/collation.js";
import { fold } from "../../../web/fold.js";
import { wordOf } from "../../../web/presence.js";
import { isLost, line, news, state } from "./stream.js";

/** @typedef {import("../../../web/presence.js").Limits} Limits
 *  @typedef {{no: number, parent: number | null, name: string, aliases: string[], path: string, top: number[]}} Unit
 *  @typedef {{number: number, line_ms: number, base_ms?: number, generation?: string, window?: string, limits?: Limits,
 *    all?: (number | null)[][], rows?: (number | null)[][], heard?: number[]}} Message */

const TENTH_MS = 100;
const RHYTHM = 3, CUT = 4, VISIT = 8, TROUBLES_AT = 8; // of flags, as hub/fleet/compact.py
const NONE = NaN;
/** By the bits of their set, as hub/fleet/health.py. */
export const TROUBLES = ["SPOOL", "LOSS", "POWER", "HOT", "DISK", "CLOCK", "DEVICE", "QUESTION", "REFUSED"];
const AGAIN_MS = 2_000;

/** Stations are told by their number, 0 … count - 1. Times are ms of the hub's own line; NaN: unknown. */
export class FleetData extends EventTarget {
  constructor() {
    super();
    this.count = 0;
    this.generation = "";
    this.window = "";
    /** @type {Limits} */
    this.limits = { live_s: [360, 8, 3], late_factor: 3, old_s: 1_080 };
    /** @type {string[]} */ this.ids = [];
    /** @type {string[]} */ this.names = [];
    /** @type {string[]} folded, each with a space before it */ this.folded = [];
    /** @type {Map<string, number>} */ this.numbers = new Map();
    /** @type {Map<number, Unit>} */ this.units = new Map();
    this.unit = new Int32Array(0); // 0: of none
    this.north = new Float32Array(0);
    this.east = new Float32Array(0);
    this.rank = new Int32Array(0); // by name
    this.unitRank = new Int32Array(0); // by the unit's path
    this.heard = new Float64Array(0);
    this.flags = new Int32Array(0);
    this.told = new Float64Array(0);
    this.roundTrip = new Float32Array(0);
    this.owed = new Float64Array(0);
    this.oldest = new Float64Array(0);
    this.asOf_ms = NaN; // when the hub last said how things are, by its line
    this._base_ms = 0;
    this._isLoading = false;
    /** @type {Message | null} */ this._waits = null; // rows that came before their names
    news.addEventListener("fleet", (event) => this._onMessage(/** @type {CustomEvent<Message>} */ (event).detail));
  }

  /** @param {Message} message */
  _onMessage(message) {
    this.asOf_ms = message.line_ms;
    if (message.all && message.generation !== undefined) {
      this.window = message.window ?? "";
      this.limits = message.limits ?? this.limits;
      this._base_ms = message.base_ms ?? 0;
      if (message.generation !== this.generation) {
        this._waits = message;
        void this._load(message.generation);
        return;
      }
      this._takeAll(message.all);
    } else if (this._waits) {
      this._waits.rows = [...(this._waits.rows ?? []), ...(message.rows ?? [])];
      this._waits.heard = [...(this._waits.heard ?? []), ...(message.heard ?? [])];
      return;
    }
    this._takeChanges(message);
    this.dispatchEvent(new Event("change"));
  }

  /** @param {string} generation */
  async _load(generation) {
    if (this._isLoading) return;
    this._isLoading = true;
    try {
      const answer = await fetch(`/fleet/names.json?g=${generation}`, { headers: { Accept: "application/json" } });
      const told = answer.ok ? await answer.json() : null;
      const waits = this._waits;
      if (told && waits && told.generation === waits.generation) {
        this._takeNames(told);
        this._takeAll(waits.all ?? []);
        this._takeChanges(waits);
        this._waits = null;
        this.dispatchEvent(new Event("names"));
        this.dispatchEvent(new Event("change"));
      }
    } catch {
      // the hub is away, and the page says so by itself
    } finally {
      this._isLoading = false;
      const missing = this._waits?.generation;
      if (missing !== undefined) window.setTimeout(() => void this._load(this._waits?.generation ?? missing), AGAIN_MS);
    }
  }

  /** @param {{generation: string, units: [number, number | null, string, string[]?][], stations: [string, string, number?, number?, number?, string[]?][]}} told */
  _takeNames({ generation, units, stations }) {
    this.generation = generation;
    this.units = new Map(units.map(([no, parent, name, aliases]) => [no, { no, parent, name, aliases: aliases ?? [], path: "", top: [] }]));
    for (const unit of this.units.values()) {
      const way = this._way(unit);
      unit.path = way.map((one) => one.name).join(" › ");
      unit.top = way.map((one) => one.no);
    }
    const count = this.count = stations.length;
    this.ids = stations.map((one) => one[0]);
    this.names = stations.map((one) => one[1]);
    this.numbers = new Map(this.ids.map((id, number) => [id, number]));
    this.unit = Int32Array.from(stations, (one) => one[2] ?? 0);
    this.north = Float32Array.from(stations, (one) => (one[3] ?? NaN) / 1000);
    this.east = Float32Array.from(stations, (one) => (one[4] ?? NaN) / 1000);
    const paths = new Map([...this.units.values()].map((unit) =>
      [unit.no, fold(unit.top.map((no) => this._namesOf(no)).join(" "))]));
    this.folded = stations.map((one, number) =>
      ` ${fold([one[1], ...(one[5] ?? []), one[0]].join(" "))} ${paths.get(this.unit[number]) ?? ""}`);
    const order = Array.from(stations.keys()); // nearly as it is to be: the hub tells them by name
    this.rank = ranks(order.sort((a, b) => byName(this.names[a], this.names[b]) || compare(this.ids[a], this.ids[b])));
    const places = unitPlaces([...this.units.values()].map((unit) => this._way(unit)));
    const placeOf = (/** @type {number} */ number) => places.get(this.unit[number]) ?? -1; // of none: first
    this.unitRank = ranks(order.sort((a, b) => placeOf(a) - placeOf(b) || this.rank[a] - this.rank[b]));
    for (const name of /** @type {const} */ (["heard", "told", "owed", "oldest"])) this[name] = new Float64Array(count);
    this.flags = new Int32Array(count);
    this.roundTrip = new Float32Array(count);
  }

  /** @param {number} no */
  _namesOf(no) {
    const unit = this.units.get(no);
    return unit ? [unit.name, ...unit.aliases].join(" ") : "";
  }

  /** @param {Unit} unit @returns {Unit[]} from the top down */
  _way(unit) {
    /** @type {Unit[]} */
    const way = [];
    for (let one = /** @type {Unit | undefined} */ (unit); one && way.length < 64; one = this.units.get(one.parent ?? 0)) way.unshift(one);
    return way;
  }

  /** @param {(number | null)[][]} all */
  _takeAll(all) {
    for (let number = 0; number < Math.min(all.length, this.count); number += 1) this._put(number, all[number], 0);
  }

  /** @param {Message} message */
  _takeChanges({ rows = [], heard = [] }) {
    for (const row of rows) this._put(Number(row[0]), row, 1);
    for (let at = 0; at + 1 < heard.length; at += 2) this.heard[heard[at]] = this._ms(heard[at + 1]);
  }

  /** @param {number} number @param {(number | null)[]} row @param {number} at where its values begin */
  _put(number, row, at) {
    this.heard[number] = this._ms(row[at]);
    this.flags[number] = row[at + 1] ?? 0;
    this.told[number] = this._ms(row[at + 2]);
    this.roundTrip[number] = row[at + 3] ?? NONE;
    this.owed[number] = row[at + 4] ?? 0;
    this.oldest[number] = row[at + 5] ?? NONE;
  }

  /** @param {number | null | undefined} tenths */
  _ms(tenths) {
    return tenths === null || tenths === undefined ? NONE : this._base_ms + tenths * TENTH_MS;
  }

  /** The hub's line now; it goes on while the hub is away, so that everything grows old. */
  now_ms() {
    return line.now_ms() ?? this.asOf_ms;
  }

  /** @param {number} number @param {number} now_ms */
  word(number, now_ms) {
    const heard_ms = this.heard[number], flags = this.flags[number];
    const age_s = Number.isNaN(heard_ms) ? null : Math.max(0, now_ms - heard_ms) / 1000;
    const word = wordOf(age_s, flags & RHYTHM, (flags & CUT) !== 0, this.limits);
    const isDeaf = isLost || state?.broker.is_connected === false; // then nobody knows whether anything is live
    return word === "LIVE" && isDeaf ? "LATE" : word;
  }

  /** @param {number} number */
  isCut(number) {
    return (this.flags[number] & CUT) !== 0;
  }

  /** @param {number} number */
  hasVisit(number) {
    return (this.flags[number] & VISIT) !== 0;
  }

  /** The set of troubles as bits; see TROUBLES. @param {number} number */
  troubles(number) {
    return this.flags[number] >> TROUBLES_AT;
  }

  /** @param {number} number */
  unitPath(number) {
    return this.units.get(this.unit[number])?.path ?? "";
  }

  /** @param {number} number @param {number} no whether it belongs to that unit or one below */
  isOf(number, no) {
    return this.units.get(this.unit[number])?.top.includes(no) ?? false;
  }
}

/** @param {string} a @param {string} b */
function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The places of units in the order of the names on their ways; of the same names the same place.
 * @param {Unit[][]} ways @returns {Map<number, number>} by number */
function unitPlaces(ways) {
  const compareWays = (/** @type {Unit[]} */ a, /** @type {Unit[]} */ b) => {
    for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
      const order = a[at] === b[at] ? 0 : byName(a[at].name, b[at].name);
      if (order) return order;
    }
    return a.length - b.length;
  };
  const places = new Map();
  ways.sort(compareWays).forEach((way, at) => {
    const before = at ? ways[at - 1] : null, unit = way[way.length - 1];
    places.set(unit.no, before && !compareWays(before, way) ? places.get(before[before.length - 1].no) : at);
  });
  return places;
}

/** @param {number[]} order @returns {Int32Array<ArrayBuffer>} the place of each */
function ranks(order) {
  const rank = new Int32Array(order.length);
  order.forEach((number, place) => { rank[number] = place; });
  return rank;
}
