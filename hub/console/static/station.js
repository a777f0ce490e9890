/** One station: strips and numbers, its call with picture and voice, its link, what happened. */
import { formatAge, formatTimeOfDay } from "../../../web/ages.js";
import { CallMedia } from "../../../web/call_media.js";
import { LiveFeed } from "../../../web/live.js";
import { showLive } from "../../../web/view.js";
import { t } from "../../../web/words.js";
import { CallView } from "./call.js";
import { callText, claimedHere_ms, clock, linkText, mayAnswer, me, news, place, post, presenceText, say, state, tellUser } from "./console.js";
import { Photos } from "./photos.js";
import { Questions } from "./questions.js";

/** @typedef {import("./console.js").Row} Row @typedef {import("./console.js").Call} Call */

const END_KEY = "k", MUTE_KEY = "m", PHOTO_KEY = "p", SIZE_KEY = "l";
const bar = place("callbar");
const station = bar.dataset.station ?? "";
const feed = new LiveFeed(clock);
const view = new CallView();
const photos = new Photos(station);
const questions = new Questions(station, place("questions"));
let talking = ""; // the call whose picture and voice are on this page
/** @type {Row | null} */
let row = null;
let newsRead = -1;

/** @returns {Call | undefined} */
function call() {
  return state?.calls.find((one) => one.station === station && one.group !== "ringing");
}

/** @param {Call | undefined} now */
function isMine(now) {
  return mayAnswer && now?.group === "claimed" && now.owner === me;
}

let left = ""; // the call that was ended here, of which the hub, which is away, still has to hear
let isEnding = false;

async function end() {
  const now = call();
  if (!state) bar.querySelector("form")?.requestSubmit(); // the stream has not said anything yet
  if (!now || !isMine(now) || isEnding) return;
  if (view.media?.isHubThere === false) leave(now.id); // now, and not when the browser gives the hub up
  isEnding = true;
  const answer = await post(`/calls/${now.id}/end`, { revision: String(now.revision) });
  isEnding = false;
  if (answer === null && call()?.id === now.id) leave(now.id);
}

/** Whoever ends a call is not listened to any more, also while the hub is away. @param {string} id */
function leave(id) {
  if (left === id) return;
  left = id;
  talk("");
  showCall();
  tellUser(t("Đã tắt micrô và hình ở trang này. Cuộc gọi sẽ kết thúc khi có lại liên lạc với trung tâm."));
}

/** The hub is back: tell it. */
function endWhatWasLeft() {
  if (!left) return;
  if (left === call()?.id && isMine(call())) void end();
  else left = "";
}

/** Picture and voice of a call come to this page. @param {string} id */
function talk(id) {
  if (talking === id) return;
  talking = id;
  const media = id ? new CallMedia(`/calls/${id}/media`, { claimed_ms: claimedHere_ms(id) }) : null;
  media?.addEventListener("photo", (event) => photos.show(/** @type {CustomEvent} */ (event).detail));
  view.show(media);
  media?.begin();
  Object.assign(document.body, { call: media });
}

/** A call that another tab of ours took has its picture and voice there. @param {Call | undefined} now */
function talkOrNot(now) {
  if (!isMine(now)) talk("");
  else if (now && now.id !== talking && now.id !== left && claimedHere_ms(now.id) !== null) talk(now.id);
}

function takePhoto() {
  if (view.media?.phase === "taken") return;
  if (view.media?.takePhoto() === "") tellUser(t("Chưa chụp được: hãy đợi ảnh trước."));
}

function showCall() {
  const now = call();
  talkOrNot(now);
  bar.hidden = !now;
  if (!now) return;
  const key = `${now.id} ${now.revision} ${talking}`;
  if (bar.dataset.key !== key) {
    bar.dataset.key = key;
    bar.dataset.group = now.group;
    const text = document.createElement("strong"), time = document.createElement("span");
    text.textContent = callText(now);
    time.className = "callbar-time";
    bar.replaceChildren(text, " ", time);
    if (isMine(now)) {
      if (talking !== now.id) {
        const here = document.createElement("button");
        here.textContent = t("Nói chuyện ở trang này");
        here.addEventListener("click", () => { left = ""; talk(now.id); showCall(); });
        bar.append(here);
      }
      const button = document.createElement("button"), kbd = document.createElement("kbd");
      kbd.textContent = END_KEY.toUpperCase();
      button.append(`${t("Kết thúc")} `, kbd);
      button.addEventListener("click", () => void end());
      bar.append(button);
    } else if (now.group === "callback") {
      const link = document.createElement("a");
      link.href = "/calls";
      link.textContent = t("Xem danh sách");
      bar.append(link);
    }
  }
  say(bar.querySelector(".callbar-time"), formatAge(clock.age_ms(now.changed_ms)));
}

function showRow() {
  if (!row) return;
  const presence = place("presence");
  if (presence.dataset.word !== row.word) presence.dataset.word = row.word;
  say(presence, presenceText(row));
  say(place("link"), linkText(row.link));
  questions.show(row.questions);
}

async function readEvents() {
  const answer = await fetch(`/stations/${station}/events`, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return;
  const read = new DOMParser().parseFromString(await answer.text(), "text/html");
  place("events").replaceChildren(...read.body.childNodes);
}

let readTimer = 0;

news.addEventListener("rows", (event) => {
  for (const one of /** @type {CustomEvent<Row[]>} */ (event).detail) if (one.station === station) row = one;
  showRow();
  if (row && row.news !== newsRead && !readTimer) {
    readTimer = window.setTimeout(() => { readTimer = 0; newsRead = row?.news ?? -1; void readEvents(); }, 300);
  }
});
news.addEventListener("state", showCall);
news.addEventListener("state", endWhatWasLeft);
news.addEventListener("age", () => { showRow(); showCall(); });

let photographed = ""; // the visit whose photographs are shown

feed.addEventListener("view", () => {
  const no = feed.view?.visit?.no ?? "0";
  if (no !== photographed) {
    photographed = no;
    photos.clear();
    void photos.read();
  }
  const visit = feed.view?.visit, opened_ms = /** @type {number | null | undefined} */ (visit?.opened_ms);
  const time = opened_ms === null || opened_ms === undefined ? "--:--:--" : formatTimeOfDay(opened_ms);
  say(place("visit"), visit ? t("Lượt khám {code} từ {time}", { code: visit.code, time }) : t("không có lượt khám"));
  place("no-streams").hidden = (feed.view?.streams.length ?? 0) !== 0;
});

/** @type {Record<string, () => void>} */
const deeds = { [END_KEY]: () => void end(), [MUTE_KEY]: () => view.mute(), [PHOTO_KEY]: takePhoto,
  [SIZE_KEY]: () => view.resize() };

window.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement | null} */ (event.target);
  const isTyping = target?.closest("input:not([type=range]), textarea, select, [contenteditable]");
  if (isTyping || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  deeds[event.key.toLowerCase()]?.();
});
place("call-photo").addEventListener("click", takePhoto);

if (bar.dataset.mine) talk(bar.dataset.mine); // at once: the event stream would say it later
showLive(feed, { strips: place("strips"), values: place("values"), measurements: place("measurements"),
  corner: place("corner") });
feed.open(`/stations/${station}/live`);
Object.assign(document.body, { feed });
