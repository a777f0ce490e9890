/** The list of stations: cells are written anew as the hub tells, ages as time goes. */
import { formatAge } from "../../../web/ages.js";
import { numberText, sourceWord } from "../../../web/units.js";
import { t } from "../../../web/words.js";
import { callText, calls, clock, linkText, news, place, presenceText, pressAge, say } from "./console.js";
import { sinceText } from "./call_words.js";

/** @typedef {import("./console.js").Row} Row @typedef {import("../../../web/live_texts.js").Reading} Reading */

const FRESH_MS = 5_000; // as STALE_AFTER_S of the contract
const COLUMNS = [[150456], [149530, 147842]]; // SpO2; pulse and heart rate, each with its source
/** @type {Map<string, Row>} */
const rows = new Map();
/** The call of each station, the one that somebody waits for first. @type {Map<string, import("./console.js").Call>} */
let callOf = new Map();
const table = place("fleet"), body = /** @type {HTMLTableSectionElement} */ (table.querySelector("tbody"));

/** @param {Row} row */
function newLine(row) {
  const line = body.insertRow();
  line.dataset.station = row.station;
  const head = document.createElement("th"), link = document.createElement("a");
  head.scope = "row";
  link.href = `/stations/${row.station}`;
  const asks = document.createElement("small");
  asks.className = "asks";
  head.append(link, asks);
  line.append(head);
  for (const name of ["presence", "call", "visit"]) line.insertCell().className = name;
  for (const [mdc] of COLUMNS) {
    const cell = line.insertCell();
    cell.className = "number value";
    cell.dataset.mdc = String(mdc);
  }
  line.insertCell().className = "link";
  return line;
}

/** @param {Row} row */
function write(row) {
  const line = /** @type {HTMLTableRowElement} */ (body.querySelector(`[data-station="${row.station}"]`) ?? newLine(row));
  const presence = /** @type {HTMLElement} */ (line.querySelector(".presence"));
  say(line.querySelector("a"), row.name);
  if (presence.dataset.word !== row.word) presence.dataset.word = row.word;
  say(presence, presenceText(row));
  say(line.querySelector(".visit"), row.visit ?? "");
  say(line.querySelector(".link"), linkText(row.link));
  say(line.querySelector(".asks"), row.questions.length ? t("có thiết bị cần xác nhận") : "");
  for (const mdcs of COLUMNS) {
    const cell = line.querySelector(`[data-mdc="${mdcs[0]}"]`);
    if (cell) writeValues(cell, row.values.filter((one) => mdcs.includes(one.mdc)));
  }
  const call = callOf.get(row.station);
  if ((line.dataset.group ?? "") !== (call?.group ?? "")) {
    if (call) line.dataset.group = call.group;
    else delete line.dataset.group;
  }
  line.classList.toggle("is-practice", call?.is_practice ?? false);
  say(line.querySelector(".call"), call ? `${callText(call)} · ${ageOf(call)}` : "");
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
  const shown = readings.filter(isShown), several = shown.length > 1;
  const parts = shown.map((reading) => [numberText(reading.value), [sourceWord(reading.source),
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

news.addEventListener("rows", (event) => {
  for (const row of /** @type {CustomEvent<Row[]>} */ (event).detail) {
    rows.set(row.station, row);
    write(row);
  }
  table.hidden = rows.size === 0;
  place("nobody").hidden = rows.size !== 0;
});
news.addEventListener("state", () => {
  const byNeed = [...calls.values()].sort((a, b) => Number(a.group !== "callback") - Number(b.group !== "callback"));
  callOf = new Map(byNeed.map((call) => [call.station, call])); // the last one stays
});
news.addEventListener("age", () => { for (const row of rows.values()) write(row); });
