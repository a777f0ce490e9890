/** One station: strips and numbers, its call with picture and voice, its link, what happened. */
import { formatTimeOfDay } from "../../../web/ages.js";
import { CallMedia } from "../../../web/call_media.js";
import { LiveFeed } from "../../../web/live.js";
import { StripSettings } from "../../../web/strip_settings.js";
import { Sweep } from "../../../web/sweep.js";
import { showLive } from "../../../web/view.js";
import { t } from "../../../web/words.js";
import { asks, decline } from "./asked.js";
import { CallView } from "./call.js";
import { ask, end as endCall, giveTurn, hold, ringStation } from "./call_deeds.js";
import { CallBar } from "./callbar.js";
import { Papers } from "./case.js";
import { inviteDoctor } from "./doctors.js";
import { calls, clock, keys, linkText, mayAnswer, me, news, place, presenceText, say, state, tellUser } from "./console.js";
import { give, isGuest, isSpeaker, myDeeds } from "./deeds.js";
import { parseFragment } from "./fragment.js";
import { claimedHere_ms, rangHere, takeHere } from "./here.js";
import { Photos } from "./photos.js";
import { Questions } from "./questions.js";
import { answer, isAnybodyThere } from "./ringing.js";
import { keepStationAlerts } from "./station_alerts.js";
import { watchHealth } from "./station_health.js";
import { RingButtons } from "./station_ring.js";
import { Trends } from "./trends.js";

/** @typedef {import("./console.js").Row} Row @typedef {import("./console.js").Call} Call
 *  @typedef {import("../../../web/keys.js").Deed} Deed */

const FIRST = ["claimed", "parked", "ringing", "callback"]; // which of a station's calls the page is about
const bar = place("callbar");
const station = bar.dataset.station ?? "";
const feed = new LiveFeed(clock);
const view = new CallView();
const photos = new Photos(station);
const questions = new Questions(station, place("questions"));
const papers = new Papers(place("papers"));
const ringButtons = new RingButtons(station);
const settings = new StripSettings();
const trends = new Trends(place("trends"));
Sweep.screenPage = "/screen";
const callBar = new CallBar(bar, { can: (deed) => deed !== "minutes" || caseField() !== null,
  talkHere: () => { const now = call(); if (now) talkHere(now); } });
let talking = ""; // the call whose picture and voice are on this page
/** @type {Row | null} */
let row = null;
let newsRead = -1;

function callsHere() {
  return [...calls.values()].filter((one) => one.station === station);
}

/** The newest of what comes first. @returns {Call | undefined} */
function call() {
  return callsHere().sort((a, b) => FIRST.indexOf(a.group) - FIRST.indexOf(b.group) || b.received_ms - a.received_ms)[0];
}

let left = ""; // the call that was ended here, of which the hub, which is away, still has to hear
let isEnding = false;

async function end() {
  const now = call();
  if (!now || !myDeeds(now).has("end")) ringButtons.stop();
  if (!state) bar.querySelector("form")?.requestSubmit(); // the stream has not said anything yet
  if (!now || !myDeeds(now).has("end") || isEnding) return;
  if (view.media?.isHubThere === false) leave(now.id); // now, and not when the browser gives the hub up
  isEnding = true;
  const done = await endCall(now);
  isEnding = false;
  if (done === null && call()?.id === now.id) leave(now.id);
}

/** Whoever ends a call is not listened to any more, also while the hub is away. @param {string} id */
function leave(id) {
  if (left !== id) {
    left = id;
    talk("");
    showCall();
  }
  tellUser(t("Đã tắt micrô và hình ở trang này. Cuộc gọi sẽ kết thúc khi có lại liên lạc với trung tâm."));
}

/** The hub is back: tell it. */
function endWhatWasLeft() {
  if (!left) return;
  const now = call();
  if (now?.id === left && myDeeds(now).has("end")) void end();
  else left = "";
}

/** Picture and voice of a call come to this page, at once or when it is its turn. @param {string} id
 * @param {boolean} [isTurn] */
function talk(id, isTurn = true) {
  if (talking === id) return;
  talking = id;
  const media = id ? new CallMedia(`/calls/${id}/media`, { claimed_ms: claimedHere_ms(id), isSpeaker: isTurn }) : null;
  media?.addEventListener("photo", (event) => photos.show(/** @type {CustomEvent} */ (event).detail));
  view.show(media);
  media?.begin();
  Object.assign(document.body, { call: media });
}

/** @param {Call} now */
function talkHere(now) {
  left = "";
  takeHere(now.id);
  talk(now.id);
  showCall();
}

/** Whether this user has a place in the call, with picture and voice or waiting for his turn. @param {Call} now */
function isIn(now) {
  return now.group === "claimed" && (now.owner === me || isGuest(now, me));
}

/** A call that another tab of ours took has its picture and voice there. A guest is there wherever he looks.
 * @param {Call | undefined} now */
function talkOrNot(now) {
  if (!now || !isIn(now)) talk("");
  else if (now.id === talking || now.id === left) return;
  else if (now.state === "CLAIMED" && now.owner === me && rangHere(station)) talkHere(now); // it was accepted there
  else if (claimedHere_ms(now.id) !== null || (isGuest(now, me) && !document.hidden)) talk(now.id, isSpeaker(now));
}

function takePhoto() {
  if (view.media?.phase === "taken") return;
  if (view.media?.takePhoto() === "") tellUser(t("Chưa chụp được: hãy đợi ảnh trước."));
}

