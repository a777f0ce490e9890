/** On every page: the event stream, the ring, one key to answer, and the truth about what is old. */
import { formatAge, formatTimeOfDay, HubClock } from "../../../web/ages.js";
import { Duty } from "../../../web/duty.js";
import { Ring } from "../../../web/ring.js";
import { t } from "../../../web/words.js";

const LOST_MS = 5_000; // the stream ticks each second
const AGES_MS = 500;
const CONFIRM_MS = 5_000; // as the hub's SOUND_LEASE_S of 12 s: one may be lost
const TOLD_MS = 8_000;
const POST_MAX_MS = 5_000; // a hub that does not answer for so long is away
export const CLAIM_KEY = "F2"; // types nothing, so that it answers from inside a field too

/**
 * @typedef {{id: string, station: string, name: string, state: string, group: "ringing" | "claimed" | "callback",
 *   owner: string | null, revision: number, nudges: number, earliest_ms: number | null, latest_ms: number,
 *   received_ms: number, changed_ms: number, visit: string | null}} Call
 * @typedef {{round_trip_ms: number | null, owed_count: number, oldest_owed_s: number | null, at_ms: number | null}} Link
 * @typedef {{device: string, port: string, candidates: {device: string, name: string}[],
 *   answer: {name: string | null, by: string, state: "waiting" | "sent" | "unheard"} | null}} Question
 * @typedef {{station: string, name: string, word: string, heard_ms: number | null, is_cut: boolean,
 *   visit: string | null, values: import("../../../web/live_texts.js").Reading[], link: Link | null,
 *   questions: Question[], news: number}} Row
 * @typedef {{now_ms: number, calls: Call[], broker: {is_connected: boolean, changed_ms: number | null},
 *   ingest_fault_since_ms: number | null}} State
 */

export const clock = new HubClock();
/** "state" (detail: State), "rows" (detail: Row[]), "age" (write all ages anew), "lost" (detail: boolean). */
export const news = new EventTarget();
export const me = document.body.dataset.me ?? "";
export const mayAnswer = "mayAnswer" in document.body.dataset;
export const ring = new Ring();
const duty = new Duty(ring, clock);
/** @type {State | null} */
export let state = null;

const consoleId = crypto.getRandomValues(new Uint32Array(2)).join("-");
let heard_ms = clock.monotonic_ms();
let heardUtc_ms = NaN;
let isLost = false;

