/** Picture and voice of one call, in one page: the hub's line, our devices, one leg at a time.
 * Wire: docs/media.md. Touches no page: `hub/console/static/call.js` shows it. */
import { CallLine } from "./call_line.js";
import { Flow } from "./flow.js";
import { Leg } from "./leg.js";
import { OwnDevices } from "./own_devices.js";
import { StationWord } from "./station_word.js";
import { Ways } from "./ways.js";

const RENEW_MS = [2_000, 4_000, 8_000]; // between two wishes for another leg
const QUICK_MS = 50, STEADY_MS = 500; // between two looks at a leg: while it begins, and later
const QUICK_FOR_MS = 15_000;
const RETIRE_MS = 5_000; // the leg before is played until the new one stands, and no longer than that
const PHOTOS_WANTED_MAX = 4; // unanswered at once; as hub/rooms/direct.py

/**
 * @typedef {{leg?: string | null, is_connected: boolean, camera: string, microphone: string, loudspeaker: string,
 *   has_screen?: boolean, is_picture_sent: boolean, target_bps?: number | null, down_bps?: number | null,
 *   text?: string, mode?: Mode, sent?: Sent}} StationMedia
 * @typedef {"motion" | "detail"} Mode  what the picture is for
 * @typedef {{width: number, height: number, fps: number, is_stills: boolean, video_bps: number, voice_bps: number,
 *   round_trip_ms?: number, lost_pct: number, limit: string}} Sent
 * @typedef {{photo: string, received: number, total: number, size_bytes: number | null, text: string,
 *   taken_ms?: number | null, is_asked?: boolean, is_over?: boolean}} Photo  `taken_ms`: of the hub's list alone;
 *   `is_asked`: by this page, just now; `is_over`: the call is, which says no more of it
 * @typedef {"connecting" | "connected" | "lost" | "waiting" | "taken" | "ended"} Phase  waiting: somebody else has
 *   picture and voice, or the call is held
 * @typedef {{reason: "held" | "turn", speaker: string | null}} Waiting
 *
 * Moments in ms of `performance.now()`, null until they come; `claimed` may lie before the page began.
 * @typedef {{claimed_ms: number | null, joined_ms: number | null, offered_ms: number | null, connected_ms: number | null,
 *   firstAudio_ms: number | null, firstFrame_ms: number | null, firstSaid_ms: number | null}} Times
 */

