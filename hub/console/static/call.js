/** Picture and voice of the call beside the ECG: what `CallMedia` does, in words and under keys. */
import { formatAge } from "../../../web/ages.js";
import { sentLine } from "../../../web/sent_line.js";
import { t } from "../../../web/words.js";
import { place, say } from "./page.js";

/** @typedef {import("../../../web/call_media.js").CallMedia} CallMedia
 *  @typedef {import("../../../web/call_media.js").StationMedia} StationMedia */

// In the browser's store: how loud this operator likes it, and how large.
const VOLUME = "volume", LARGE = "large picture";
const ROOMLESS_MS = 3_000; // the station looks for the link's room first
const STILL_MS = 2_000; // a picture that does not move for so long is not live
const LOUD = 4; // the root of the level, so that speech fills the meter

/** Why there is no picture; "" while there is, or should be. @param {StationMedia} media */
function noPictureText(media) {
  switch (media.camera) {
    case "closed": return t("camera ở trạm chưa mở");
    case "off": return t("y tá đã tắt camera");
    case "missing": return t("trạm không có camera");
    case "busy": return t("chương trình khác ở trạm đang dùng camera");
    case "lost": return t("camera ở trạm đã bị rút hoặc hỏng");
    default: return "";
  }
}

/** @param {string} microphone @returns {string} */
function stationMicrophoneText(microphone) {
  switch (microphone) {
    case "closed": return t("micrô ở trạm chưa mở");
    case "missing": return t("trạm không có micrô: bạn sẽ không nghe được");
    case "busy": return t("chương trình khác ở trạm đang dùng micrô: bạn sẽ không nghe được");
    case "lost": return t("micrô ở trạm đã bị rút hoặc hỏng: bạn sẽ không nghe được");
    default: return "";
  }
}

/** @param {string} loudspeaker @returns {string} */
function loudspeakerText(loudspeaker) {
  switch (loudspeaker) {
    case "closed": return t("loa ở trạm chưa mở");
    case "missing": return t("trạm không có loa: y tá sẽ không nghe được");
    case "busy": return t("chương trình khác ở trạm đang dùng loa: y tá sẽ không nghe được");
    case "lost": return t("loa ở trạm đã bị rút hoặc hỏng: y tá sẽ không nghe được");
    default: return "";
  }
}

/** @param {import("../../../web/own_devices.js").DeviceState} microphone @returns {string} */
function ownMicrophoneText(microphone) {
  switch (microphone) {
    case "missing": return t("máy này không có micrô: trạm sẽ không nghe bạn");
    case "refused": return t("trình duyệt chặn micrô: trạm sẽ không nghe bạn");
    case "busy": return t("chương trình khác đang dùng micrô của máy này: trạm sẽ không nghe bạn");
    default: return "";
  }
}

/** @param {import("../../../web/own_devices.js").DeviceState} camera @returns {string} */
function ownCameraText(camera) {
  switch (camera) {
    case "missing": return t("máy này không có camera");
    case "refused": return t("trình duyệt chặn camera");
    case "busy": return t("chương trình khác đang dùng camera của máy này");
    default: return "";
  }
}

/** One call on the page of its station. */
export class CallView {
  constructor() {
    /** @type {CallMedia | null} */
    this.media = null;
    this._isBlocked = false; // the browser holds the sound back
    this._frames = 0;
    this._moved_ms = 0;
    this._root = place("call");
    this._picture = /** @type {HTMLVideoElement} */ (place("call-picture"));
    this._own = /** @type {HTMLVideoElement} */ (place("call-own"));
    this._sound = /** @type {HTMLAudioElement} */ (place("call-sound"));
    this._mute = /** @type {HTMLButtonElement} */ (place("call-mute"));
    this._camera = /** @type {HTMLButtonElement} */ (place("call-camera"));
    this._volume = /** @type {HTMLInputElement} */ (place("call-volume"));
    this._camera.addEventListener("click", () => void this._switchCamera());
    this._roomless_ms = Infinity; // since when the link has had no room
    this._ask = /** @type {HTMLButtonElement} */ (place("call-again"));
    this._detail = /** @type {HTMLButtonElement} */ (place("call-detail"));
    this._size = /** @type {HTMLButtonElement} */ (place("call-size"));
    this._isLarge = localStorage.getItem(LARGE) === "yes";
    place("call-back").addEventListener("click", () => this.media?.takeBack());
    this._volume.value = localStorage.getItem(VOLUME) ?? this._volume.value;
    this._volume.addEventListener("input", () => this._setVolume());
    this._setVolume();
    for (const gesture of ["pointerdown", "keydown"]) {
      window.addEventListener(gesture, () => { if (this._isBlocked) void this._play(); }, { capture: true });
    }
  }