/** @param {string} id */
export function place(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** Write a text only when it changed: a screen reader is told of changes, not of seconds.
 * @param {Element | null} element @param {string} text */
export function say(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

/** @param {string} type @param {unknown} [detail] */
function tell(type, detail) {
  news.dispatchEvent(new CustomEvent(type, { detail }));
}

/** The age of a press as exactly as it is known. @param {Call} call */
export function pressAge(call) {
  const least_ms = clock.age_ms(call.latest_ms), most_ms = clock.age_ms(call.earliest_ms);
  if (call.earliest_ms !== null && call.latest_ms - call.earliest_ms <= 2_000) return formatAge(least_ms);
  if (most_ms !== null) return t("{a} đến {b}", { a: formatAge(least_ms), b: formatAge(most_ms) });
  if (call.received_ms - call.latest_ms < 1_000) return t("không rõ");
  return t("ít nhất {a}", { a: formatAge(least_ms) });
}

/** @param {Call} call */
export function callText(call) {
  switch (call.state) {
    case "CLAIMED": case "CONNECTING": case "ACTIVE": case "DROPPED": case "HELD":
      return call.owner === me ? t("bạn đang trả lời") : t("{name} đang trả lời", { name: call.owner ?? "" });
    case "MISSED": return t("không ai trả lời");
    case "CALLBACK": return call.owner ? t("{name} sẽ gọi lại", { name: call.owner }) : t("cần gọi lại");
    case "CANCELLED": return t("trạm đã huỷ, chưa xem");
    case "RINGING": return t("đang đổ chuông");
    default: return t("đang gọi");
  }
}

/** @param {Row} row */
export function presenceText(row) {
  const age = formatAge(clock.age_ms(row.heard_ms));
  const text = row.word === "NEVER" ? t("chưa từng nghe") : row.word === "LIVE" ? t("đang nghe · {age}", { age })
    : row.word === "LATE" ? t("trễ · {age}", { age }) : t("im lặng · {age}", { age });
  return row.is_cut ? `${text} · ${t("mất kết nối")}` : text;
}

/** @param {Link | null} link */
export function linkText(link) {
  if (!link) return t("chưa rõ");
  const way = link.round_trip_ms === null ? t("chưa đo") : t("{n} ms", { n: link.round_trip_ms });
  let owed = t("không nợ");
  if (link.owed_count) {
    owed = t("còn nợ {n} bản ghi", { n: link.owed_count });
    if (link.oldest_owed_s !== null) owed += ` (${t("cũ nhất {age}", { age: formatAge(link.oldest_owed_s * 1000) })})`;
  }
  return `${way} · ${owed} · ${t("cách đây {age}", { age: formatAge(clock.age_ms(link.at_ms)) })}`;
}

/** POST a deed; the answer as JSON, or null. @param {string} path @param {Record<string, string>} [form] */
export async function post(path, form = {}) {
  try {
    const answer = await fetch(path, { method: "POST", headers: { Accept: "application/json" },
      body: new URLSearchParams(form), signal: AbortSignal.timeout(POST_MAX_MS) });
    if (answer.status === 401) location.assign("/login");
    return answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : null;
  } catch {
    return null; // the hub is away; the page says so by itself
  }
}

let toldTimer = 0;

/** A line that goes away by itself. @param {string} text */
export function tellUser(text) {
  const told = place("told");
  told.hidden = false;
  say(told, text);
  window.clearTimeout(toldTimer);
  toldTimer = window.setTimeout(() => { told.hidden = true; }, TOLD_MS);
}

const CLAIMED = "claimed"; // in this tab's store: which call it took, and when

/** When this tab claimed the call, in ms of this page's `performance.now()`; null: another tab did, or nobody.
 * @param {string} id */
export function claimedHere_ms(id) {
  const [of, at_ms] = (sessionStorage.getItem(CLAIMED) ?? "").split(" ");
  return of === id ? Number(at_ms) - performance.timeOrigin : null;
}

let warnedOf = "", warned_ms = -Infinity;

/** Whoever is in a call already must mean it: the nurse there would hear him no more. @param {Call} call */
function isMeant(call) {
  const mine = state?.calls.find((one) => one.group === "claimed" && one.owner === me && one.station !== call.station);
  const now_ms = performance.now();
  if (!mine || (warnedOf === call.id && now_ms - warned_ms < TOLD_MS)) return true;
  [warnedOf, warned_ms] = [call.id, now_ms];
  tellUser(t("Bạn đang trả lời {station}. Nhấn {key} lần nữa để sang {other}: {station} sẽ không nghe thấy bạn nữa.",
    { station: mine.name, key: CLAIM_KEY, other: call.name }));
  return false;
}

/** Answer a call: whoever is first gets it, the others are told who. @param {Call} call */
export async function claim(call) {
  if (!isMeant(call)) return;
  sessionStorage.setItem(CLAIMED, `${call.id} ${performance.timeOrigin + performance.now()}`);
  const answer = await post(`/calls/${call.id}/claim`);
  if (answer?.is_done || answer?.is_mine) {
    if (location.pathname !== answer.url) location.assign(answer.url);
  } else if (answer?.owner) tellUser(t("{name} đã trả lời {station} trước.", { name: answer.owner, station: call.name }));
  else tellUser(t("Không nhận được cuộc gọi. Hãy thử lại."));
}

const ringPlace = place("ring");

/** One line a ringing call, the oldest first; the key answers the first.
 * @param {Call[]} calls */
function showRinging(calls) {
  const shown = new Map([...ringPlace.querySelectorAll("form")].map((form) => [form.dataset.call, form]));
  for (const [id, form] of shown) if (!calls.some((call) => call.id === id)) form.remove();
  calls.forEach((call, position) => {
    let form = shown.get(call.id);
    if (!form) {
      form = newRing(call);
      ringPlace.append(form);
    }
    if (form.dataset.bound !== "yes") bindRing(form);
    if (call.state === "RECEIVED" && mayAnswer) void post(`/calls/${call.id}/shown`);
    say(form.querySelector(".ring-text"), ringText(call));
    const key = form.querySelector("kbd");
    if (key) key.hidden = position !== 0;
  });
}

/** @param {Call} call */
function ringText(call) {
  const text = t("gọi cách đây {age}", { age: pressAge(call) });
  return call.nudges ? `${text} · ${t("đã nhấn thêm {n} lần", { n: call.nudges })}` : text;
}

/** @param {Call} call */
function newRing(call) {
  const form = document.createElement("form");
  form.className = "ring";
  form.method = "post";
  form.action = `/calls/${call.id}/claim`;
  form.dataset.call = call.id;
  for (const [tag, name] of [["span", "ring-mark"], ["strong", "ring-name"], ["span", "ring-text"]]) {
    const part = document.createElement(tag);
    part.className = name;
    form.append(part);
  }
  form.children[0].setAttribute("aria-hidden", "true");
  say(form.children[1], call.name);
  if (mayAnswer) {
    const button = document.createElement("button"), key = document.createElement("kbd");
    button.className = "primary";
    key.textContent = CLAIM_KEY;
    button.append(`${t("Trả lời")} `, key);
    form.append(button);
  }
  return form;
}

/** @param {HTMLFormElement} form */
function bindRing(form) {
  form.dataset.bound = "yes";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const call = ringing().find((one) => one.id === form.dataset.call);
    if (call) void claim(call);
  });
}

