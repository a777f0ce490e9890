/** The page of the map: filters, what was chosen, and a list of what is in sight, which says the same without eyes. */
import { number as written, t } from "../../../web/words.js";
import { callText, calls, line, news, place, say } from "./console.js";
import { FleetData } from "./fleet_data.js";
import { queryOf, select, viewOf } from "./fleet_view.js";
import { heardText, troublesText } from "./fleet_words.js";
import { writeLegend } from "./map_legend.js";
import { obey } from "./map_moves.js";
import { FleetMap } from "./map_view.js";

const LISTED_MAX = 40;
const UPDATE_MS = 1_000;

const data = new FleetData();
/** @type {Map<string, import("./console.js").Call>} */
let callOf = new Map();
const form = /** @type {HTMLFormElement} */ (place("filters"));
let view = viewOf(location.search);
let updated_ms = -Infinity;
const map = new FleetMap(/** @type {HTMLCanvasElement} */ (place("map")), data, {
  hasCall: (id) => callOf.has(id),
  isRinging: (id) => {
    const call = callOf.get(id);
    return call?.group === "ringing" && !call.is_practice;
  } });
obey(map, choose);
map.onView = writeListSoon;
writeLegend(place("legend"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => writeLegend(place("legend")));

function update() {
  updated_ms = performance.now();
  const found = select(data, view, (id) => callOf.has(id));
  map.update(found);
  const unplaced = found.reduce((sum, number) => sum + Number(Number.isNaN(data.east[number])), 0);
  say(place("map-count"), t("{n} trên {total} trạm", { n: written(found.length, 0), total: written(data.count, 0) })
    + (unplaced ? ` · ${t("{n} trạm chưa có toạ độ, chỉ có trong danh sách", { n: unplaced })}` : ""));
  writeList();
}

/** @param {import("./map_view.js").Chosen | null} chosen */
function choose(chosen) {
  map.chosen = chosen;
  if (chosen && "cluster" in chosen) map.enter(chosen.cluster);
  map.drawSoon();
  writeChosen();
}

function writeChosen() {
  const chosen = map.chosen, shown = place("chosen");
  shown.hidden = !chosen || !("station" in chosen);
  if (!chosen || !("station" in chosen)) return;
  const number = chosen.station, link = /** @type {HTMLAnchorElement} */ (shown.querySelector("a"));
  if (link.dataset.id !== data.ids[number]) {
    link.dataset.id = data.ids[number];
    link.href = `/stations/${data.ids[number]}`;
    link.focus({ preventScroll: true });
  }
  say(link, data.names[number]);
  say(shown.querySelector(".unit"), data.unitPath(number));
  say(shown.querySelector(".presence"), heardOf(number));
  /** @type {HTMLElement} */ (shown.querySelector(".presence")).dataset.word = data.word(number, data.now_ms());
  say(shown.querySelector(".troubles"), troublesText(data.troubles(number)));
  const call = callOf.get(data.ids[number]);
  say(shown.querySelector(".call"), call ? callText(call) : "");
}

/** @param {number} number */
function heardOf(number) {
  return heardText(data.word(number, data.now_ms()), line.age_ms(data.heard[number]), data.isCut(number));
}

let isListSoon = false;

function writeListSoon() {
  if (isListSoon) return;
  isListSoon = true;
  window.setTimeout(() => {
    isListSoon = false;
    writeList();
  }, 200);
}

function writeList() {
  const list = place("in-sight"), numbers = map.inSight(LISTED_MAX);
  while (list.children.length > numbers.length) list.lastElementChild?.remove();
  numbers.forEach((number, at) => {
    let line_ = list.children[at];
    if (!line_) {
      line_ = document.createElement("li");
      const presence = document.createElement("span");
      presence.className = "presence";
      line_.append(document.createElement("a"), presence);
      list.append(line_);
    }
    const link = /** @type {HTMLAnchorElement} */ (line_.children[0]), presence = /** @type {HTMLElement} */ (line_.children[1]);
    const address = `/stations/${data.ids[number]}`;
    if (link.getAttribute("href") !== address) link.href = address;
    const call = callOf.get(data.ids[number]), troubles = troublesText(data.troubles(number));
    say(link, [data.names[number], call ? callText(call) : "", troubles].filter(Boolean).join(" · "));
    presence.dataset.word = data.word(number, data.now_ms());
    say(presence, heardOf(number));
  });
  place("nothing-in-sight").hidden = numbers.length > 0;
  writeChosen();
}

function onFilter() {
  view = viewOf(new URLSearchParams(/** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)))).toString());
  const query = queryOf(view);
  history.replaceState(null, "", query ? `/map?${query}` : "/map");
  /** @type {HTMLAnchorElement} */ (place("to-list")).href = query ? `/?${query}` : "/";
  update();
}

form.addEventListener("input", onFilter);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  onFilter();
});
place("map-closer").addEventListener("click", () => map.zoom(1.5));
place("map-farther").addEventListener("click", () => map.zoom(1 / 1.5));
place("map-all").addEventListener("click", () => map.showAll());
place("map-each").addEventListener("click", () => {
  map.isEach = !map.isEach;
  place("map-each").setAttribute("aria-pressed", String(map.isEach));
  map.drawSoon();
});
data.addEventListener("names", update);
data.addEventListener("change", () => { if (performance.now() - updated_ms > UPDATE_MS) update(); });
news.addEventListener("state", () => {
  callOf = new Map([...calls.values()].sort((a, b) => Number(a.group !== "callback") - Number(b.group !== "callback"))
    .map((call) => [call.station, call]));
  update();
});
news.addEventListener("age", () => { if (performance.now() - updated_ms > UPDATE_MS) update(); });
Object.assign(document.body, { fleet: { data, map, timings: { map: map.timings } } });
