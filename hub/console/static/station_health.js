/** The block of box and link on a station's page: its ages go on, and it is read anew while somebody looks at it. */
import { parseFragment } from "./fragment.js";
import { formatAge } from "../../../web/ages.js";
import { place, say } from "./page.js";
import { line, news } from "./stream.js";

const READ_MS = 30_000;
let read_ms = performance.now();

function writeAges() {
  const block = /** @type {HTMLDetailsElement} */ (place("health"));
  for (const age of block.querySelectorAll("[data-line-ms]")) {
    say(age, formatAge(line.age_ms(Number(/** @type {HTMLElement} */ (age).dataset.lineMs))));
  }
  if (performance.now() - read_ms > READ_MS) void read(block);
}

/** @param {HTMLDetailsElement} block */
async function read(block) {
  read_ms = performance.now();
  try {
    const answer = await fetch(`/stations/${block.dataset.station}/health`);
    if (!answer.ok) return;
    const next = parseFragment(await answer.text()).getElementById("health");
    if (!(next instanceof HTMLDetailsElement)) return;
    next.open = block.open;
    const hadFocus = block.contains(document.activeElement);
    block.replaceWith(next);
    if (hadFocus) next.querySelector("summary")?.focus();
    writeAges();
  } catch {
    // the hub is away: what is there grows old, and says so
  }
}

/** Begin. */
export function watchHealth() {
  if (document.getElementById("health")) news.addEventListener("age", writeAges); // a guest's page has none
}
