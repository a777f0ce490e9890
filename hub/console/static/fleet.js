/** The list of stations: all of them in the page, sixty rows at a time; cells are written anew as time goes. */
import { formatAge } from "../../../web/ages.js";
import { numberText, sourceWord } from "../../../web/units.js";
import { number as written, t } from "../../../web/words.js";
import { callText, calls, clock, keys, line, linkText, news, place, postJson, pressAge, say } from "./console.js";
import { sinceText } from "./call_words.js";
import { FleetData } from "./fleet_data.js";
import { queryOf, select, viewOf } from "./fleet_view.js";
import { heardText, troublesText } from "./fleet_words.js";
import { RowsWindow } from "./rows_window.js";

/** @typedef {import("./console.js").Row} Row @typedef {import("../../../web/live_texts.js").Reading} Reading */

const FRESH_MS = 5_000; // as STALE_AFTER_S of the contract
const COLUMNS = [[150456], [149530, 147842]]; // SpO2; pulse and heart rate, each with its source
const CELLS = ["unit", "presence", "call", "troubles", "visit"];
const ROW_PX = 44;
const ORDER_MS = 2_000; // an order that changes under one's eyes is worse than one that is two seconds old
const IN_SIGHT_MS = 150;
const TIMINGS_KEPT = 500;

const data = new FleetData();
/** What the page measures of itself, ms. */
const timings = { search: /** @type {number[]} */ ([]), draw: /** @type {number[]} */ ([]) };
/** What the hub told of the rows in sight. @type {Map<string, Row>} */
const rows = new Map();
/** The call of each station, the one that somebody waits for first. @type {Map<string, import("./console.js").Call>} */
let callOf = new Map();
let view = viewOf(location.search);
/** Stations by number, and before those of a unit -1 - its first. */
let shown = new Int32Array(0);
let activeId = "";
let ordered_ms = -Infinity;

const table = /** @type {HTMLTableElement} */ (place("fleet")), scroller = place("fleet-scroll");
const form = /** @type {HTMLFormElement} */ (place("filters"));
const list = new RowsWindow({ scroller, table, row_px: ROW_PX, columns: 4 + CELLS.length, draw: write,
  open: (index) => { if (shown[index] >= 0) location.assign(`/stations/${data.ids[shown[index]]}`); }, onSight: tellSight });
scroller.tabIndex = 0;
scroller.classList.add("is-window", "fills");
table.setAttribute("role", "grid");
for (const part of table.querySelectorAll("thead, tbody")) part.setAttribute("role", "rowgroup");
table.tHead?.rows[0].setAttribute("role", "row");
for (const cell of table.querySelectorAll("thead th")) cell.setAttribute("role", "columnheader");
place("pages").hidden = true;

/** @param {number[]} of @param {number} began_ms */
function note(of, began_ms) {
  of.push(performance.now() - began_ms);
  if (of.length > TIMINGS_KEPT) of.shift();
}

/** Choose and order anew. */
function order() {
  if (!data.count && !data.generation) return;
  const began_ms = performance.now();
  ordered_ms = began_ms;
  const found = select(data, view, (id) => callOf.has(id));
  note(timings.search, began_ms);
  shown = view.group ? grouped(found) : found;
  const active = activeId ? shown.indexOf(data.numbers.get(activeId) ?? -1) : -1;
  list.show(shown.length, active);
  table.hidden = found.length === 0;
  place("nobody").hidden = data.count !== 0;
  place("none-found").hidden = found.length !== 0 || data.count === 0;
  say(place("fleet-count"), t("{n} trên {total} trạm", { n: written(found.length, 0), total: written(data.count, 0) }));
}

/** @param {Int32Array<ArrayBuffer>} found */
function grouped(found) {
  /** @type {number[]} */
  const all = [];
  let unit = NaN;
  for (const number of found) {
    if (data.unit[number] !== unit) all.push(-1 - number);
    unit = data.unit[number];
    all.push(number);
  }
  return Int32Array.from(all);
}

