/** The smallest station page: what the console does, without its server. */
import { LiveFeed } from "/web/live.js";
import { showLive } from "/web/view.js";

const place = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const feed = new LiveFeed();
showLive(feed, { strips: place("strips"), values: place("values"), measurements: place("measurements"),
  corner: place("corner") });
feed.addEventListener("view", () => {
  place("who").textContent = `Lượt khám ${feed.view?.visit?.code ?? "---"}`;
});
feed.open("/live");
Object.assign(document.body, { feed });
