/** Photographs of the visit under way: asked for in a call, seen as they come, opened full.
 *
 * The hub's list says which they are. Without it only a photograph is shown that was asked for on this page, in
 * the call of now and since the visit began; of any other the hub's word is a reason to read the list again. */
import { formatTimeOfDay } from "../../../web/ages.js";
import { t } from "../../../web/words.js";
import { news, place, say, state } from "./console.js";

/** @typedef {import("../../../web/call_media.js").Photo} Photo */

const AGAIN_MS = 1_000; // a picture that comes is drawn anew at most so often
const READ_SOON_MS = 300; // several that are whole at once are looked up at once
const READ_AGAIN_MS = 3_000; // a list that could not be read

/** How much has come; of a whole one, when it was taken. @param {Photo} photo */
function photoText(photo) {
  if (photo.text) return photo.text;
  if (!photo.total) return t("đang chụp");
  if (photo.received < photo.total) return t("{n} trên {total}", { n: photo.received, total: photo.total });
  return photo.taken_ms ? formatTimeOfDay(photo.taken_ms) : "";
}

/** A strip of thumbnails; the newest first. */
export class Photos {
  /** @param {string} station */
  constructor(station) {
    this._address = `/stations/${station}/photos`;
    /** @type {Map<string, Photo>} */
    this._photos = new Map();
    /** Those of them that the hub's list has. @type {Set<string>} */
    this._listed = new Set();
    /** The calls that ring. @type {Set<string>} */
    this._ringing = new Set();
    /** How many slices the picture shows. @type {Map<string, number>} */
    this._drawn = new Map();
    /** @type {Set<string>} */
    this._drawing = new Set();
    this._open = "";
    this._visits = 0; // shown until now
    this._timer = 0;
    this._list = place("photo-list");
    this._dialog = /** @type {HTMLDialogElement} */ (place("photo-full"));
    this._dialog.addEventListener("close", () => { this._open = ""; });
    this._dialog.addEventListener("click", () => this._dialog.close());
    news.addEventListener("state", () => this._onCalls());
  }

  /** Another visit: nothing of the one before. */
  clear() {
    this._visits++;
    for (const name of [...this._photos.keys()]) this._forget(name);
  }

  /** @param {string} name */
  _forget(name) {
    this._photos.delete(name);
    this._listed.delete(name);
    this._drawn.delete(name);
    this._drawing.delete(name);
    this._list.querySelector(`[data-photo="${name}"]`)?.remove();
    if (this._open === name) this._dialog.close();
    place("photos").hidden = this._photos.size === 0;
  }

  /** A call that begins to ring is to be seen: an open photograph would cover it. */
  _onCalls() {
    const ringing = (state?.calls ?? []).filter((call) => call.group === "ringing").map((call) => call.id);
    if (this._dialog.open && ringing.some((id) => !this._ringing.has(id))) this._dialog.close();
    this._ringing = new Set(ringing);
  }

  /** Show what the hub has of the visit already. */
  async read() {
    const visits = this._visits;
    const answer = await fetch(this._address, { headers: { Accept: "application/json" } }).catch(() => null);
    /** @type {Photo[] | null} */
    const photos = answer?.ok ? await answer.json().then((list) => list.photos).catch(() => null) : null;
    if (visits !== this._visits) return; // those of the person before
    if (photos === null) {
      this._readIn(READ_AGAIN_MS);
      return;
    }
    const names = new Set(photos.map((photo) => photo.photo));
    for (const name of [...this._listed].filter((one) => !names.has(one))) this._forget(name);
    this._listed = names;
    for (const photo of photos) this._put(photo);
  }

  /** @param {number} ms */
  _readIn(ms) {
    if (!this._timer) this._timer = window.setTimeout(() => { this._timer = 0; void this.read(); }, ms);
  }

  /** The call says that a photograph was asked for, that more of it has come, or that the call is over.
   * @param {Photo} photo */
  show(photo) {
    const { photo: name, is_asked = false, is_over = false } = photo;
    if (is_over && !this._listed.has(name)) this._forget(name);
    if (is_over || !(is_asked || this._photos.has(name))) this._readIn(READ_SOON_MS);
    else this._put(photo);
  }

  /** @param {Photo} photo */
  _put(photo) {
    // only the list says when it was taken
    const taken_ms = photo.taken_ms === undefined ? this._photos.get(photo.photo)?.taken_ms : photo.taken_ms;
    const known = { ...photo, taken_ms };
    this._photos.set(photo.photo, known);
    place("photos").hidden = false;
    const item = /** @type {HTMLElement} */ (this._list.querySelector(`[data-photo="${photo.photo}"]`) ?? this._add(photo));
    item.dataset.received = String(photo.received);
    const isWhole = photo.total > 0 && photo.received >= photo.total;
    item.classList.toggle("is-whole", isWhole);
    if (isWhole && taken_ms === undefined) this._readIn(READ_SOON_MS);
    item.classList.toggle("is-refused", photo.text !== "");
    const note = item.querySelector("small");
    say(note, photoText(known));
    if (note) note.lang = photo.text ? "en" : document.documentElement.lang; // why there is none, the station's camera says
    item.querySelector("button")?.setAttribute("aria-label", `${t("Mở ảnh")} ${photoText(known)}`.trim());
    if (photo.received > (this._drawn.get(photo.photo) ?? 0)) void this._draw(photo.photo, item);
  }

  /** @param {Photo} photo */
  _add(photo) {
    const item = document.createElement("li"), button = document.createElement("button");
    const note = document.createElement("small");
    item.dataset.photo = photo.photo;
    button.type = "button";
    button.append(document.createElement("img"), note);
    button.addEventListener("click", () => this._openFull(photo.photo));
    item.append(button);
    this._list.prepend(item);
    if (!photo.total) item.scrollIntoView({ block: "nearest" }); // asked for just now
    return item;
  }

  /** Draw as much as has come; what cannot be drawn yet leaves the picture as it was.
   * @param {string} name @param {HTMLElement} item */
  async _draw(name, item) {
    if (this._drawing.has(name)) return;
    this._drawing.add(name);
    const received = this._photos.get(name)?.received ?? 0;
    const picture = await load(`${this._address}/${name}?received=${received}`);
    if (!item.isConnected) return; // of the person before
    if (picture) {
      picture.alt = "";
      item.querySelector("img")?.replaceWith(picture);
      if (this._open === name) this._showFull(picture.src);
    }
    this._drawn.set(name, received);
    window.setTimeout(() => {
      if (!item.isConnected) return;
      this._drawing.delete(name);
      if ((this._photos.get(name)?.received ?? 0) > received) void this._draw(name, item);
    }, AGAIN_MS);
  }

  /** @param {string} name */
  _openFull(name) {
    const picture = /** @type {HTMLImageElement | null} */ (this._list.querySelector(`[data-photo="${name}"] img`));
    if (!picture?.src) return;
    this._open = name;
    this._showFull(picture.src);
    this._dialog.showModal();
  }

  /** @param {string} address */
  _showFull(address) {
    const full = /** @type {HTMLImageElement} */ (place("photo-picture"));
    if (full.src !== address) full.src = address;
  }
}

/** @param {string} address @returns {Promise<HTMLImageElement | null>} null: not enough of it to be drawn */
function load(address) {
  return new Promise((resolve) => {
    const picture = new Image();
    picture.onload = () => resolve(picture);
    picture.onerror = () => resolve(null);
    picture.src = address;
  });
}
