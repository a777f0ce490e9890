/** The list of alerts: kept as the hub has it, gone through by keys, owned without leaving it. */
import { parseFragment } from "./fragment.js";
import { t } from "../../../web/words.js";
import { keys } from "./console.js";
import { forgetTyped, goThroughRows, replaceList, rowNow } from "./list_keys.js";
import { place, post, tellUser } from "./page.js";
import { news, state } from "./stream.js";

const AGAIN_MS = 10_000; // readings and their ages, of which nobody tells
let shown = -1, shown_ms = 0, isReading = false;

async function read() {
  const number = state?.alerts.number ?? -1;
  if (isReading || document.hidden || (number === shown && performance.now() - shown_ms < AGAIN_MS)) return;
  isReading = true;
  const query = new URLSearchParams(location.search);
  query.set("part", "1");
  const answer = await fetch(`${location.pathname}?${query}`, { headers: { Accept: "text/html" } }).catch(() => null);
  const text = answer?.ok ? await answer.text().catch(() => null) : null;
  isReading = false;
  shown_ms = performance.now();
  if (text === null) return;
  const next = parseFragment(text), part = next.getElementById("alerts") ?? next.body;
  shown = number;
  const members = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("tr[data-alert]:has(details[open])"))];
  const open = new Set(members.map((row) => row.dataset.alert));
  replaceList(place("alerts"), part);
  for (const row of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("tr[data-alert]"))) {
    const details = row.querySelector("details");
    if (details && open.has(row.dataset.alert)) details.open = true;
  }
}

/** The note of the row that has the focus, else of the first. */
function note() {
  const where = rowNow() ?? place("alerts");
  return /** @type {HTMLInputElement | null} */ (where.querySelector("input[name=note]"));
}

goThroughRows((row) => location.assign(`/alerts/${row.dataset.alert}`));
keys.add({ take: () => note()?.focus() }, () => note() !== null);
place("alerts").addEventListener("submit", async (event) => {
  event.preventDefault(); // a form serves where no script runs
  const form = /** @type {HTMLFormElement} */ (event.target);
  const fields = Object.fromEntries(new FormData(form)), row = /** @type {HTMLElement | null} */ (form.closest("tr"));
  const answer = await post(form.action, /** @type {Record<string, string>} */ (fields));
  if (!answer?.is_done) return tellUser(answer?.error ? t(answer.error) : t("Chưa làm được: mất liên lạc với trung tâm. Hãy thử lại."));
  forgetTyped(form);
  row?.focus();
  shown = -1;
  await read();
});
news.addEventListener("state", () => void read());
