/** Forms of the organisation: a unit's field offers the units that fit what is typed; without this, a button does. */
import "./console.js";

const PAUSE_MS = 150; // between two letters of somebody who types

/** @param {HTMLInputElement} input */
function offer(input) {
  let asked = 0, timer = 0;
  const list = input.list;
  if (!list) return;
  input.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(async () => {
      const mine = ++asked, text = input.value.trim();
      if (!text || [...list.options].some((option) => option.value === text)) return;
      const query = new URLSearchParams({ kind: "unit", q: text });
      const answer = await fetch(`/organisation/search?${query}`, { headers: { Accept: "application/json" } }).catch(() => null);
      const found = answer?.ok ? await answer.json().catch(() => null) : null;
      if (!found || mine !== asked) return; // somebody typed on
      list.replaceChildren(...found.units.map((/** @type {{ text: string, name: string }} */ unit) => {
        const option = document.createElement("option");
        option.value = unit.text;
        option.label = unit.text.startsWith("#") ? unit.name : "";
        return option;
      }));
    }, PAUSE_MS);
  });
}

for (const input of document.querySelectorAll("input[data-units]")) offer(/** @type {HTMLInputElement} */ (input));