/** @param {HTMLTableRowElement} row @param {number} index */
function write(row, index) {
  const number = shown[index];
  if (number < 0) return writeGroup(row, -1 - number);
  const id = data.ids[number], now_ms = data.now_ms();
  if (row.dataset.station !== id) {
    if (row.cells.length !== 9) build(row);
    row.classList.remove("group");
    row.dataset.station = id;
    const link = /** @type {HTMLAnchorElement} */ (row.querySelector("a"));
    link.href = `/stations/${id}`;
    say(link, data.names[number]);
    say(row.querySelector(".unit"), data.unitPath(number));
  }
  const told = rows.get(id), word = data.word(number, now_ms), call = callOf.get(id);
  const presence = /** @type {HTMLElement} */ (row.querySelector(".presence"));
  if (presence.dataset.word !== word) presence.dataset.word = word;
  say(presence, heardText(word, line.age_ms(data.heard[number]), data.isCut(number)));
  writeTroubles(/** @type {HTMLElement} */ (row.querySelector(".troubles")), number);
  say(row.querySelector(".visit"), told?.visit ?? "");
  say(row.querySelector(".link"), told ? linkText(told.link) : "");
  for (const mdcs of COLUMNS) {
    const cell = row.querySelector(`[data-mdc="${mdcs[0]}"]`);
    if (cell) writeValues(cell, (told?.values ?? []).filter((one) => mdcs.includes(one.mdc)));
  }
  if ((row.dataset.group ?? "") !== (call?.group ?? "")) {
    if (call) row.dataset.group = call.group;
    else delete row.dataset.group;
  }
  row.classList.toggle("is-practice", call?.is_practice ?? false);
  say(row.querySelector(".call"), call ? `${callText(call)} · ${ageOf(call)}` : "");
}

/** What was wrong when the station last told of itself, and how long ago that was. @param {HTMLElement} cell @param {number} number */
function writeTroubles(cell, number) {
  const bits = data.troubles(number), text = bits ? troublesText(bits) : "";
  const isTold = bits !== 0 && !Number.isNaN(data.told[number]); // what only the hub knows has no report
  const note = isTold ? t("báo cách đây {age}", { age: formatAge(line.age_ms(data.told[number])) }) : "";
  if (cell.dataset.text === text + note) return;
  cell.dataset.text = text + note;
  const small = document.createElement("small");
  small.textContent = note;
  cell.replaceChildren(text, " ", small);
  cell.title = text;
}

/** @param {HTMLTableRowElement} row */
function build(row) {
  row.replaceChildren();
  const head = document.createElement("th");
  head.scope = "row";
  head.append(document.createElement("a"));
  row.append(head);
  for (const name of CELLS) row.insertCell().className = name;
  for (const [mdc] of COLUMNS) {
    const cell = row.insertCell();
    cell.className = "number value";
    cell.dataset.mdc = String(mdc);
  }
  row.insertCell().className = "link";
  head.setAttribute("role", "rowheader");
  for (const cell of row.querySelectorAll("td")) cell.setAttribute("role", "gridcell");
}

/** @param {HTMLTableRowElement} row @param {number} first the first station of the unit */
function writeGroup(row, first) {
  if (row.cells.length !== 1) {
    row.replaceChildren();
    const cell = row.insertCell();
    cell.colSpan = 4 + CELLS.length;
    cell.setAttribute("role", "gridcell");
  }
  row.className = "group";
  delete row.dataset.station;
  delete row.dataset.group;
  say(row.cells[0], data.unitPath(first) || t("chưa thuộc đơn vị nào"));
}

/** Since when somebody is at it; of a call that waits for help, the age of its press.
 * @param {import("./console.js").Call} call */
function ageOf(call) {
  return ["claimed", "parked"].includes(call.group) ? sinceText(call) : pressAge(call);
}

/** A number older than five seconds is not shown; its age is. @param {Reading} reading */
function isShown(reading) {
  const age_ms = clock.age_ms(reading.measured_ms), received_ms = clock.age_ms(reading.received_ms);
  return reading.state === "ok" && reading.value !== null && Math.max(age_ms ?? 0, received_ms ?? Infinity) <= FRESH_MS;
}