  /** Show this call, or none. @param {CallMedia | null} media */
  show(media) {
    this.media?.close();
    this.media = media;
    this._root.hidden = !media;
    document.body.toggleAttribute("data-in-call", media !== null);
    this._placePicture();
    this._listen();
    if (!media) return;
    media.addEventListener("leg", () => this._listen());
    media.addEventListener("counts", () => this._onCounts());
    media.addEventListener("change", () => this._write());
    media.own.addEventListener("change", () => { if (this._isBlocked) void this._play(); }); // a page that captures may sound
    this._write();
  }

  mute() {
    if (this.media?.phase !== "taken") this.media?.own.mute(!this.media.own.isMuted);
  }

  /** Picture is tried again, where there is voice alone. */
  askForPicture() {
    this.media?.askForPicture();
  }

  /** The picture for detail, or for motion again: the other than what was asked for last. */
  toggleDetail() {
    const { media } = this;
    if (media && this.can("detail")) media.choose((media.word.asked ?? media.station?.mode) === "detail" ? "motion" : "detail");
  }

  /** Whether a key of this view would do anything now. @param {import("../../../web/keys.js").Deed} deed */
  can(deed) {
    const phase = this.media?.phase ?? "ended";
    if (deed === "picture") return this.media?.mayAskForPicture === true;
    if (deed === "detail") return phase === "connected" && this.media?.station?.mode !== undefined;
    if (deed === "size") return this.media !== null;
    return phase !== "taken" && phase !== "ended" && !(deed === "photo" && phase === "waiting");
  }

  /** The picture large, or small again. */
  resize() {
    if (!this.media) return;
    this._isLarge = !this._isLarge;
    localStorage.setItem(LARGE, this._isLarge ? "yes" : "no");
    this._placePicture();
    place("call-frame").scrollIntoView({ block: "nearest" });
  }

  /** Large it stands under the strips, which keep their length and their scale; else in the side column. */
  _placePicture() {
    const frame = place("call-frame"), large = place("call-large"), isLarge = this._isLarge && this.media !== null;
    this._size.setAttribute("aria-pressed", String(this._isLarge));
    say(place("call-size-text"), this._isLarge ? t("Hình nhỏ") : t("Hình lớn"));
    large.hidden = !isLarge;
    document.body.toggleAttribute("data-large-picture", isLarge);
    if (frame.parentElement === (isLarge ? large : this._root)) return;
    if (isLarge) large.append(frame);
    else this._root.prepend(frame);
    for (const video of [this._picture, this._own]) { // one that is moved may stop
      if (video.srcObject) void video.play().catch(() => {}); // replaced meanwhile
    }
  }

  async _switchCamera() {
    const own = this.media?.own;
    if (own) await own.showPicture(own.camera !== "on" && own.camera !== "opening");
  }

  _setVolume() {
    this._sound.volume = Number(this._volume.value) / 100;
    localStorage.setItem(VOLUME, this._volume.value);
  }

  /** Something else is to be heard or seen. */
  _listen() {
    const heard = this.media?.heard ?? null, seen = this.media?.seen ?? null;
    if (this._sound.srcObject !== heard) {
      this._sound.srcObject = heard;
      if (heard) void this._play();
    }
    if (this._picture.srcObject !== seen) {
      this._frames = 0;
      this._moved_ms = performance.now();
      this._picture.srcObject = seen;
      if (seen) void this._picture.play().catch(() => {}); // replaced by the next leg
    }
  }

  async _play() {
    try {
      await this._sound.play();
      this._isBlocked = false;
      if (this.media) this.media.isAudible = true;
    } catch (error) {
      this._isBlocked = error instanceof DOMException && error.name === "NotAllowedError";
    }
    this._write();
  }

  _onCounts() {
    const frames = this.media?.counts?.framesDecoded ?? 0;
    if (frames !== this._frames) this._moved_ms = performance.now();
    this._frames = frames;
  }

