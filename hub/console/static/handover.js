/** Handing the shift over by keys: what a colleague offers is taken one by one or all at once. */
import { formatAge } from "../../../web/ages.js";
import { t } from "../../../web/words.js";
import { accept as acceptAsked, asks, decline as declineAsked } from "./asked.js";
import { pressAge } from "./call_words.js";
import { keys } from "./console.js";
import { parseFragment } from "./fragment.js";
import { forgetTyped, goThroughRows, replaceList, rowNow } from "./list_keys.js";
import { place, say, tellUser } from "./page.js";
import { calls, line, news, state } from "./stream.js";

const POST_MAX_MS = 5_000;
let shown = keyOf(), isReading = false;

function keyOf() {
  return (state?.calls ?? []).map((call) => `${call.id} ${call.revision}`).join();
}

async function read() {
  const key = keyOf();
  if (key === shown || isReading) return;
  isReading = true;
  const answer = await fetch("/handover?part=1", { headers: { Accept: "application/json" } }).catch(() => null);
  const text = answer?.ok ? await answer.text().catch(() => null) : null;
  isReading = false;
  if (text === null) return;
  shown = key;
  replaceList(place("handover"), parseFragment(text).body);
  showAges();
  void read();
}

function showAges() {
  for (const row of document.querySelectorAll("tr[data-call]")) {
    const call = calls.get(/** @type {HTMLElement} */ (row).dataset.call ?? "");
    const due = /** @type {HTMLElement | null} */ (row.querySelector("[data-due]")), now_ms = line.now_ms();
    if (call) say(row.querySelector(".press-age"), pressAge(call));
    if (due && now_ms !== null) say(due, (due.dataset.text ?? "").replace("{age}", formatAge(Math.abs(Number(due.dataset.due) - now_ms))));
  }
}

/** @param {string} word @param {string[]} ids */
async function answer(word, ids) {
  if (ids.length) await send(`/handover/${word}`, ids.map((id) => ["call", id]));
}

/** @param {string} path @param {string[][] | FormData} fields */
async function send(path, fields) {
  const body = new URLSearchParams(/** @type {any} */ (fields));
  try {
    const said = await fetch(path, { method: "POST", headers: { Accept: "application/json" }, body, signal: AbortSignal.timeout(POST_MAX_MS) });
    const told = await said.json();
    if (!told.is_done) tellUser(told.error ? t(told.error) : t("Việc này không còn được bàn giao cho bạn."));
    return told.is_done === true;
  } catch {
    tellUser(t("Chưa làm được: mất liên lạc với trung tâm. Hãy thử lại."));
    return false;
  }
}

/** The row that has the focus, else the first that is offered to this user. */
function offered() {
  const now = rowNow();
  return now?.dataset.for === "me" ? now : /** @type {HTMLTableRowElement | null} */ (document.querySelector("tr[data-for=me]"));
}

const accept = () => {
  if (asks().length) void acceptAsked(); // somebody waits for that, in a call
  else void answer("accept", [offered()?.dataset.call ?? ""].filter(Boolean));
};
const decline = () => {
  if (asks().length) return void declineAsked();
  const row = offered();
  if (row?.querySelector("[data-do=decline]")) void answer("decline", [row.dataset.call ?? ""]);
  else if (row) tellUser(t("Việc này đang được bàn giao cho mọi người: bạn không nhận thì cứ để đó."));
};
const acceptAll = () => void answer("accept",
  [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("tr[data-for=me]"))].map((row) => row.dataset.call ?? ""));

goThroughRows((row) => location.assign(row.dataset.open ?? "/handover"));
keys.add({ accept, decline, all: acceptAll }, (deed) => (deed !== "all" && asks().length > 0) || offered() !== null);
place("handover").addEventListener("submit", async (event) => {
  event.preventDefault(); // a form serves where no script runs
  const form = /** @type {HTMLFormElement} */ (event.target), by = /** @type {HTMLButtonElement | null} */ (event.submitter);
  if (by?.name === "call") void answer(by.formAction.endsWith("/decline") ? "decline" : "accept", [by.value]);
  else if (form.id === "accept-all-form") acceptAll();
  else if (await send(form.action, new FormData(form))) {
    forgetTyped(form);
    tellUser(t("Đã đề nghị bàn giao. Việc vẫn là của bạn cho đến khi có người nhận."));
  }
});
news.addEventListener("state", () => void read());
news.addEventListener("age", showAges);