/** Where the minutes are written; null: not on this page, or not yet. @returns {HTMLElement | null} */
function caseField() {
  return document.querySelector("#case textarea[name=findings]");
}

let seen = ""; // the call that the page was about last

/** The papers of a call that is closed go; where they are kept stands in their place until the next call.
 * @param {Call | undefined} now */
function showClosed(now) {
  seen = now?.id ?? seen;
  const told = place("closed");
  told.hidden = now !== undefined || seen === "";
  if (!told.hidden) told.querySelector("a")?.setAttribute("href", `/calls/${seen}`);
}

function showCall() {
  if (!state) return; // the page is as the hub wrote it
  const found = call();
  talkOrNot(found);
  papers.follow(found && found.group !== "ringing" ? found.id : "", `${found?.state} ${found?.owner}`);
  showClosed(found);
  const isAbove = found?.group === "ringing" && found.rings; // in the line of who calls
  const now = isAbove ? undefined : found;
  callBar.show(now, now !== undefined && isIn(now) && talking !== now.id);
  if (row) ringButtons.show(row.ring, callsHere(), now);
}

/** Whether a key would do anything now. @param {Deed} deed */
function may(deed) {
  if (deed === "minutes") return caseField() !== null;
  if ((deed === "ring" && ringButtons.mayBegin) || (deed === "end" && ringButtons.mayStop)) return true;
  const now = call();
  return (deed === "decline" && asks().length > 0) || (now !== undefined && myDeeds(now).has(deed));
}

/** Do it if it may be done. @param {Deed} deed @param {(call: Call) => unknown} run */
function deed(deed, run) {
  return () => {
    const now = call();
    if (now && myDeeds(now).has(deed)) void run(now);
  };
}

function showRow() {
  if (!row) return;
  const presence = place("presence");
  if (presence.dataset.word !== row.word) presence.dataset.word = row.word;
  say(presence, presenceText(row));
  say(place("link"), linkText(row.link));
  questions.show(row.questions);
}

let reading = 0;

async function readEvents() {
  const number = ++reading;
  const answer = await fetch(`/stations/${station}/events`, { headers: { Accept: "application/json" } }).catch(() => null);
  const text = answer?.ok ? await answer.text().catch(() => null) : null;
  if (number !== reading) return; // a later one knows more
  if (text === null) {
    newsRead = -1; // read with the next rows: the hub sends them when it is back
    return;
  }
  const read = parseFragment(text);
  place("events").replaceChildren(...read.body.childNodes);
}

let readTimer = 0;

keepStationAlerts(station);
news.addEventListener("rows", (event) => {
  for (const one of /** @type {CustomEvent<Row[]>} */ (event).detail) if (one.station === station) row = one;
  showRow();
  showCall();
  if (row && row.news !== newsRead && !readTimer) {
    readTimer = window.setTimeout(() => { readTimer = 0; newsRead = row?.news ?? -1; void readEvents(); papers.look(); }, 300);
  }
});
news.addEventListener("state", showCall);
news.addEventListener("state", endWhatWasLeft);
document.addEventListener("visibilitychange", showCall);
news.addEventListener("age", () => { showRow(); showCall(); });

let photographed = ""; // the visit whose photographs are shown

feed.addEventListener("view", () => {
  const no = feed.view?.visit?.no ?? "0";
  if (no !== photographed) {
    photographed = no;
    photos.clear();
    void photos.read();
    trends.follow(no);
  }
  const visit = feed.view?.visit, opened_ms = /** @type {number | null | undefined} */ (visit?.opened_ms);
  const time = opened_ms === null || opened_ms === undefined ? "--:--:--" : formatTimeOfDay(opened_ms);
  say(place("visit"), visit ? t("Lượt khám {code} từ {time}", { code: visit.code, time }) : t("không có lượt khám"));
  place("no-streams").hidden = (feed.view?.streams.length ?? 0) !== 0;
});

watchHealth();
keys.add({
  hold: deed("hold", hold),
  park: deed("park", (now) => give(now, "park", "park")),
  second: deed("second", (now) => ask(now, "second")),
  transfer: deed("transfer", (now) => ask(now, "transfer")),
  doctor: deed("doctor", inviteDoctor),
  turn: deed("turn", giveTurn),
  ring: () => { ringButtons.begin(); deed("ring", ringStation)(); }, // never both: the call has a button of its own
  minutes: () => { const field = caseField(); field?.scrollIntoView({ block: "center" }); field?.focus(); },
  decline: () => { if (asks().length) void decline(); else deed("decline", (now) => give(now, "decline", "decline"))(); },
  end: () => void end(),
}, may);
keys.add({ mute: () => view.mute(), photo: takePhoto, size: () => view.resize(), detail: () => view.toggleDetail(), picture: () => view.askForPicture() },
  (deed) => view.can(deed));
keys.add({ gain: () => settings.nextGain(), filter: () => settings.nextFilter(),
  past: () => location.assign(`/stations/${station}/playback`) });
if (mayAnswer) keys.add({ answer: () => answer(call()) }, () => isAnybodyThere(call()));
if (bar.dataset.mine) talk(bar.dataset.mine); // at once: the event stream would say it later
showLive(feed, { strips: place("strips"), values: place("values"), measurements: place("measurements"),
  corner: place("corner") }, settings);
feed.open(`/stations/${station}/live`);
Object.assign(document.body, { feed, trends });
