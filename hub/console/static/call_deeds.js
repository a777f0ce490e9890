/** The steps of a call on its station's page, each one key: what is to be chosen is asked first. */
import { t } from "../../../web/words.js";
import { choose } from "./chooser.js";
import { give, isGuest } from "./deeds.js";
import { takeHere } from "./here.js";
import { me, tellUser } from "./page.js";
import { calls } from "./stream.js";

/** @typedef {import("./stream.js").Call} Call @typedef {import("../../../web/keys.js").Deed} Deed */

const ANYBODY = "*"; // as hub/calls/call.py

/** @param {Call} call */
export async function hold(call) {
  if (call.state !== "HELD") return give(call, "hold", "hold");
  takeHere(call.id);
  return give(call, "hold", "resume");
}

/** Ask a colleague for something. @param {Call} call @param {"second" | "transfer"} kind */
export async function ask(call, kind) {
  const title = kind === "second" ? t("Nhờ ai cùng vào?") : t("Chuyển cho ai?");
  const choices = read(`/calls/${call.id}/colleagues`).then((colleagues) => colleagues && toAsk(colleagues, kind));
  const to = await choose(title, choices, t("Không có đồng nghiệp nào đang trực."));
  const now = calls.get(call.id);
  if (to !== null && now) await give(now, kind, "ask", { kind, to });
}

/** @param {any[]} colleagues @param {"second" | "transfer"} kind */
function toAsk(colleagues, kind) {
  const ready = colleagues.filter((one) => one.is_ready && !(kind === "second" && one.is_there));
  const choices = ready.map((one) => ({ value: one.name, text: one.name,
    note: one.is_there ? t("đang cùng vào") : t("đang trực") }));
  if (ready.length) choices.unshift({ value: ANYBODY, text: t("Bất kỳ ai đang trực"), note: t("{n} người", { n: ready.length }) });
  return choices;
}

/** Who has picture and voice: one at a time. @param {Call} call */
export async function giveTurn(call) {
  if (call.turn) {
    takeHere(call.id);
    await give(call, "turn", "turn", { to: "" });
    return;
  }
  const there = call.guests.filter((one) => one.due_ms === null);
  const choices = there.map((one) => ({ value: one.name, text: one.name,
    note: one.role === "doctor" ? t("bác sĩ") : t("người thứ hai") }));
  const to = choices.length === 1 ? choices[0].value : await choose(t("Nhường lời cho ai?"), choices);
  const now = calls.get(call.id);
  if (to !== null && now) await give(now, "turn", "turn", { to });
}

/** Call the station; what nobody owns, or another, is taken first. @param {Call} call */
export async function ringStation(call) {
  const mine = call.owner === me ? call : await give(call, "ring", "take");
  if (mine) {
    takeHere(call.id);
    await give(mine, "ring", "ring");
  }
}

/** A guest leaves, its owner ends it. @param {Call} call */
export function end(call) {
  return isGuest(call, me) && call.owner !== me ? give(call, "end", "leave") : give(call, "end", "end");
}

/** @param {string} address @returns {Promise<any[] | null>} */
export async function read(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
  const found = answer?.ok ? await answer.json().catch(() => null) : null;
  if (found === null) tellUser(t("Chưa làm được: mất liên lạc với trung tâm. Hãy thử lại."));
  return found;
}