/** @param {number} bytes */
function randomName(bytes) {
  return [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Events: "change" (anything below), "leg" (`heard` or `seen` is another stream), "photo"
 * (detail: Photo), "counts" (each look). Call `begin`, and `close` at the end. Microphone and camera are open only while
 * this page has picture and voice, or is about to.
 */
export class CallMedia extends EventTarget {
  /**
   * @param {string} path the call's, e.g. "/calls/ID/media"
   * @param {{claimed_ms?: number | null, isSpeaker?: boolean, now_ms?: () => number}} [given] `isSpeaker`: it is this
   *   page's turn, as far as the page knows
   */
  constructor(path, { claimed_ms = null, isSpeaker = true, now_ms = () => performance.now() } = {}) {
    super();
    this.own = new OwnDevices();
    this.page = randomName(8);
    this.isAudible = false; // whoever plays `heard` says so: a browser may hold it back
    /** @type {Map<string, Photo>} */
    this.photos = new Map();
    /** @type {import("./leg.js").Counts | null} */
    this.counts = null;
    this.legs = 0; // begun until now
    this.renewals = 0; // asked for
    this.damaged = 0; // messages of the hub that say nothing
    this.refused = ""; // why the hub did not take the last message that it refused
    /** @type {Times} */
    this.times = { claimed_ms, joined_ms: null, offered_ms: null, connected_ms: null, firstAudio_ms: null,
      firstFrame_ms: null, firstSaid_ms: null };
    /** @type {Leg | null} */
    this._leg = null;
    /** @type {Leg | null} the one before, until the new one stands */
    this._retiring = null;
    /** Somebody else has picture and voice. @type {Waiting | null} */
    this.waiting = null;
    this.why = ""; // it ended, as docs/media.md
    this._ways = new Ways();
    this._flow = new Flow();
    this._line = new CallLine(path, now_ms);
    this._now_ms = now_ms;
    this._isSpeaker = isSpeaker;
    /** @type {RTCIceServer[]} */
    this._iceServers = [];
    this.word = new StationWord();
    /** @type {"" | "taken" | "ended"} */
    this._over = "";
    this._renewed = 0;
    this._renewAt_ms = 0;
    this._quickUntil_ms = 0;
    this._timers = new Set();
    this._line.addEventListener("open", () => this._join());
    this._line.addEventListener("gone", () => this._say("change"));
    this._line.addEventListener("message", (event) => void this._receive(/** @type {CustomEvent} */ (event).detail));
    this.own.addEventListener("change", () => this._onOwn());
  }

  get station() {
    return this.word.media;
  }

  get isHubThere() {
    return this._line.isOpen;
  }

  /** The leg's name; null while there is none. */
  get leg() {
    return this._leg?.name ?? null;
  }

  /** @returns {Phase} */
  get phase() {
    if (this._over) return this._over;
    if (this.waiting) return "waiting";
    if (this._leg?.isConnected && !this._leg.isLost(this._now_ms())) return "connected";
    return this.times.connected_ms === null ? "connecting" : "lost";
  }

  /** The station's voice comes: by what this page has counted, as it tells the hub. */
  get isHeard() {
    return this._flow.isHeard(this._now_ms());
  }

  /** Our voice arrives. */
  get arrives() {
    return this._flow.arrives(this._now_ms());
  }

  /** The leg of now carries no picture. */
  get isAudioOnly() {
    return (this._leg?.way ?? this._ways.now).isAudioOnly;
  }

  /** Whether there is voice alone, and picture can be asked for again. */
  get mayAskForPicture() {
    return this.phase === "connected" && this.isAudioOnly && !this._ways.isPictureAsked;
  }

  /** Another leg is being asked for, with a picture. */
  get isPictureTried() {
    return this._ways.isPictureAsked && (this.isAudioOnly || !this._leg?.isConnected);
  }

  /** What is to be heard and seen now. */
  get heard() {
    return (this._retiring ?? this._leg)?.heard ?? null;
  }

  get seen() {
    return (this._retiring ?? this._leg)?.seen ?? null;
  }

  begin() {
    this._line.open();
    if (this._isSpeaker) void this.own.open();
    this._quickUntil_ms = this._now_ms() + QUICK_FOR_MS;
    void this._look();
  }

  /** Take the call to this page again, after another one had it. */
  takeBack() {
    if (this._over !== "taken") return;
    this._over = "";
    this.page = randomName(8);
    this.begin();
    this._say("change");
  }

  /** Stop, for good. A page that only goes away says nothing: it may be loaded anew, and then has the call. */
  close() {
    if (!this._over) this._line.send({ type: "leave" });
    this._end("ended");
  }

  /** Try picture again, by another leg; one that does not stand in time is followed by one without. */
  askForPicture() {
    if (!this.mayAskForPicture || !this._leg) return;
    this._ways.askForPicture(this._now_ms());
    this._askAtOnce(this._leg);
    this._say("change");
  }

  /** Ask for a still; its name, "" when the call is not here or as many are being taken as may be. */
  takePhoto() {
    if (this._over || this.waiting || this._line.waiting("photo ") >= PHOTOS_WANTED_MAX) return "";
    const photo = randomName(16);
    this._keep({ photo, received: 0, total: 0, size_bytes: null, text: "", is_asked: true });
    this._line.sendUntilAnswered(`photo ${photo}`, { type: "photo", photo });
    return photo;
  }

  /** Ask the station for a picture for this. Which holds it says itself. @param {Mode} mode */
  choose(mode) {
    if (this._over || this.waiting) return;
    this.word.asked = mode;
    this._line.sendUntilAnswered("mode", { type: "picture", mode });
    this._say("change");
  }

  // ---- the hub

  _join() {
    this.times.joined_ms ??= this._now_ms();
    this._line.send({ type: "join", page: this.page, ...this.own.forStation, ...(this._leg ? { leg: this._leg.name } : {}) });
    this._say("change");
  }

  /** @param {any} message */
  async _receive(message) {
    switch (message?.type) {
      case "ice": return this._onTurn(Array.isArray(message.servers) ? message.servers : []);
      case "stage": return this._onStage(message.stage);
      case "waiting": return this._onWaiting(message);
      case "offer": return this._onOffer(message.leg, message.sdp);
      case "answer": return this._onAnswer(message.leg, message.sdp);
      case "media": return this._onStation(message);
      case "photo": return this._onPhoto(message);
      case "taken": return this._end("taken");
      case "ended":
        this.why = String(message.reason ?? "");
        return this._end("ended");
      case "refused": this.refused = String(message.text).slice(0, 200); return; // what holds is said again
      default: this.damaged++;
    }
  }

  // ---- whose turn it is, and by which way

  /** This page has picture and voice from now on. @param {RTCIceServer[]} servers */
  _onTurn(servers) {
    this._iceServers = servers;
    if (!this.waiting && this._isSpeaker) return;
    this.waiting = null;
    this._isSpeaker = true;
    this.times.connected_ms = null;
    this._flow = new Flow();
    void this.own.open();
    this._quickUntil_ms = this._now_ms() + QUICK_FOR_MS;
    this._say("change");
  }

  /** @param {any} message */
  _onWaiting({ reason, speaker }) {
    this.waiting = { reason: reason === "held" ? "held" : "turn", speaker: typeof speaker === "string" ? speaker : null };
    this._isSpeaker = false;
    this.word.asked = null;
    this._line.forgetAll();
    this._dropLegs();
    this.own.close();
    this._say("leg");
    this._say("change");
  }

  /** @param {string} stage */
  _onStage(stage) {
    if (this._ways.follow(stage) && this._leg) this._askAtOnce(this._leg);
    this._say("change");
  }

  // ---- legs

  /** The station begins a leg, or has not heard our answer to the one that we have.
   * @param {string} name @param {string} sdp */
  async _onOffer(name, sdp) {
    if (this._over || this.waiting) return;
    if (this._leg?.name === name) {
      this._line.sayAllAgain();
      return;
    }
    const leg = new Leg(name, this._iceServers, this._ways.now, this.word.wayBack, this._now_ms);
    this._replace(leg);
    this.times.offered_ms ??= this._now_ms();
    this._line.answered("answer");
    this._line.answered("offer");
    this._renewed = 0;
    try {
      await Promise.all([
        leg.answer(sdp).then((answer) => this._tell(leg, "answer", answer)),
        leg.offer(this.own.voice, this.own.picture).then((offer) => this._tell(leg, "offer", offer)),
      ]);
      await leg.limit(this.word.wayBack, this.word.hasScreen);
      await leg.send(this.own.voice, this.own.picture); // what was opened meanwhile
    } catch (error) {
      if (this._leg !== leg) return; // closed by the next one
      console.warn("call: the station's offer cannot be used:", error);
      this._askForAnother(leg);
    }
  }

  /** @param {Leg} leg */
  _replace(leg) {
    const before = this._leg;
    this._leg = leg;
    this.legs++;
    this.counts = null;
    if (before?.hears && !this._retiring) {
      this._retiring = before;
      this._later(RETIRE_MS, () => this._retire(before));
    } else before?.close();
    leg.addEventListener("change", () => {
      if (this._leg !== leg) return;
      if (leg.hears) this._line.answered("answer");
      if (leg.hears && this._retiring) this._retire(this._retiring);
      if (leg.isConnected) this.times.connected_ms ??= this._now_ms();
      this._say("change");
    });
    leg.addEventListener("track", () => { if (this._leg === leg && !this._retiring) this._say("leg"); });
    this._say("change");
  }

  /** @param {Leg} before */
  _retire(before) {
    if (this._retiring !== before) return;
    this._retiring = null;
    before.close();
    this._say("leg");
  }

  /** @param {Leg} leg @param {"answer" | "offer"} type @param {string} sdp */
  _tell(leg, type, sdp) {
    if (this._leg === leg && !this._over) this._line.sendUntilAnswered(type, { type, leg: leg.name, sdp });
  }

  /** @param {string} name @param {string} sdp */
  async _onAnswer(name, sdp) {
    const leg = this._leg;
    if (leg?.name !== name || !this._line.answered("offer")) return; // late, or said twice
    try {
      await leg.accept(sdp);
    } catch (error) {
      if (this._leg !== leg) return;
      console.warn("call: the station's answer cannot be used:", error);
      this._askForAnother(leg);
    }
  }

  /** @param {Leg} leg */
  _askForAnother(leg) {
    const now_ms = this._now_ms();
    if (now_ms < this._renewAt_ms) return;
    this._line.send({ type: "renew", leg: leg.name });
    this.renewals++;
    this._renewAt_ms = now_ms + RENEW_MS[Math.min(this._renewed++, RENEW_MS.length - 1)];
  }

  /** @param {Leg} leg */
  _askAtOnce(leg) {
    this._renewed = 0;
    this._renewAt_ms = -Infinity;
    this._askForAnother(leg);
  }

  // ---- the station, our devices, photographs

  /** @param {StationMedia} media */
  _onStation(media) {
    this.word.hear(media, this._now_ms());
    if (!this.word.asked) this._line.answered("mode");
    void this._leg?.limit(this.word.wayBack, this.word.hasScreen).catch(() => {}); // closed by the next one
    this._say("change");
  }

  _onOwn() {
    if (this._over || this.waiting) return;
    void this._leg?.send(this.own.voice, this.own.picture).catch(() => {});
    this._line.send({ type: "peer", ...this.own.forStation });
    this._say("change");
  }

  /** @param {any} message */
  _onPhoto(message) {
    const { photo, received, total, size_bytes = null, text = "" } = message;
    if (this._over || typeof photo !== "string") return;
    this._line.answered(`photo ${photo}`);
    this._keep({ photo, received: received ?? 0, total: total ?? 0, size_bytes, text: text ?? "" });
  }

  /** @param {Photo} photo */
  _keep(photo) {
    this.photos.set(photo.photo, photo);
    this._say("photo", photo);
  }

  // ---- time

  async _look() {
    const leg = this._leg, now_ms = this._now_ms();
    this._line.tick();
    if (leg) {
      const counts = await leg.counts().catch(() => null); // closed by the next one
      if (this._over) return;
      if (counts && this._leg === leg) this._onCounts(leg, counts);
      const due = this._leg === leg && this._ways.due(leg, this._now_ms());
      if (due === "at once") this._askAtOnce(leg);
      else if (due === "soon") this._askForAnother(leg); // of a leg that stands a station obeys the second wish
      if (this._leg === leg && leg.isLost(this._now_ms())) this._askForAnother(leg);
    }
    const { firstAudio_ms, firstFrame_ms, firstSaid_ms } = this.times;
    const isQuick = now_ms < this._quickUntil_ms && (firstAudio_ms === null || firstFrame_ms === null || firstSaid_ms === null);
    this._later(isQuick ? QUICK_MS : STEADY_MS, () => void this._look());
  }

  /** @param {Leg} leg @param {import("./leg.js").Counts} counts */
  _onCounts(leg, counts) {
    const now_ms = this._now_ms();
    this.counts = counts;
    const passed = this._flow.look(leg, counts, this.own.voice !== null, now_ms);
    if (passed) this._line.send({ type: "flow", ...passed });
    if (this.isAudible && counts.playedSamples > 0) this.times.firstAudio_ms ??= now_ms;
    if (counts.framesDecoded > 0) this.times.firstFrame_ms ??= now_ms;
    if (counts.saidPackets > 0) this.times.firstSaid_ms ??= now_ms;
    this._say("counts", counts);
    this._say("change");
  }

  /** @param {number} ms @param {() => void} work */
  _later(ms, work) {
    const timer = window.setTimeout(() => {
      this._timers.delete(timer);
      if (!this._over) work();
    }, ms);
    this._timers.add(timer);
  }

  /** @param {"taken" | "ended"} why */
  _end(why) {
    if (this._over) return;
    this._over = why;
    for (const timer of this._timers) window.clearTimeout(timer);
    this._timers.clear();
    this._line.close();
    this._dropLegs();
    this.own.close();
    const photos = [...this.photos.values()];
    this.photos.clear();
    for (const photo of photos) this._say("photo", { ...photo, is_over: true });
    this._say("leg");
    this._say("change");
  }

  _dropLegs() {
    this._retiring?.close();
    this._leg?.close();
    this._leg = this._retiring = null;
    this._ways.forgetPicture();
    this.counts = null;
  }

  /** @param {string} type @param {unknown} [detail] */
  _say(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
