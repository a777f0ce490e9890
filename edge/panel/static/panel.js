/** The page of the station's own screen: signals as they come, words looked at again whenever they are news. */
import { LiveFeed } from "/web/live.js";
import { Sweep } from "/web/sweep.js";
import { showLive } from "/web/view.js";
import { Idle } from "./idle.js";
import { Picture } from "./picture.js";
import { Parts } from "./parts.js";

const LIVE = "/live";
const CORNERS = 4; // of the square in which what stays on moves, a step a minute
const MOVE_MS = 60_000;

/** @param {string} id */
const place = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const feed = new LiveFeed();
Object.assign(document.body, { feed }); // for who looks into the page
const idle = new Idle(place("blank"), Number(document.body.dataset.blankAfterMin) * 60_000);
const picture = new Picture();
const parts = new Parts(onParts);
let news = -1, clock = -1, toldCall = "";

/** Words may be others now. @param {HTMLElement | null} now what the station said, null: nothing */
function onParts(now) {
  place("lost").hidden = now !== null;
  const isSilent = !now || "silent" in now.dataset;
  document.body.classList.toggle("is-seen", !isSilent && "seen" in now.dataset);
  document.body.classList.toggle("is-call", !isSilent && "call" in now.dataset);
  showCall(isSilent ? "" : now.dataset.call ?? "");
  idle.look({ isBusy: isSilent || "busy" in now.dataset, shown: now?.dataset.shown ?? "" });
  picture.show(!isSilent && document.querySelector("[data-claimed]") !== null);
  showSignals();
  if (!isSilent && !feed.isOpen) { // `edge vitals` is back, or the page has just begun
    feed.close();
    feed.open(LIVE);
  }
}

/** A call that became another, or a ring of the hub, is seen whatever was read below it. @param {string} call */
function showCall(call) {
  if (call && call !== toldCall) place("parts").scrollTop = 0;
  toldCall = call;
}

/** Strips and numbers stand there while somebody is seen who has any. */
function showSignals() {
  const live = document.getElementById("live");
  if (live) live.hidden = !feed.view?.visit || feed.view.streams.length === 0;
  document.body.classList.toggle("has-signals", live !== null && !live.hidden);
}

/** A screen that was measured shows millimetres as they are. */
function calibrate() {
  const wide_mm = Number(document.body.dataset.mmWide);
  if (!wide_mm) return;
  for (const sweep of document.querySelectorAll("hd-sweep")) {
    if (sweep instanceof Sweep && !sweep.isCalibrated) sweep.calibrate(screen.width / wide_mm);
  }
}

function begin() {
  if (document.getElementById("live")) {
    showLive(feed, { strips: place("strips"), values: place("values"),
      measurements: place("measurements"), corner: place("corner") });
  }
  feed.addEventListener("view", () => { showSignals(); calibrate(); });
  feed.addEventListener("link", (event) => {
    const link = /** @type {CustomEvent} */ (event).detail;
    if (clock >= 0 && link.clock !== clock) location.reload(); // times of before would be told by another clock
    clock = link.clock;
    feed.clock.isUtc = link.is_utc_known === true;
    if (link.news !== news) void parts.look();
    news = link.news;
  });
  let step = 0;
  setInterval(() => { document.body.dataset.step = String(step = (step + 1) % CORNERS); }, MOVE_MS);
  parts.begin();
}

begin();
