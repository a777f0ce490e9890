/** The list of stations: cells are written anew as the hub tells, ages as time goes. */
import { formatAge } from "../../../web/ages.js";
import { number, t } from "../../../web/words.js";
import { callText, clock, linkText, news, place, presenceText, pressAge, say, state } from "./console.js";

/** @typedef {import("./console.js").Row} Row @typedef {import("../../../web/values.js").Reading} Reading */

const FRESH_MS = 5_000; // as STALE_AFTER_S of the contract
const VALUES = [150456, 149530];
/** @type {Map<string, Row>} */
const rows = new Map();
const table = place("fleet"), body = /** @type {HTMLTableSectionElement} */ (table.querySelector("tbody"));

/** @param {Row} row */
function newLine(row) {
  const line = body.insertRow();
  line.dataset.station = row.station;
  const head = document.createElement("th"), link = document.createElement("a");
  head.scope = "row";
  link.href = `/stations/${row.station}`;
  head.append(link);
  line.append(head);
  for (const name of ["presence", "call", "visit"]) line.insertCell().className = name;
  for (const mdc of VALUES) {
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
  for (const mdc of VALUES) {
    const cell = line.querySelector(`[data-mdc="${mdc}"]`);
    if (cell) writeValue(cell, row.values.find((one) => one.mdc === mdc));
  }
  const call = state?.calls.find((one) => one.station === row.station);
  if ((line.dataset.group ?? "") !== (call?.group ?? "")) {
    if (call) line.dataset.group = call.group;
    else delete line.dataset.group;
  }
  say(line.querySelector(".call"), call ? `${callText(call)} · ${pressAge(call)}` : "");
}

/** A number older than five seconds is not shown; its age is. @param {Element} cell @param {Reading | undefined} reading */
function writeValue(cell, reading) {
  const age_ms = clock.age_ms(reading?.measured_ms ?? null), received_ms = clock.age_ms(reading?.received_ms ?? null);
  const isShown = reading?.state === "ok" && reading.value !== null && Math.max(age_ms ?? 0, received_ms ?? Infinity) <= FRESH_MS;
  const text = isShown ? number(reading.value ?? NaN, 0) : "---";
  const note = reading?.state === "off" ? t("tuột đầu dò") : received_ms === null ? "" : formatAge(age_ms);
  const key = `${text} ${note}`.trim();
  if (cell.textContent?.trim() === key) return;
  const small = document.createElement("small");
  small.textContent = note;
  cell.replaceChildren(`${text} `, small);
}

news.addEventListener("rows", (event) => {
  for (const row of /** @type {CustomEvent<Row[]>} */ (event).detail) {
    rows.set(row.station, row);
    write(row);
  }
  table.hidden = rows.size === 0;
  place("nobody").hidden = rows.size !== 0;
});
news.addEventListener("age", () => { for (const row of rows.values()) write(row); });
