/** What colleagues ask of this user, on every page: to take a call, to come to it; one key says yes, one no. */
import { t } from "../../../web/words.js";
import { keyLabel } from "../../../web/keys.js";
import { leftText } from "./call_words.js";
import { give, isGuest } from "./deeds.js";
import { takeHere } from "./here.js";
import { mayAnswer, me, place, say } from "./page.js";
import { calls, isLost, news } from "./stream.js";

/** @typedef {import("./stream.js").Call} Call */

const ANYBODY = "*"; // as hub/calls/call.py

/** Which of what everybody is asked this user has put away. @type {Set<string>} */
const putAway = new Set();
const askedPlace = place("asked");

/** An invitation of a doctor, or a request; the same one again has the same moment. @param {Call} call */
function nameOfAsk(call) {
  return `${call.id} ${invitation(call)?.due_ms ?? call.asked?.due_ms}`;
}

/** @param {Call} call */
function invitation(call) {
  return call.guests.find((one) => one.name === me && one.due_ms !== null);
}

/** @param {Call} call */
function isAskedOfMe(call) {
  if (invitation(call)) return true;
  const { asked } = call;
  if (!asked || asked.kind === "handover" || asked.by === me || call.owner === me) return false;
  if (asked.kind === "second" && isGuest(call, me)) return false; // is there already
  return asked.to === me || (asked.to === ANYBODY && mayAnswer && !putAway.has(nameOfAsk(call)));
}

/** What is asked of this user now, the one that is over first first. @returns {Call[]} */
export function asks() {
  const found = [...calls.values()].filter(isAskedOfMe);
  const due_ms = (/** @type {Call} */ call) => invitation(call)?.due_ms ?? call.asked?.due_ms ?? 0;
  return found.sort((a, b) => due_ms(a) - due_ms(b));
}

/** How many calls a colleague hands over with the shift. */
function handedOver() {
  return [...calls.values()].filter(({ asked }) => asked?.kind === "handover" && [me, ANYBODY].includes(asked.to)
    && asked.by !== me && mayAnswer);
}

/** @param {Call} call */
export function askText(call) {
  const by = call.asked?.by ?? call.owner ?? "", said = { by, name: call.name };
  if (invitation(call)) return t("{by} mời bạn vào cuộc gọi của {name}", { by: call.owner ?? "", name: call.name });
  return call.asked?.kind === "second" ? t("{by} nhờ bạn cùng vào cuộc gọi của {name}", said)
    : t("{by} nhờ bạn nhận cuộc gọi của {name}", said);
}

/** Yes: to the first, or to this one. @param {Call} [call] */
export async function accept(call = asks()[0]) {
  if (!call) return;
  if (invitation(call)) {
    takeHere(call.id);
    if (await give(call, "accept", "come")) go(call);
  } else {
    takeHere(call.id);
    if (await give(call, "accept", "accept")) go(call);
  }
}

/** @param {Call} call */
function go(call) {
  const address = `/stations/${call.station}`;
  if (location.pathname !== address) location.assign(address);
}

/** No. What everybody was asked, the others still are. @param {Call} [call] */
export async function decline(call = asks()[0]) {
  if (!call) return;
  if (invitation(call)) await give(call, "decline", "not-come");
  else if (call.asked?.to === ANYBODY) {
    putAway.add(nameOfAsk(call));
    news.dispatchEvent(new CustomEvent("calls"));
    show();
  } else await give(call, "decline", "decline");
}

/** @param {Call} call */
function newLine(call) {
  const line = document.createElement("div"), text = document.createElement("strong"), left = document.createElement("span");
  line.className = "asked";
  line.dataset.call = call.id;
  left.className = "asked-left";
  line.append(text, left);
  for (const [deed, word, run] of /** @type {const} */ ([["accept", t("Nhận"), accept], ["decline", t("Từ chối"), decline]])) {
    const button = document.createElement("button"), kbd = document.createElement("kbd");
    if (deed === "accept") button.className = "primary";
    kbd.textContent = keyLabel(deed);
    button.append(`${word} `, kbd);
    button.addEventListener("click", () => { const now = calls.get(call.id); if (now) void run(now); });
    line.append(button);
  }
  return line;
}

function show() {
  const now = isLost ? [] : asks();
  const shown = new Map([...askedPlace.querySelectorAll(".asked")].map((one) => [/** @type {HTMLElement} */ (one).dataset.call, one]));
  for (const [id, one] of shown) if (!now.some((call) => call.id === id)) one.remove();
  now.forEach((call, position) => {
    const found = shown.get(call.id), one = found ?? newLine(call);
    if (!found) askedPlace.append(one);
    say(one.querySelector("strong"), `${call.is_practice ? `${t("DIỄN TẬP")} · ` : ""}${askText(call)}`);
    const due_ms = invitation(call)?.due_ms ?? call.asked?.due_ms ?? 0;
    say(one.querySelector(".asked-left"), t("còn {age}", { age: leftText(due_ms) }));
    for (const kbd of one.querySelectorAll("kbd")) kbd.hidden = position !== 0;
  });
  showHandover();
}

function showHandover() {
  const over = handedOver(), line = place("handed-over");
  line.hidden = over.length === 0 || location.pathname === "/handover";
  const names = [...new Set(over.map((call) => call.asked?.by ?? ""))].join(", ");
  say(line.querySelector("span"), t("{names} bàn giao {n} việc.", { names, n: over.length }));
}

news.addEventListener("state", show);
news.addEventListener("lost", show);
news.addEventListener("age", show);
