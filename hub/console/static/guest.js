/** The page of a guest: one call's station, its numbers and strips, and its picture and voice when given the word. */
import { formatTimeOfDay } from "../../../web/ages.js";
import { CallMedia } from "../../../web/call_media.js";
import { Keys } from "../../../web/keys.js";
import { LiveFeed } from "../../../web/live.js";
import { showLive } from "../../../web/view.js";
import { t } from "../../../web/words.js";
import { CallView } from "./call.js";
import { isSpeaker } from "./deeds.js";
import { goAway, isGoingAway, me, place, say } from "./page.js";
import { presenceText } from "./station_words.js";
import { calls, clock, listen, news, state } from "./stream.js";

/** @typedef {import("./stream.js").Row} Row @typedef {import("./stream.js").Call} Call */

const station = document.body.dataset.station ?? "";
const feed = new LiveFeed(clock), view = new CallView(), keys = new Keys();
let talking = "";
/** @type {Row | null} */
let row = null;

/** Picture and voice come here with the word, and go with it. @param {Call | undefined} call */
function talkOrNot(call) {
  const id = call && isSpeaker(call) ? call.id : "";
  if (talking === id) return;
  talking = id;
  const media = id ? new CallMedia(`/calls/${id}/media`) : null;
  view.show(media);
  media?.begin();
  Object.assign(document.body, { call: media });
}

function showCall() {
  const [call] = calls.values();
  if (!call && state && !isGoingAway()) location.replace("/guest"); // it is over, or this guest was shown out: the hub says so
  talkOrNot(call);
  place("callbar").hidden = !call;
  if (!call) return;
  const name = call.turn ?? call.owner ?? "";
  say(place("guest-state"), call.state === "HELD" ? t("{name} đang giữ máy", { name: call.owner ?? "" })
    : isSpeaker(call) ? t("bạn đang nói với trạm") : t("{name} đang nói với trạm", { name }));
  const others = call.guests.filter((one) => one.due_ms === null && one.name !== me).map((one) => one.name);
  say(place("guest-notes"), others.length ? t("cùng vào: {names}", { names: others.join(", ") }) : "");
}

news.addEventListener("rows", (event) => {
  [row] = /** @type {CustomEvent<Row[]>} */ (event).detail;
});
news.addEventListener("state", showCall);
news.addEventListener("age", () => {
  showCall();
  if (!row) return;
  const presence = place("presence");
  presence.dataset.word = row.word;
  say(presence, presenceText(row));
});
feed.addEventListener("view", () => {
  const visit = feed.view?.visit, opened_ms = /** @type {number | null | undefined} */ (visit?.opened_ms);
  const time = opened_ms === null || opened_ms === undefined ? "--:--:--" : formatTimeOfDay(opened_ms);
  say(place("visit"), visit ? t("Lượt khám {code} từ {time}", { code: visit.code, time }) : t("không có lượt khám"));
  place("no-streams").hidden = (feed.view?.streams.length ?? 0) !== 0;
});
keys.add({ mute: () => view.mute(), size: () => view.resize(), detail: () => view.toggleDetail(), picture: () => view.askForPicture() }, (deed) => view.can(deed));
showLive(feed, { strips: place("strips"), values: place("values"), measurements: place("measurements"), corner: place("corner") });
document.querySelector('form[action="/guest/leave"]')?.addEventListener("submit", goAway);
feed.open(`/stations/${station}/live`);
listen();
Object.assign(document.body, { feed });