/** @returns {Call[]} */
function ringing() {
  return (state?.calls ?? []).filter((call) => call.group === "ringing");
}

let rungFor = "";

/** Ring for whoever waits; a page that has lost its hub rings for nobody, for it does not know. */
function ringOrNot() {
  const calls = mayAnswer && !isLost ? ringing() : [];
  const key = calls.map((call) => call.id).join();
  if (key === rungFor) return;
  rungFor = key;
  if (calls.length) ring.start(t("{name} gọi", { name: calls.map((call) => call.name).join(", ") }));
  else ring.stop();
}

/** Only a ring that is heard, by somebody who can answer, is confirmed: the station's lamp believes it. */
function confirm() {
  if (!ring.isRunning || !duty.isOn) return;
  for (const call of ringing()) void post(`/calls/${call.id}/ringing?console=${consoleId}`);
}

/** What is missing, and what to do. @param {import("../../../web/duty.js").Fault} fault */
function faultText(fault) {
  switch (fault) {
    case "clock": return t("chưa biết giờ của trung tâm");
    case "sound": return t("trình duyệt chưa cho phát tiếng: nhấn một phím bất kỳ");
    case "loudspeaker": return t("không có loa hay tai nghe: hãy cắm vào");
    case "microphone checking": return t("đang thử micrô");
    case "microphone ask": return t("trình duyệt chưa cho dùng micrô: nhấn một phím bất kỳ rồi chọn Cho phép");
    case "microphone missing": return t("không có micrô: hãy cắm vào. Vẫn trả lời được, nhưng trạm sẽ không nghe tiếng");
    case "microphone refused": return t("trình duyệt chặn micrô: nhấn vào biểu tượng cạnh địa chỉ trang và cho phép micrô");
    case "microphone busy": return t("chương trình khác đang dùng micrô: hãy đóng chương trình đó");
  }
}

const PASSING = ["clock", "microphone checking"]; // for a moment after each load: no reason to call for somebody

function showDuty() {
  const banner = place("duty"), faults = duty.faults.filter((fault) => !PASSING.includes(fault));
  banner.hidden = faults.length === 0;
  say(place("duty-text"), t("Máy này chưa trực, trạm không được báo là đang đổ chuông: {faults}.",
    { faults: faults.map(faultText).join("; ") }));
  const chip = place("on-duty");
  chip.hidden = false;
  chip.classList.toggle("is-off", !duty.isOn);
  say(chip, duty.isOn ? t("đang trực") : faults.length ? t("chưa trực") : duty.faults.map(faultText).join("; "));
}

function beginDuty() {
  if (!mayAnswer) return; // nobody waits for him
  duty.addEventListener("change", () => {
    showDuty();
    confirm();
  });
  place("duty-again").addEventListener("click", () => void duty.prove());
  showDuty();
  duty.begin();
}