/** Every number that may be shown, each with its source (and device, if there are several); or why there is none.
 * @param {Element} cell @param {Reading[]} readings */
function writeValues(cell, readings) {
  const fresh = readings.filter(isShown), several = fresh.length > 1;
  const parts = fresh.map((reading) => [numberText(reading.value), [sourceWord(reading.source),
    formatAge(clock.age_ms(reading.measured_ms)), several ? reading.device_name : ""].filter(Boolean).join(" · ")]);
  if (!parts.length) parts.push(["---", readings.length ? absentText(readings[0]) : ""]);
  const lines = parts.map(([text, note]) => {
    const line = document.createElement("span"), small = document.createElement("small");
    line.className = "reading";
    small.textContent = note;
    line.append(`${text} `, small);
    line.title = note;
    return line;
  });
  if (cell.textContent?.trim() !== lines.map((line) => line.textContent).join("").trim()) cell.replaceChildren(...lines);
}

/** @param {Reading} reading */
function absentText(reading) {
  if (reading.state === "off") return t(reading.why ?? "không rõ");
  return clock.age_ms(reading.received_ms) === null ? "" : formatAge(clock.age_ms(reading.measured_ms));
}

let sightTimer = 0;

/** The hub tells more of the rows in sight. @param {number} first @param {number} end */
function tellSight(first, end) {
  window.clearTimeout(sightTimer);
  sightTimer = window.setTimeout(() => {
    const stations = [...shown.subarray(first, end)].filter((number) => number >= 0).map((number) => data.ids[number]);
    for (const id of rows.keys()) if (!stations.includes(id)) rows.delete(id);
    if (data.window) void postJson("/fleet/window", { window: data.window, stations });
  }, IN_SIGHT_MS);
}

/** The form says what is shown, and so does the address. */
function onFilter() {
  const of = new FormData(form);
  view = viewOf(new URLSearchParams(/** @type {Record<string, string>} */ (Object.fromEntries(of))).toString());
  const query = queryOf(view), onMap = queryOf({ ...view, sort: "need", group: false });
  history.replaceState(null, "", query ? `/?${query}` : "/");
  /** @type {HTMLAnchorElement} */ (place("to-map")).href = onMap ? `/map?${onMap}` : "/map";
  const saved = document.querySelector(".save-view [name=query]");
  if (saved instanceof HTMLInputElement) saved.value = query;
  scroller.scrollTop = 0;
  activeId = "";
  order();
}

function redraw() {
  const began_ms = performance.now();
  if (began_ms - ordered_ms > ORDER_MS) order();
  else list.draw();
  const active = shown[list.active];
  activeId = active !== undefined && active >= 0 ? data.ids[active] : "";
  note(timings.draw, began_ms);
}

form.addEventListener("input", onFilter);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  onFilter();
});
scroller.addEventListener("keydown", () => {
  const active = shown[list.active];
  activeId = active !== undefined && active >= 0 ? data.ids[active] : "";
});
data.addEventListener("names", () => { ordered_ms = -Infinity; });
data.addEventListener("change", redraw);
news.addEventListener("rows", (event) => {
  for (const row of /** @type {CustomEvent<Row[]>} */ (event).detail) rows.set(row.station, row);
  redraw();
});
news.addEventListener("state", () => {
  const byNeed = [...calls.values()].sort((a, b) => Number(a.group !== "callback") - Number(b.group !== "callback"));
  const before = [...callOf.keys()].join();
  callOf = new Map(byNeed.map((call) => [call.station, call])); // the last one stays
  if (before !== [...callOf.keys()].join()) order();
});
news.addEventListener("age", redraw);
keys.add({ find: () => { /** @type {HTMLInputElement} */ (form.elements.namedItem("q")).focus(); }, rows: () => scroller.focus() });
Object.assign(document.body, { fleet: { data, list, timings, order, select: (/** @type {string} */ query) =>
  select(data, viewOf(query), (id) => callOf.has(id)) } });
