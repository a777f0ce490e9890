/** The wall: a big screen that nobody touches. Calls first, then trouble, counts and the map; its own age is huge when it is old. */
import { formatAge, formatTimeOfDay } from "../../../web/ages.js";
import { number as written, t } from "../../../web/words.js";
import { callText, calls, clock, line, news, place, pressAge, say } from "./console.js";
import { sinceText } from "./call_words.js";
import { FleetData } from "./fleet_data.js";
import { select, viewOf } from "./fleet_view.js";
import { heardText, troublesText } from "./fleet_words.js";
import { FleetMap } from "./map_view.js";
import { isLost, state } from "./stream.js";

const UPDATE_MS = 1_000;
const CALLS_MAX = 6, NEEDING_MAX = 9, UNITS_MAX = 8;
const SHIFT_MS = 60_000;
/** Where the page stands, px, minute by minute: no point of the screen shows one thing all night. */
const SHIFTS = [[0, 0], [2, 0], [4, 2], [4, 4], [2, 4], [0, 4], [-2, 2], [-2, 0]];

const data = new FleetData(), all = viewOf("");
/** @type {Map<string, import("./console.js").Call>} */
let callOf = new Map();
let updated_ms = -Infinity;
/** When the hub was last heard, by its line. @type {number | null} */
let heard_ms = null;
const map = new FleetMap(/** @type {HTMLCanvasElement} */ (place("map")), data, {
  hasCall: (id) => callOf.has(id),
  isRinging: (id) => {
    const call = callOf.get(id);
    return call?.group === "ringing" && !call.is_practice;
  } });

/** Who waits longest first, practice last. @param {import("./console.js").Call} call */
function urgency(call) {
  const groups = ["ringing", "parked", "callback", "claimed"];
  return (call.is_practice ? 10 : 0) + groups.indexOf(call.group) - (call.is_emergency ? 0.5 : 0);
}

function writeCalls() {
  const sorted = [...calls.values()].sort((a, b) => urgency(a) - urgency(b) || a.received_ms - b.received_ms);
  const list = place("wall-calls");
  lines(list, sorted.length > CALLS_MAX ? CALLS_MAX - 1 : sorted.length);
  sorted.slice(0, list.children.length).forEach((call, at) => {
    const item = /** @type {HTMLElement} */ (list.children[at]);
    item.dataset.group = call.group;
    item.classList.toggle("is-practice", call.is_practice);
    say(item.children[0], call.name);
    const age = ["claimed", "parked"].includes(call.group) ? sinceText(call) : pressAge(call);
    say(item.children[1], `${callText(call)} · ${age}`);
  });
  const more = sorted.length - list.children.length;
  place("wall-more").hidden = more <= 0;
  say(place("wall-more"), more > 0 ? t("và {n} cuộc gọi nữa", { n: more }) : "");
  place("no-calls").hidden = sorted.length > 0;
}

/** @param {HTMLElement} list @param {number} count */
function lines(list, count) {
  while (list.children.length > count) list.lastElementChild?.remove();
  while (list.children.length < count) {
    const item = document.createElement("li");
    item.append(document.createElement("strong"), document.createElement("span"));
    list.append(item);
  }
}

function update() {
  if (!data.generation) return;
  updated_ms = performance.now();
  const found = select(data, all, (id) => callOf.has(id)), now_ms = data.now_ms();
  map.update(found);
  /** @type {Record<string, number>} */
  const counts = { LIVE: 0, LATE: 0, SILENT: 0, NEVER: 0 };
  /** @type {Map<number, number[]>} live, late, silent, never of each unit at the top */
  const units = new Map();
  /** @type {number[]} */
  const needing = [];
  for (const number of found) {
    const word = data.word(number, now_ms), top = data.units.get(data.unit[number])?.top[0] ?? 0;
    counts[word] += 1;
    const of = units.get(top) ?? [0, 0, 0, 0];
    of[["LIVE", "LATE", "SILENT", "NEVER"].indexOf(word)] += 1;
    units.set(top, of);
    if (data.troubles(number) || word === "SILENT") if (needing.length < NEEDING_MAX) needing.push(number);
  }
  for (const [word, count] of Object.entries(counts)) say(place(`count-${word}`), written(count, 0));
  const list = place("wall-needing");
  lines(list, needing.length);
  needing.forEach((number, at) => {
    const item = list.children[at], word = data.word(number, now_ms);
    say(item.children[0], data.names[number]);
    say(item.children[1], [troublesText(data.troubles(number)), heardText(word, line.age_ms(data.heard[number]), data.isCut(number))]
      .filter(Boolean).join(" · "));
  });
  for (const item of /** @type {HTMLCollectionOf<HTMLElement>} */ (list.children)) { // none is cut in two
    item.style.visibility = item.offsetTop + item.offsetHeight - list.offsetTop > list.clientHeight + 1 ? "hidden" : "";
  }
  place("nothing-needs").hidden = needing.length > 0;
  writeUnits(units);
}

/** The units with most silence first. @param {Map<number, number[]>} units */
function writeUnits(units) {
  const body = /** @type {HTMLTableElement} */ (place("wall-units")).tBodies[0];
  const sorted = [...units].sort(([, a], [, b]) => b[2] - a[2] || b[1] - a[1] || b[0] - a[0]).slice(0, UNITS_MAX);
  while (body.rows.length > sorted.length) body.deleteRow(-1);
  sorted.forEach(([no, of], at) => {
    const row = body.rows[at] ?? body.insertRow();
    while (row.cells.length < 4) {
      const cell = document.createElement(row.cells.length ? "td" : "th");
      if (row.cells.length) cell.className = "number";
      else cell.scope = "row";
      row.append(cell);
    }
    [data.units.get(no)?.name ?? t("chưa thuộc đơn vị nào"), ...of.slice(0, 3).map((count) => written(count, 0))]
      .forEach((text, cell) => say(row.cells[cell], text));
  });
}

/** How old what is shown is: huge as soon as it is old. */
function writeAge() {
  const broker = state?.broker, isDeaf = broker?.is_connected === false;
  const age_ms = isLost ? line.age_ms(heard_ms) : isDeaf ? clock.age_ms(broker?.changed_ms) : null;
  place("wall-age").hidden = !isLost && !isDeaf;
  say(place("wall-age"), isLost || isDeaf ? t("SỐ LIỆU CŨ: {age}", { age: formatAge(age_ms) }) : "");
  const now_ms = clock.now_ms();
  say(place("wall-clock"), now_ms === null ? "" : formatTimeOfDay(now_ms));
}

data.addEventListener("names", update);
data.addEventListener("change", () => { if (performance.now() - updated_ms > UPDATE_MS) update(); });
news.addEventListener("state", () => {
  heard_ms = line.now_ms();
  callOf = new Map([...calls.values()].map((call) => [call.station, call]));
  writeCalls();
});
news.addEventListener("age", () => {
  writeAge();
  writeCalls();
  if (performance.now() - updated_ms > UPDATE_MS) update();
});
addEventListener("keydown", (event) => { // the one key of the wall; an open dialog takes it first
  if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]")) {
    location.assign(/** @type {HTMLAnchorElement} */ (place("wall-out")).href);
  }
});
let minute = 0;
window.setInterval(() => {
  minute = (minute + 1) % SHIFTS.length;
  const [x, y] = SHIFTS[minute];
  place("main").style.transform = `translate(${x}px, ${y}px)`;
}, SHIFT_MS);
Object.assign(document.body, { fleet: { data, map, timings: { map: map.timings } } });
