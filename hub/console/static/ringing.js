/** Who calls, on every page: a line each, one sound for all, one key that answers. */
import { keyLabel } from "../../../web/keys.js";
import { t } from "../../../web/words.js";
import { asks, askText } from "./asked.js";
import { callText, leftText, ringText } from "./call_words.js";
import { closeDialogs } from "./chooser.js";
import { myCall } from "./deeds.js";
import { takeHere } from "./here.js";
import { consoleId, mayAnswer, place, post, postJson, say, tellUser } from "./page.js";
import { calls, isLost, news, state } from "./stream.js";

/** @typedef {import("./stream.js").Call} Call */

const SHOWN_MAX = 20; // a storm of calls is counted, not written out
const NAMED_MAX = 3; // in the page's title
const CONFIRM_MS = 5_000; // as the hub's SOUND_LEASE_S of 12 s: one may be lost
const GATHER_MS = 50; // what begins to ring within that is confirmed together
const TOLD_AT_ONCE = 200; // a request of 1,000 would be larger than the hub takes
const WARNED_MS = 8_000;

const ringPlace = place("ring");

/** Who rings here, in the order in which they are answered: emergencies, then who has waited longest.
 * @returns {Call[]} */
export function ringing() {
  const found = [...calls.values()].filter((call) => call.group === "ringing" && call.rings);
  return found.sort((a, b) => Number(b.is_emergency) - Number(a.is_emergency) || a.received_ms - b.received_ms);
}

/** @returns {Call[]} */
function parked() {
  return [...calls.values()].filter((call) => call.group === "parked").sort((a, b) => a.since_ms - b.since_ms);
}

/** Who is answered by the key. @param {Call} [here] the call of this page's station */
function first(here) {
  const waits = here && ["ringing", "parked"].includes(here.group) ? here : undefined;
  return ringing()[0] ?? waits ?? parked()[0];
}

/** Whether the key does anything now. @param {Call} [here] */
export function isAnybodyThere(here) {
  const mine = myCall();
  return first(here) !== undefined || (mine !== undefined && location.pathname !== `/stations/${mine.station}`);
}

/** The key: whoever calls, else who was laid down, else one's own call on another page. What is open is put away.
 * @param {Call} [here] the call of this page's station */
export function answer(here) {
  if (!mayAnswer) return;
  const call = first(here);
  if (call) {
    closeDialogs();
    void claim(call);
  }
  else if (!state) ringPlace.querySelector("form")?.submit(); // the stream has not said anything yet
  else {
    const mine = myCall(), address = `/stations/${mine?.station}`;
    if (mine && location.pathname !== address) location.assign(address);
  }
}

let warnedOf = "", warned_ms = -Infinity;

/** Whoever is in a call already must mean it: the nurse there would hear him no more. @param {Call} call */
function isMeant(call) {
  const mine = myCall(), now_ms = performance.now();
  if (!mine || mine.state === "HELD" || mine.station === call.station) return true;
  if (warnedOf === call.id && now_ms - warned_ms < WARNED_MS) return true;
  [warnedOf, warned_ms] = [call.id, now_ms];
  tellUser(t("Bạn đang trả lời {station}. Nhấn {key} lần nữa để sang {other}: {station} sẽ không nghe thấy bạn nữa.",
    { station: mine.name, key: keyLabel("answer"), other: call.name }));
  return false;
}

/** Answer a call: whoever is first gets it, the others are told who. @param {Call} call */
export async function claim(call) {
  if (!isMeant(call)) return;
  takeHere(call.id);
  const said = await post(`/calls/${call.id}/claim`);
  if (said?.is_done || said?.is_mine) {
    if (location.pathname !== said.url) location.assign(said.url);
  } else if (said?.owner) tellUser(t("{name} đã trả lời {station} trước.", { name: said.owner, station: call.name }));
  else if (said?.call) tellUser(t("Không làm được nữa: {name} bây giờ {state}.", { name: call.name, state: callText(said.call) }));
  else tellUser(t("Không nhận được cuộc gọi. Hãy thử lại."));
}

// ---- lines

function show() {
  const all = [...ringing(), ...parked()], now = all.slice(0, SHOWN_MAX);
  const shown = new Map([...ringPlace.querySelectorAll("form")].map((form) => [form.dataset.call, form]));
  for (const [id, form] of shown) if (!now.some((call) => call.id === id)) form.remove();
  let after = /** @type {Element | null} */ (null);
  now.forEach((call, position) => {
    const form = shown.get(call.id) ?? newLine(call);
    if (form.dataset.bound !== "yes") bind(form);
    const next = after ? after.nextElementSibling : ringPlace.firstElementChild;
    if (next !== form) ringPlace.insertBefore(form, next);
    after = form;
    write(form, call);
    const key = form.querySelector("kbd");
    if (key) key.hidden = position !== 0;
  });
  const more = place("ring-more");
  more.hidden = all.length <= now.length;
  say(more, t("và {n} cuộc gọi nữa đang chờ", { n: all.length - now.length }));
}

