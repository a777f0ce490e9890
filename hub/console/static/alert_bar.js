/** The bar of alerts of high severity, on every page, and the ages of alerts wherever they stand. */
import { formatAge } from "../../../web/ages.js";
import { t } from "../../../web/words.js";
import { place, say } from "./page.js";
import { line, news } from "./stream.js";

/** @typedef {import("./stream.js").State} State @typedef {import("./stream.js").BarAlert} BarAlert */

/** @param {BarAlert} alert */
function bar(alert) {
  const link = document.createElement("a"), sign = document.createElement("span"), text = document.createElement("span");
  const age = document.createElement("span");
  link.className = `alarm alarm-high${alert.is_owned ? " alarm-seen" : ""}`;
  link.href = `/alerts/${alert.no}`;
  sign.className = "alert-sign";
  sign.textContent = "***";
  text.textContent = `${t(alert.title)}: ${t(alert.place)}`;
  age.className = "alert-age";
  age.setAttribute("role", "timer"); // read when it is looked at, not each second
  age.dataset.since = String(alert.since_ms);
  link.append(sign, " ", text, " ", age);
  if (alert.is_owned) {
    const owned = document.createElement("span");
    owned.textContent = t("đã có người nhận");
    link.append(" ", owned);
  }
  return link;
}

/** @param {State} state */
function show({ alerts }) {
  const count = place("alert-count"), shown = place("alert-bar"), ways = document.getElementById("alert-ways");
  count.hidden = alerts.count === 0;
  say(count, String(alerts.count));
  if (ways) ways.hidden = !alerts.has_fault;
  const key = JSON.stringify([alerts.high, alerts.high_count]);
  if (shown.dataset.key === key) return;
  shown.dataset.key = key;
  shown.hidden = alerts.high.length === 0;
  shown.replaceChildren(...alerts.high.map(bar));
  if (alerts.high_count > alerts.high.length) {
    const more = document.createElement("a");
    more.className = "alert-more";
    more.href = "/alerts";
    more.textContent = t("và {n} cảnh báo mức cao khác", { n: alerts.high_count - alerts.high.length });
    shown.append(more);
  }
  showAges();
}

function showAges() {
  const now_ms = line.now_ms();
  if (now_ms === null) return;
  for (const one of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".alert-age[data-since]"))) {
    say(one, formatAge(Math.max(0, now_ms - Number(one.dataset.since))));
  }
}

/** Show the bar, from now on. */
export function beginAlertBar() {
  news.addEventListener("state", (event) => {
    const state = /** @type {CustomEvent<State | null>} */ (event).detail;
    if (state) show(state);
  });
  news.addEventListener("age", showAges);
}
