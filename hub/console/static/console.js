/** On every page: the event stream, the ring, the keys, what colleagues ask, and whether this console is on duty. */
import { Keys } from "../../../web/keys.js";
import { Ring } from "../../../web/ring.js";
import { t } from "../../../web/words.js";
import { beginAlertBar } from "./alert_bar.js";
import { accept, asks, decline } from "./asked.js";
import { callText, sinceText } from "./call_words.js";
import { showKeys } from "./chooser.js";
import { closeByItself } from "./menu.js";
import { OnDuty } from "./on_duty.js";
import { mayAnswer, me, place } from "./page.js";
import { answer, beginRinging, isAnybodyThere } from "./ringing.js";
import { calls, clock, line, listen, news } from "./stream.js";

export { callText, pressAge } from "./call_words.js";
export { mayAnswer, me, place, post, postJson, say, tellUser } from "./page.js";
export { linkText, presenceText } from "./station_words.js";
export { calls, clock, line, news, state } from "./stream.js";
/** @typedef {import("./stream.js").Call} Call @typedef {import("./stream.js").Row} Row
 *  @typedef {import("./stream.js").Question} Question @typedef {import("./stream.js").State} State */

export const ring = new Ring();
/** What this page does, by key and by button; a page's own script adds its own. */
export const keys = new Keys();

/** Who has calls, and is on a page without them, finds back. */
function showMine() {
  const here = location.pathname, mine = [...calls.values()].filter((call) => call.group === "claimed"
    && call.owner === me && here !== `/stations/${call.station}`);
  const shown = place("mine"), key = mine.map((call) => `${call.id} ${call.state}`).join();
  shown.hidden = mine.length === 0;
  if (shown.dataset.key === key) return;
  shown.dataset.key = key;
  shown.replaceChildren(...mine.map((call) => {
    const text = document.createElement("span"), link = document.createElement("a");
    text.textContent = `${call.name}: ${callText(call)} (${sinceText(call)}). ${t("Trang này không có hình và tiếng.")} `;
    link.href = `/stations/${call.station}`;
    link.textContent = t("Về cuộc gọi");
    text.append(link);
    return text;
  }));
}

const duty = new OnDuty(ring, () => lookAtRing());
const lookAtRing = beginRinging(ring, () => duty.isOn);
ring.onchange = () => {
  duty.look();
  lookAtRing();
};
keys.add({ help: () => showKeys(keys) });
keys.add({ accept: () => { if (asks().length) void accept(); }, decline: () => { if (asks().length) void decline(); } },
  () => asks().length > 0);
if (mayAnswer) keys.add({ answer: () => answer() }, () => isAnybodyThere());
news.addEventListener("state", showMine);
beginAlertBar();
const menu = document.querySelector("details.more");
if (menu instanceof HTMLDetailsElement) closeByItself(menu);
void ring.unlock(); // the browser lets a page sound at once when the one before was used
duty.begin();
listen();
Object.assign(document.body, { console: { ring, clock, line, calls, news, duty } });
