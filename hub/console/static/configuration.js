/** A station's configuration: commands without leaving the page, whose answers come by themselves. */
import { parseFragment } from "./fragment.js";
import { t } from "../../../web/words.js";
import "./console.js";
import { place, post, tellUser } from "./page.js";

const AGAIN_MS = 3_000;

async function read() {
  if (document.hidden) return;
  const answer = await fetch(`${location.pathname}?part=1`, { headers: { Accept: "application/json" } }).catch(() => null);
  const text = answer?.ok ? await answer.text().catch(() => null) : null;
  if (text === null) return;
  const part = place("configuration");
  const next = parseFragment(text);
  if (next.body.innerHTML === part.dataset.shown) return;
  part.dataset.shown = next.body.innerHTML;
  const buttons = () => [...part.querySelectorAll("button, summary")];
  const focused = buttons().indexOf(/** @type {Element} */ (document.activeElement));
  const isOpen = part.querySelector("details")?.open ?? false;
  part.replaceChildren(...next.body.childNodes);
  const details = part.querySelector("details");
  if (details) details.open = isOpen;
  if (focused >= 0) /** @type {HTMLElement | undefined} */ (buttons()[focused])?.focus();
}

place("configuration").addEventListener("submit", async (event) => {
  event.preventDefault(); // a form serves where no script runs
  const form = /** @type {HTMLFormElement} */ (event.target);
  const answer = await post(form.action, /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form))));
  if (!answer?.is_done) tellUser(answer?.error ? t(answer.error) : t("Chưa làm được: mất liên lạc với trung tâm. Hãy thử lại."));
  await read();
});
window.setInterval(() => void read(), AGAIN_MS);