  _write() {
    const { media } = this;
    if (!media) return;
    const { own, station, counts } = media;
    const { phase } = media, carries = media.isHeard && media.arrives;
    this._root.dataset.phase = phase === "connected" && !carries ? "connecting" : phase; // green is the voice, both ways
    say(place("call-state"), this._stateText(media));
    place("call-back").hidden = media.phase !== "taken";
    this._writePicture(media);
    const faults = [
      this._isBlocked ? t("trình duyệt chặn tiếng: nhấn một phím bất kỳ") : "",
      ownMicrophoneText(own.microphone), ownCameraText(own.camera),
      station ? stationMicrophoneText(station.microphone) : "", station ? loudspeakerText(station.loudspeaker) : "",
    ].filter(Boolean);
    const list = place("call-faults"), key = faults.join("\n");
    if (list.dataset.key !== key) {
      list.dataset.key = key;
      list.replaceChildren(...faults.map((text) => {
        const item = document.createElement("li");
        item.textContent = text;
        return item;
      }));
    }
    say(place("call-advice"), station?.text ?? "");
    this._mute.setAttribute("aria-pressed", String(own.isMuted));
    say(place("call-mute-text"), own.isMuted ? t("Bật micrô") : t("Tắt micrô"));
    this._ask.hidden = !media.mayAskForPicture;
    this._detail.hidden = !this.can("detail");
    this._detail.setAttribute("aria-pressed", String(station?.mode === "detail"));
    this._detail.setAttribute("aria-busy", String(media.word.asked !== null));
    say(place("call-line"), phase === "connected" ? sentLine(media.word.now(performance.now())) : "");
    this._camera.hidden = station?.has_screen !== true;
    this._camera.setAttribute("aria-pressed", String(own.picture !== null));
    say(this._camera, own.picture ? t("Tắt camera") : t("Bật camera"));
    this._own.hidden = own.picture === null;
    if (own.picture && this._own.dataset.track !== own.picture.id) {
      this._own.dataset.track = own.picture.id;
      this._own.srcObject = new MediaStream([own.picture]);
    } else if (!own.picture) this._own.srcObject = null;
    const isThere = media.phase === "connected";
    this._level("call-heard", isThere ? counts?.heardLevel ?? 0 : 0);
    this._level("call-said", isThere && !own.isMuted ? counts?.saidLevel ?? 0 : 0);
  }

  /** @param {CallMedia} media */
  _stateText(media) {
    switch (media.phase) {
      case "taken": return t("trang khác của bạn đang giữ cuộc gọi");
      case "waiting": return media.waiting?.reason === "held" ? t("đang giữ máy: micrô và hình ở trang này đã tắt")
        : t("{name} đang nói với trạm: micrô và hình ở trang này đã tắt", { name: media.waiting?.speaker ?? "" });
      case "ended": return t("cuộc gọi đã kết thúc");
      case "lost": return media.isPictureTried ? t("đang thử lại hình: tiếng ngắt vài giây")
        : t("mất đường truyền, đang nối lại");
      case "connecting": return media.isHubThere ? t("đang nối") : t("đang nối: chưa liên lạc được với trung tâm");
      default: return this._voiceText(media);
    }
  }

  /** What this page has counted, and no more: how the call stands is the hub's word, in the line of the call.
   * @param {CallMedia} media */
  _voiceText({ isHeard, arrives, isHubThere }) {
    if (isHeard && arrives) return isHubThere ? t("đã nối") : t("mất liên lạc với trung tâm, cuộc gọi vẫn tiếp tục");
    if (isHeard) return t("tiếng của trạm đến, tiếng của bạn chưa đến trạm");
    return arrives ? t("tiếng của bạn đến trạm, tiếng của trạm chưa đến") : t("chưa có tiếng qua lại");
  }

  /** A picture that stands still is grey and says since when. While the hub is away a picture that moves knows
   * better than the station's last word. @param {CallMedia} media */
  _writePicture(media) {
    const still_ms = performance.now() - this._moved_ms, hasMoved = this._frames > 0, isStill = still_ms > STILL_MS;
    const { station } = media, isKnown = station !== null && (media.isHubThere || isStill);
    const why = isKnown ? noPictureText(/** @type {StationMedia} */ (station)) || this._noRoomText(media) : "";
    const isShown = hasMoved && !why && !media.isAudioOnly && (media.phase === "connected" || media.phase === "lost");
    this._picture.classList.toggle("is-away", !isShown);
    this._picture.classList.toggle("is-still", isStill);
    const waits = ["taken", "ended", "waiting"].includes(media.phase) ? "" : t("đang chờ hình");
    const voiceOnly = media.isPictureTried ? t("đang thử lại hình")
      : media.isAudioOnly && media.phase !== "waiting" ? t("chỉ có tiếng") : "";
    const text = voiceOnly || (why ? t("Không có hình: {why}", { why }) : !hasMoved ? waits
      : isStill && station?.sent?.is_stills ? t("ảnh tĩnh, đến cách đây {age}", { age: formatAge(still_ms) })
      : isStill ? t("hình dừng cách đây {age}", { age: formatAge(still_ms) }) : "");
    const words = place("call-no-picture");
    words.hidden = text === "";
    say(words, text);
  }

  /** A link without room for a picture; that one has not begun yet, or the station has gone, is another thing.
   * @param {CallMedia} media */
  _noRoomText(media) {
    const { station } = media, now_ms = performance.now();
    const isHeldBack = media.phase === "connected" && station?.is_connected === true && !station.is_picture_sent;
    this._roomless_ms = isHeldBack ? Math.min(this._roomless_ms, now_ms) : Infinity;
    const isSo = now_ms - this._roomless_ms > ROOMLESS_MS;
    return isSo ? t("đường truyền không đủ cho hình, tiếng vẫn nghe được") : "";
  }

  /** @param {string} id @param {number} level */
  _level(id, level) {
    /** @type {HTMLMeterElement} */ (place(id)).value = Math.min(1, Math.sqrt(level) * LOUD / 2);
  }
}
