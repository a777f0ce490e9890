/** The page's event stream: the open calls as a map that the hub keeps up to date, and what is old. */
import { formatTimeOfDay, HubClock } from "../../../web/ages.js";
import { t } from "../../../web/words.js";
import { isGoingAway, place, say } from "./page.js";

const LOST_MS = 5_000; // the stream ticks each second
const AGES_MS = 500;
const UNSEEN_MS = 200; // a page that nobody sees has no frames

/**
 * Moments of a call are ms of the hub's own time line (`line`), which nobody's setting of a clock moves; `changed_utc_ms`
 * is its wall clock's. `rings`: it rings here. `due_ms`: of its state. `turn`: who speaks, null: its owner.
 * @typedef {{kind: "transfer" | "second" | "handover", to: string, by: string, due_ms: number}} Asked
 * @typedef {{name: string, role: "second" | "doctor", due_ms: number | null}} Guest  `due_ms` null: is there
 * @typedef {"ringing" | "claimed" | "parked" | "callback"} Group
 * @typedef {{id: string, station: string, name: string, state: string, group: Group, owner: string | null,
 *   revision: number, nudges: number, earliest_ms: number | null, latest_ms: number, received_ms: number,
 *   since_ms: number, changed_utc_ms: number, due_ms: number | null, visit: string | null, is_emergency: boolean,
 *   is_practice: boolean, rung: number, stage: number, phone: string | null, asked: Asked | null, guests: Guest[],
 *   turn: string | null, tries: number, overdue: number, rings: boolean}} Call
 * @typedef {{round_trip_ms: number | null, owed_count: number, oldest_owed_s: number | null, at_ms: number | null}} Link
 * @typedef {{device: string, port: string, candidates: {device: string, name: string}[],
 *   answer: {name: string | null, by: string, state: "waiting" | "sent" | "unheard"} | null}} Question
 * @typedef {{by: string, until_ms: number, outcome: "declined" | "unanswered" | null}} StationRing  `outcome`: it rings no more
 * @typedef {{station: string, name: string, word: string, heard_ms: number | null, is_cut: boolean,
 *   visit: string | null, values: import("../../../web/live_texts.js").Reading[], link: Link | null,
 *   questions: Question[], ring: StationRing | null, news: number}} Row
 * @typedef {{no: number, title: string, place: string, since_ms: number, is_owned: boolean}} BarAlert
 * @typedef {{number: number, count: number, high: BarAlert[], high_count: number, has_fault: boolean}} Alerts  `number` grows
 * @typedef {{broker: {is_connected: boolean, changed_ms: number | null}, ingest_fault_since_ms: number | null,
 *   has_routing_fault: boolean, alerts: Alerts}} HubState
 * @typedef {HubState & {calls: Call[]}} State  calls: the one that was received first first
 * @typedef {HubState & {now_ms: number, line_ms: number, is_whole: boolean, calls: Call[], gone: string[]}} Message
 */

/** The hub's wall clock: times of day, and the ages of what stations measured. */
export const clock = new HubClock();
/** The hub's own time line: how long a call has been as it is, and until when. */
export const line = new HubClock();
/** "calls": at once, may be often; "state" (detail: State): before the next frame; "rows" (detail: Row[]); "fleet" (detail: a message of fleet_data.js);
 * "age" (write all ages anew); "lost" (detail: boolean). */
export const news = new EventTarget();
/** Every open call by its id, as the hub has just told. @type {Map<string, Call>} */
export const calls = new Map();
/** The same as last shown; null: the hub has not said anything yet. @type {State | null} */
export let state = null;
export let isLost = false;

/** @type {HubState | null} */
let hub = null;
let heard_ms = clock.monotonic_ms();
let heardUtc_ms = NaN;

/** @param {string} type @param {unknown} [detail] */
function tell(type, detail) {
  news.dispatchEvent(new CustomEvent(type, { detail }));
}