/** Who has a call, and is on a page without its voice, finds back. @param {Call[]} calls */
function showMine(calls) {
  const mine = mayAnswer ? calls.find((call) => call.group === "claimed" && call.owner === me) : undefined;
  const address = mine ? `/stations/${mine.station}` : "", line = place("mine");
  line.hidden = address === "" || address === location.pathname;
  if (line.hidden || line.dataset.address === address) return;
  line.dataset.address = address;
  const link = document.createElement("a");
  link.href = address;
  link.textContent = t("Về cuộc gọi");
  line.replaceChildren(`${t("Bạn đang trả lời {name}. Trang này không có hình và tiếng.", { name: mine?.name ?? "" })} `, link);
}

/** @param {State} next */
function onState(next) {
  state = next;
  clock.hear(next.now_ms);
  duty.look();
  heard_ms = clock.monotonic_ms();
  heardUtc_ms = next.now_ms;
  showLost(false);
  const { broker, ingest_fault_since_ms: fault_ms } = next;
  place("broker").hidden = broker.is_connected;
  const since = (/** @type {number | null} */ at_ms) => (at_ms === null ? "--:--:--" : formatTimeOfDay(at_ms));
  say(place("broker"), broker.is_connected ? "" : t(
    "Trung tâm không nghe được trạm nào từ {time}. Số liệu bên dưới là số cũ.", { time: since(broker.changed_ms) }));
  place("ingest").hidden = fault_ms === null;
  say(place("ingest"), fault_ms === null ? "" : t(
    "Trung tâm không lưu được số liệu từ {time}. Các trạm giữ lại và sẽ gửi lại.", { time: since(fault_ms) }));
  showStale();
  const count = place("call-count");
  count.hidden = next.calls.length === 0;
  say(count, String(next.calls.length));
  showRinging(ringing());
  showMine(next.calls);
  ringOrNot();
  tell("state", next);
  tell("age");
}

/** @param {boolean} now */
function showLost(now) {
  if (now === isLost) return;
  isLost = now;
  const lost = place("lost");
  lost.hidden = !now;
  say(lost, now ? t("Mất liên lạc với trung tâm. Trang này là số liệu lúc {time}.",
    { time: Number.isNaN(heardUtc_ms) ? "--:--:--" : formatTimeOfDay(heardUtc_ms) }) : "");
  showStale();
  ringOrNot();
  tell("lost", now);
}

/** Nothing may look live that is not: a page without its hub, a hub without its broker. */
function showStale() {
  const isStale = isLost || state?.broker.is_connected === false;
  if (isStale) document.body.dataset.stale = "";
  else delete document.body.dataset.stale;
}

function tick() {
  duty.look();
  if (clock.monotonic_ms() - heard_ms > LOST_MS) showLost(true);
  if (!Number.isNaN(heardUtc_ms)) say(place("as-of"), t("số liệu lúc {time}", { time: formatTimeOfDay(heardUtc_ms) }));
  for (const call of ringing()) {
    say(ringPlace.querySelector(`[data-call="${call.id}"] .ring-text`), ringText(call));
  }
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

function listen() {
  const source = new EventSource(document.body.dataset.events ?? "/events");
  source.addEventListener("state", (event) => {
    const next = parse(event.data);
    if (next) onState(next);
  });
  source.addEventListener("rows", (event) => {
    const next = parse(event.data);
    if (next) tell("rows", next.rows);
  });
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return; // it comes back by itself
    window.setTimeout(async () => {
      const answer = await fetch("/calls?part=1", { headers: { Accept: "application/json" } }).catch(() => null);
      if (answer?.status === 401) location.assign("/login");
      else listen();
    }, 2_000);
  });
}

window.addEventListener("keydown", (event) => {
  if (event.key !== CLAIM_KEY || event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  if (!mayAnswer || !ringPlace.firstElementChild) return;
  event.preventDefault();
  const call = ringing()[0];
  if (call) void claim(call);
  else if (!state) ringPlace.querySelector("form")?.submit(); // the stream has not said anything yet
});

ring.onchange = () => {
  duty.look();
  confirm();
};
void ring.unlock(); // the browser lets a page sound at once when the one before was used
for (const form of ringPlace.querySelectorAll("form")) bindRing(form);
window.setInterval(tick, AGES_MS);
window.setInterval(confirm, CONFIRM_MS);
beginDuty();
listen();
Object.assign(document.body, { console: { ring, clock, news, duty } });