/** @param {HTMLElement} form @param {Call} call */
function write(form, call) {
  form.classList.toggle("is-emergency", call.is_emergency);
  form.classList.toggle("is-practice", call.is_practice);
  form.classList.toggle("is-parked", call.group === "parked");
  say(form.querySelector(".ring-tag"), tag(call));
  say(form.querySelector(".ring-name"), call.name);
  say(form.querySelector(".ring-text"), call.group === "ringing" ? ringText(call)
    : [callText(call), call.due_ms === null ? "" : t("còn {age}", { age: leftText(call.due_ms) })].filter(Boolean).join(" · "));
}

/** @param {Call} call */
function tag(call) {
  return call.is_practice ? t("DIỄN TẬP") : call.is_emergency ? t("KHẨN CẤP") : "";
}

/** @param {Call} call */
function newLine(call) {
  const form = document.createElement("form");
  form.className = "ring";
  form.method = "post";
  form.action = `/calls/${call.id}/claim`;
  form.dataset.call = call.id;
  for (const [tagName, name] of [["span", "ring-mark"], ["span", "ring-tag"], ["strong", "ring-name"], ["span", "ring-text"]]) {
    const part = document.createElement(tagName);
    part.className = name;
    form.append(part);
  }
  form.children[0].setAttribute("aria-hidden", "true");
  if (mayAnswer) {
    const button = document.createElement("button"), key = document.createElement("kbd");
    button.className = "primary";
    key.textContent = keyLabel("answer");
    button.append(`${call.group === "parked" ? t("Nhận") : t("Trả lời")} `, key);
    form.append(button);
  }
  return form;
}

/** @param {HTMLFormElement} form */
function bind(form) {
  form.dataset.bound = "yes";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const call = calls.get(form.dataset.call ?? "");
    if (call) void claim(call);
  });
}

function writeAges() {
  for (const form of ringPlace.querySelectorAll("form")) {
    const call = calls.get(form.dataset.call ?? "");
    if (call) write(form, call);
  }
}

// ---- sound

let rungFor = "";

/** Ring for whoever waits; a page that has lost its hub rings for nobody, for it does not know.
 * @param {import("../../../web/ring.js").Ring} ring */
function ringOrNot(ring) {
  const now = mayAnswer && !isLost ? ringing() : [], asked = isLost ? [] : asks();
  const isTalking = myCall() !== undefined && myCall()?.state !== "HELD";
  const kind = now.some((call) => call.is_emergency) ? "emergency" : now.length && !isTalking ? "call" : "soft";
  const words = now.length ? ringWords(now) : asked.length ? askText(asked[0]) : "";
  if (rungFor === kind + words) return;
  rungFor = kind + words;
  if (words) ring.start(words, kind);
  else ring.stop();
}

/** @param {Call[]} now */
function ringWords(now) {
  const names = now.slice(0, NAMED_MAX).map((call) => call.name).join(", "), first = tag(now[0]);
  const text = now.length > NAMED_MAX ? t("{name} và {n} trạm khác gọi", { name: names, n: now.length - NAMED_MAX })
    : t("{name} gọi", { name: names });
  return first ? `${first}: ${text}` : text;
}

// ---- what the stations' lamps believe

/** Calls that the hub has been told of, since this page sounds or does not. @type {Set<string>} */
let told = new Set();
let gatherTimer = 0;

/** Tell the hub which calls are shown here, and whether they can be heard by somebody who could answer.
 * @param {boolean} isHeard @param {boolean} isAll also those of which it has been told: what it knows is soon over */
async function confirm(isHeard, isAll) {
  const now = isLost || !mayAnswer ? [] : ringing();
  const wanted = now.filter((call) => (isAll || !told.has(call.id)) && (isHeard || call.state === "RECEIVED"));
  told = new Set(now.map((call) => call.id));
  for (let from = 0; from < wanted.length; from += TOLD_AT_ONCE) {
    const ids = wanted.slice(from, from + TOLD_AT_ONCE).map((call) => call.id);
    await postJson("/ringing", { console: consoleId, is_heard: isHeard, calls: ids });
  }
}

/** Begin to ring and to confirm. @param {import("../../../web/ring.js").Ring} ring
 * @param {() => boolean} isReady whether this console is on duty */
export function beginRinging(ring, isReady) {
  const isHeard = () => ring.isRunning && isReady();
  let wasHeard = false;
  const look = () => {
    const hears = isHeard();
    if (hears !== wasHeard) told.clear();
    wasHeard = hears;
    if (gatherTimer || !ringing().some((call) => !told.has(call.id))) return;
    gatherTimer = window.setTimeout(() => {
      gatherTimer = 0;
      void confirm(isHeard(), false);
    }, GATHER_MS);
  };
  for (const form of ringPlace.querySelectorAll("form")) bind(form);
  news.addEventListener("calls", () => { // the first sounds at once; the words of the others wait for the page
    if (!ring.isWanted) ringOrNot(ring);
    look();
  });
  news.addEventListener("state", () => { show(); ringOrNot(ring); });
  news.addEventListener("lost", () => ringOrNot(ring));
  news.addEventListener("age", writeAges);
  window.setInterval(() => void confirm(isHeard(), true), CONFIRM_MS);
  return look;
}