/** @param {Message} next */
function onMessage({ now_ms, line_ms, is_whole, calls: changed, gone, ...rest }) {
  clock.hear(now_ms);
  line.hear(line_ms);
  heard_ms = clock.monotonic_ms();
  heardUtc_ms = now_ms;
  hub = rest;
  if (is_whole) calls.clear();
  for (const id of gone) calls.delete(id);
  for (const call of changed) calls.set(call.id, call);
  showLost(false);
  tell("calls");
  writeSoon();
}

let isWriting = false;

/** However much comes, the page is written once a frame: keys are answered in between. */
function writeSoon() {
  if (isWriting) return;
  isWriting = true;
  const write = () => {
    if (!isWriting) return;
    isWriting = false;
    if (hub) state = { ...hub, calls: [...calls.values()].sort((a, b) => a.received_ms - b.received_ms) };
    showHub();
    tell("state", state);
    tell("age");
  };
  requestAnimationFrame(() => window.setTimeout(write)); // after the frame, which shows what a key did
  window.setTimeout(write, UNSEEN_MS);
}

function showHub() {
  if (!hub) return;
  const { broker, ingest_fault_since_ms: fault_ms } = hub;
  const since = (/** @type {number | null} */ at_ms) => (at_ms === null ? "--:--:--" : formatTimeOfDay(at_ms));
  place("broker").hidden = broker.is_connected;
  say(place("broker"), broker.is_connected ? "" : t(
    "Trung tâm không nghe được trạm nào từ {time}. Số liệu bên dưới là số cũ.", { time: since(broker.changed_ms) }));
  place("ingest").hidden = fault_ms === null;
  say(place("ingest"), fault_ms === null ? "" : t(
    "Trung tâm không lưu được số liệu từ {time}. Các trạm giữ lại và sẽ gửi lại.", { time: since(fault_ms) }));
  const routing = document.getElementById("routing"); // only for whoever answers calls
  if (routing) routing.hidden = !hub.has_routing_fault;
  const count = place("call-count");
  count.hidden = calls.size === 0;
  say(count, String(calls.size));
  showStale();
}

/** @param {boolean} now */
function showLost(now) {
  if (now === isLost) return;
  isLost = now;
  place("lost").hidden = !now;
  say(place("lost"), now ? t("Mất liên lạc với trung tâm. Trang này là số liệu lúc {time}.",
    { time: Number.isNaN(heardUtc_ms) ? "--:--:--" : formatTimeOfDay(heardUtc_ms) }) : "");
  showStale();
  tell("lost", now);
}

/** Nothing may look live that is not: a page without its hub, a hub without its broker. */
function showStale() {
  const isStale = isLost || hub?.broker.is_connected === false;
  if (isStale) document.body.dataset.stale = isLost ? "lost" : "broker";
  else delete document.body.dataset.stale;
}

function tick() {
  if (clock.monotonic_ms() - heard_ms > LOST_MS) showLost(true);
  if (!Number.isNaN(heardUtc_ms)) say(place("as-of"), t("số liệu lúc {time}", { time: formatTimeOfDay(heardUtc_ms) }));
  tell("age");
}

/** @param {string} data */
function parse(data) {
  try {
    return JSON.parse(data);
  } catch {
    return null; // half a message of a hub that went away
  }
}

/** Hear the hub, for as long as the page is there. */
export function listen() {
  window.setInterval(tick, AGES_MS);
  connect();
}

function connect() {
  const source = new EventSource(document.body.dataset.events ?? "/events");
  source.addEventListener("state", (event) => {
    const next = parse(event.data);
    if (next) onMessage(next);
  });
  source.addEventListener("rows", (event) => {
    const next = parse(event.data);
    if (next) tell("rows", next.rows);
  });
  source.addEventListener("fleet", (event) => {
    const next = parse(event.data);
    if (next) tell("fleet", next);
  });
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return; // it comes back by itself
    window.setTimeout(async () => {
      const answer = await fetch("/duty", { headers: { Accept: "application/json" } }).catch(() => null);
      if (answer?.status === 401 && !isGoingAway()) location.assign(document.body.dataset.login ?? "/login");
      else connect();
    }, 2_000);
  });
}
