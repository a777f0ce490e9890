/** What may be done to a call as it is now, and doing it: each deed names the call as it was seen. */
import { t } from "../../../web/words.js";
import { callText } from "./call_words.js";
import { mayAnswer, me, post, tellUser } from "./page.js";
import { calls } from "./stream.js";

/** @typedef {import("./stream.js").Call} Call @typedef {import("../../../web/keys.js").Deed} Deed */

const ON_THE_LINE = ["CONNECTING", "ACTIVE", "DROPPED"];
const ANSWERED = ["CLAIMED", ...ON_THE_LINE, "HELD"];
const AGAIN_MAX = 4; // while somebody leaves and another's picture comes, a call changes several times a second
const TO_ANSWER = ["RECEIVED", "OFFERED", "RINGING", "PARKED"];

/** Which deeds the hub would take from `name`, as its table says (hub/calls/table.py, allowed.py).
 * @param {Call} call @param {string} name @returns {Set<Deed>} */
export function deedsOf(call, name) {
  const isMine = call.owner === name, isAnswered = ANSWERED.includes(call.state);
  const isOnTheLine = ON_THE_LINE.includes(call.state), { asked } = call;
  const isAsked = asked !== null && !isMine && (asked.to === name || asked.to === "*");
  const others = call.guests.some((one) => one.due_ms === null);
  /** @type {[Deed, boolean][]} */
  const all = [
    ["answer", TO_ANSWER.includes(call.state)],
    ["accept", isAsked],
    ["decline", asked !== null && (isMine || asked.by === name || asked.to === name)],
    ["hold", isMine && (isOnTheLine || call.state === "HELD")],
    ["park", isMine && (isOnTheLine || call.state === "HELD")],
    ["second", isMine && isAnswered],
    ["transfer", isMine && isAnswered],
    ["doctor", isMine && isAnswered],
    ["turn", isMine && isOnTheLine && (others || call.turn !== null)],
    ["ring", ["CALLBACK", "CANCELLED"].includes(call.state) || (isMine && call.state === "WRAP_UP")],
    ["minutes", isMine && (isAnswered || call.state === "WRAP_UP")],
    ["end", (isMine && (isAnswered || call.state === "CALLING")) || isGuest(call, name)],
  ];
  return new Set(all.filter(([, may]) => may).map(([deed]) => deed));
}

/** Whether a station may be called whose open calls are these: nobody waits there, and nobody talks. @param {Call[]} here */
export function mayBeRung(here) {
  return !here.some(({ state }) => [...TO_ANSWER, ...ANSWERED, "CALLING"].includes(state));
}

/** Somebody who came to the call beside its owner. @param {Call} call @param {string} name */
export function isGuest(call, name) {
  return call.guests.some((one) => one.name === name && one.due_ms === null);
}

/** Who has picture and voice of a call now. @param {Call} call */
export function isSpeaker(call) {
  return ANSWERED.includes(call.state) && call.state !== "HELD" && (call.turn ?? call.owner) === me;
}

/** Those of the deeds that this user may do. @param {Call} call */
export function myDeeds(call) {
  const deeds = deedsOf(call, me);
  if (!mayAnswer && call.owner !== me) for (const deed of deeds) if (!["accept", "decline", "end"].includes(deed)) deeds.delete(deed);
  return deeds;
}

/**
 * Tell the hub; return the call as it is then. What was refused only because something else changed meanwhile is told
 * again, if it may still be done; otherwise its user is told how the call is now.
 * @param {Call} call @param {Deed} deed @param {string} word of the hub's address @param {Record<string, string>} [fields]
 * @returns {Promise<Call | false | null>} false: refused; null: the hub is away
 */
export async function give(call, deed, word, fields = {}) {
  let seen = call, answer = await tell(seen, word, fields);
  for (let again = 0; answer && !answer.is_done && again < AGAIN_MAX; again++) {
    const now = /** @type {Call | null} */ (answer.call ?? null);
    if (!now || now.revision === seen.revision || !myDeeds(now).has(deed) || !isSame(call, now, deed)) break;
    seen = now;
    answer = await tell(seen, word, fields);
  }
  if (answer === null) tellUser(t("Chưa làm được: mất liên lạc với trung tâm. Hãy thử lại."));
  else if (!answer.is_done) tellUser(whyNot(answer));
  return answer && answer.is_done && answer.call;
}

/** @param {Call} call @param {string} word @param {Record<string, string>} fields */
function tell(call, word, fields) {
  return post(`/calls/${call.id}/${word}`, { ...fields, revision: String(call.revision) });
}

/** Whose it is and what is asked: with that changed, the same key may mean another thing. Its owner ends a call
 * whoever comes, goes or speaks in it. @param {Call} before @param {Call} now @param {Deed} deed */
function isSame(before, now, deed) {
  if (before.owner !== now.owner || deed === "end") return before.owner === now.owner;
  return before.asked?.by === now.asked?.by && before.asked?.kind === now.asked?.kind
    && (before.state === "HELD") === (now.state === "HELD") && before.turn === now.turn;
}

/** @param {any} answer */
function whyNot(answer) {
  if (answer.error) return t(answer.error);
  if (!answer.call) return t("Cuộc gọi này đã đóng.");
  return t("Không làm được nữa: {name} bây giờ {state}.", { name: answer.call.name, state: callText(answer.call) });
}

/** The call that is this user's now; one that he speaks in before one that he holds. */
export function myCall() {
  const mine = [...calls.values()].filter((one) => one.owner === me && one.group === "claimed");
  return mine.find((one) => one.state !== "HELD") ?? mine[0];
}
