/** The list of open calls: read again when one changed, never under somebody's typing. */
import { news, place, pressAge, say, state } from "./console.js";

let shown = keyOf();

function keyOf() {
  return (state?.calls ?? []).map((call) => `${call.id} ${call.revision} ${call.nudges}`).join();
}

/** Somebody writes a reason: his row stays as it is, the hub refuses what is out of date. */
function isTyping() {
  return [...document.querySelectorAll("input[name=reason]")].some((input) =>
    input === document.activeElement || /** @type {HTMLInputElement} */ (input).value !== "");
}

async function read() {
  const key = keyOf();
  if (key === shown || isTyping()) return;
  const answer = await fetch("/calls?part=1", { headers: { Accept: "application/json" } }).catch(() => null);
  const text = answer?.ok ? await answer.text().catch(() => null) : null;
  if (text === null || isTyping()) return;
  const list = new DOMParser().parseFromString(text, "text/html");
  place("calls").replaceChildren(...list.body.childNodes);
  shown = key;
}

news.addEventListener("state", () => {
  place("no-calls").hidden = (state?.calls.length ?? 0) !== 0;
  void read();
});
news.addEventListener("age", () => {
  for (const call of state?.calls ?? []) {
    const cell = document.querySelector(`tr[data-call="${call.id}"] .press-age`);
    if (cell?.firstChild?.nodeType === Node.TEXT_NODE && cell.childElementCount === 0) say(cell, pressAge(call));
  }
});
