/** The list of open calls: read again when one changed, gone through and worked off by the keyboard. */
import { formatAge } from "../../../web/ages.js";
import { t } from "../../../web/words.js";
import { pressAge } from "./call_words.js";
import { keys } from "./console.js";
import { give } from "./deeds.js";
import { parseFragment } from "./fragment.js";
import { takeHere } from "./here.js";
import { goThroughRows, replaceList, rowNow } from "./list_keys.js";
import { mayAnswer, me, place, post, say, tellUser } from "./page.js";
import { calls, line, news, state } from "./stream.js";

/** @typedef {import("./stream.js").Call} Call */

const CALLS_BACK = ["CALLBACK", "WRAP_UP", "CANCELLED"], CLOSABLE = ["CALLBACK", "CANCELLED"];
let shown = keyOf(), isReading = false;

function keyOf() {
  return (state?.calls ?? []).map((call) => `${call.id} ${call.revision} ${call.nudges}`).join();
}

async function read() {
  const key = keyOf();
  if (key === shown || isReading) return;
  isReading = true;
  const answer = await fetch("/calls?part=1", { headers: { Accept: "application/json" } }).catch(() => null);
  const text = answer?.ok ? await answer.text().catch(() => null) : null;
  isReading = false;
  if (text === null) return;
  shown = key;
  replaceList(place("calls"), parseFragment(text).body);
  showAges();
  void read(); // what changed meanwhile
}

function showAges() {
  for (const row of document.querySelectorAll("tr[data-call]")) {
    const call = calls.get(/** @type {HTMLElement} */ (row).dataset.call ?? "");
    const age = row.querySelector(".press-age"), due = /** @type {HTMLElement | null} */ (row.querySelector("[data-due]"));
    if (call && age?.firstChild?.nodeType === Node.TEXT_NODE) {
      const text = pressAge(call);
      if (age.firstChild.nodeValue?.trim() !== text) age.firstChild.nodeValue = `${text} `;
    }
    const now_ms = line.now_ms();
    if (due && now_ms !== null) {
      const left_ms = Math.abs(Number(due.dataset.due) - now_ms);
      say(due, (due.dataset.text ?? "").replace("{age}", formatAge(left_ms)));
    }
  }
}

/** @param {HTMLElement | null} row @returns {Call | undefined} */
function callOf(row) {
  return calls.get(row?.dataset.call ?? "");
}

/** @param {HTMLElement} row */
function open(row) {
  location.assign(row.dataset.open ?? "/calls");
}

/** Call the station: it is taken first, if it is somebody else's; the page of the station has its picture and voice. */
async function ring() {
  const call = callOf(rowNow());
  if (!call || !may("ring", call)) return;
  if (call.owner !== me && !await give(call, "ring", "take")) return;
  takeHere(call.id);
  const now = calls.get(call.id) ?? call;
  if (await give({ ...now, owner: me }, "ring", "ring")) location.assign(`/stations/${call.station}`);
}

async function take() {
  const call = callOf(rowNow());
  if (call && may("take", call)) await give(call, "take", "take");
}

/** Whether a key would do anything to the row that has the focus. @param {import("../../../web/keys.js").Deed} deed
 * @param {Call | undefined} call */
function may(deed, call) {
  if (!call) return false;
  if (deed === "take") return call.group === "callback" && call.owner !== me;
  return (deed === "ring" ? CALLS_BACK : CLOSABLE).includes(call.state);
}

/** How it ended is chosen first. */
function close() {
  const row = rowNow(), call = callOf(row);
  if (!call || !may("close", call)) return;
  const dialog = /** @type {HTMLDialogElement} */ (place("closing")), form = /** @type {HTMLFormElement} */ (place("closing-form"));
  form.reset();
  form.dataset.call = call.id;
  form.action = `/calls/${call.id}/disposition`;
  say(place("closing-name"), call.name);
  dialog.showModal();
  form.querySelector("input")?.focus();
}

function beginClosing() {
  const dialog = /** @type {HTMLDialogElement} */ (place("closing")), form = /** @type {HTMLFormElement} */ (place("closing-form"));
  place("closing-not").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => rowNow()?.focus());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = new FormData(form), call = form.dataset.call ?? "";
    const answer = await post(`/calls/${call}/disposition`, { disposition: String(said.get("disposition")),
      reason: String(said.get("reason")) });
    if (answer?.is_done) dialog.close();
    else tellUser(answer?.error ? t(answer.error) : t("Chưa làm được: mất liên lạc với trung tâm. Hãy thử lại."));
  });
}

goThroughRows(open);
news.addEventListener("state", () => {
  place("no-calls").hidden = (state?.calls.length ?? 0) !== 0;
  void read();
});
news.addEventListener("age", showAges);
if (mayAnswer) {
  beginClosing();
  keys.add({ ring: () => void ring(), take: () => void take(), close }, (deed) => may(deed, callOf(rowNow())));
  place("calls").addEventListener("click", (event) => { // its form or link serves where no script runs
    const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("button, a"));
    const deed = /** @type {HTMLElement | null} */ (button?.closest("[data-do]"))?.dataset.do ?? "";
    const run = { ring, take, close }[deed];
    if (!button || !run) return;
    event.preventDefault();
    button.closest("tr")?.focus();
    void run();
  });
}
