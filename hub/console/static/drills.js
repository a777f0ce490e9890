/** Practice: started and ended without leaving the page, which is read again every few seconds. */
import { t } from "../../../web/words.js";
import "./console.js";
import { parseFragment } from "./fragment.js";
import { place, post, tellUser } from "./page.js";

const AGAIN_MS = 4_000;

async function read() {
  if (document.hidden) return;
  const query = new URLSearchParams(location.search);
  query.set("part", "1");
  const answer = await fetch(`/drills?${query}`, { headers: { Accept: "application/json" } }).catch(() => null);
  const text = answer?.ok ? await answer.text().catch(() => null) : null;
  if (text === null) return;
  const focused = document.activeElement?.closest("form")?.getAttribute("action");
  const next = parseFragment(text), list = place("drills");
  if (next.body.innerHTML === list.dataset.shown) return;
  list.dataset.shown = next.body.innerHTML;
  list.replaceChildren(...next.body.childNodes);
  if (focused) /** @type {HTMLElement | null} */ (list.querySelector(`form[action="${focused}"] button`))?.focus();
}

place("drills").addEventListener("submit", async (event) => {
  event.preventDefault(); // a form serves where no script runs
  const answer = await post(/** @type {HTMLFormElement} */ (event.target).action);
  if (!answer?.is_done) tellUser(answer?.error ? t(answer.error) : t("Chưa làm được: mất liên lạc với trung tâm. Hãy thử lại."));
  await read();
});
window.setInterval(() => void read(), AGAIN_MS);
