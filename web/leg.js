/** One leg of a call: two WebRTC connections with the station, `up` (it sends) and `down` (we send). */
import { trimmed, withWayBack } from "./descriptions.js";
import { Patience } from "./patience.js";
import { Tracks } from "./tracks.js";
import { askForVoice } from "./voice.js";
import { BEST_WAY } from "./way_back.js";

/** @typedef {import("./way_back.js").WayBack} WayBack
 *  @typedef {{isAudioOnly: boolean, isRelayOnly: boolean}} Way  by which a leg is tried */

const GATHER_MAX_MS = 2_000; // a server that does not answer must not hold the others back
const ASKED_VOICE = { bps: 16_000, ptime_ms: 40 }; // of who knows no better; a station codes by what it sends
const UP_SILENT_MS = 3_000; // a station that is silent still sends something each second
const DOWN_SILENT_MS = 10_000; // there only reports come back, some seconds apart on a poor link
const ANSWERED_MS = 2_500; // reports come back each second or so; one may be lost
const UNSTEADY_MS = 3_000;
const CONNECT_MAX_MS = 20_000; // four round trips of five seconds

/**
 * What a leg has carried until now. Levels are 0 to 1, of sound; `heard` what came, `said` what went.
 * @typedef {{framesDecoded: number, width: number, height: number, heardLevel: number, heardEnergy: number,
 *   heardPackets: number, playedSamples: number, saidLevel: number, saidEnergy: number, saidPackets: number, picturesSent: number,
 *   roundTrip_ms: number | null, voice_bps: number}} Counts
 */

/** How one connection goes. */
class Path {
  /** @param {RTCConfiguration} configuration @param {number} silent_ms @param {() => number} now_ms */
  constructor(configuration, silent_ms, now_ms) {
    this.connection = new RTCPeerConnection(configuration);
    this.silent_ms = silent_ms;
    this.isConnected = false;
    this._began_ms = now_ms();
    this.heard_ms = this._began_ms;
    this._packets = -1;
    /** @type {number | null} */
    this._unsteady_ms = null;
    this.connection.oniceconnectionstatechange = () => {
      const isUnsteady = this.connection.iceConnectionState === "disconnected";
      this._unsteady_ms = isUnsteady ? this._unsteady_ms ?? now_ms() : null;
    };
  }

  /** @param {number} packets that have come until now @param {number} now_ms */
  hear(packets, now_ms) {
    if (packets !== this._packets) this.heard_ms = now_ms;
    this._packets = packets;
  }

  /** @param {number} now_ms */
  isLost(now_ms) {
    const { connectionState, iceConnectionState } = this.connection;
    if (connectionState === "failed" || connectionState === "closed" || iceConnectionState === "failed") return true;
    if (this._unsteady_ms !== null && now_ms - this._unsteady_ms > UNSTEADY_MS) return true;
    return this.isConnected ? now_ms - this.heard_ms > this.silent_ms : now_ms - this._began_ms > CONNECT_MAX_MS;
  }
}

/** "change": connected, or not any more; "track": `heard` or `seen` is there. `close` it; nothing of it is used after
 * that. */
export class Leg extends EventTarget {
  /**
   * @param {string} name the station's
   * @param {RTCIceServer[]} iceServers
   * @param {Way} way
   * @param {WayBack} wayBack what may be sent
   * @param {() => number} now_ms
   */
  constructor(name, iceServers, way, wayBack, now_ms) {
    super();
    this.name = name;
    this._wayBack = wayBack;
    this._hasScreen = false;
    this._isSetting = false;
    /** What the two connections were last set to. @type {WayBack | null} */
    this._told = null;
    /** @type {WayBack | null} */
    this._coded = null;
    this.way = way;
    /** The station's voice. @type {MediaStream | null} */
    this.heard = null; // never an empty stream: one that gets its track later is not played (Chromium 150)
    this._tracks = new Tracks(now_ms);
    this._patience = new Patience();
    /** @type {RTCRtpReceiver | null} */
    this._voiceReceiver = null;
    this._now_ms = now_ms;
    const configuration = { iceServers, bundlePolicy: /** @type {const} */ ("max-bundle"),
      iceTransportPolicy: /** @type {RTCIceTransportPolicy} */ (way.isRelayOnly ? "relay" : "all") };
    this._up = new Path(configuration, UP_SILENT_MS, now_ms);
    this._down = new Path(configuration, DOWN_SILENT_MS, now_ms);
    /** @type {RTCRtpSender | null} */
    this._voiceSender = null;
    /** @type {RTCRtpSender | null} */
    this._pictureSender = null;
    this._offer = this._answer = ""; // the station's
    for (const path of [this._up, this._down]) {
      path.connection.onconnectionstatechange = () => {
        if (path.connection.connectionState === "connected" && !path.isConnected) {
          path.isConnected = true;
          path.hear(-2, now_ms());
        }
        this.dispatchEvent(new Event("change"));
      };
    }
    this._up.connection.ontrack = ({ track, receiver }) => {
      if (track.kind === "audio") [this.heard, this._voiceReceiver] = [new MediaStream([track]), receiver];
      else if (!way.isAudioOnly) this._tracks.add(receiver);
      // as early as it can be played: who talks must not wait for smoothness
      if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
      if ("playoutDelayHint" in receiver) receiver.playoutDelayHint = 0;
      this.dispatchEvent(new Event("track"));
    };
  }

  /** The station's picture. @returns {MediaStream | null} */
  get seen() {
    return this._tracks.stream;
  }

  /** Both ways stand. */
  get isConnected() {
    return this.hears && this._down.connection.connectionState === "connected";
  }

  /** The station's way to us stands. */
  get hears() {
    return this._up.connection.connectionState === "connected";
  }

  /** What we send arrives: something has come back of it lately. @param {number} now_ms */
  isAnswered(now_ms) {
    return this._down.isConnected && now_ms - this._down.heard_ms < ANSWERED_MS;
  }

  /** @param {number} now_ms */
  isLost(now_ms) {
    return this._up.isLost(now_ms) || this._down.isLost(now_ms);
  }

  /** Our answer to what the station offers to send. @param {string} sdp */
  async answer(sdp) {
    const { connection } = this._up;
    this._offer = sdp;
    this._told = this._wayBack;
    await connection.setRemoteDescription({ type: "offer", sdp: withWayBack(sdp, this._told.above_bps) });
    if (this.way.isAudioOnly) {
      for (const one of connection.getTransceivers()) if (one.receiver.track.kind === "video") one.direction = "inactive";
    }
    await connection.setLocalDescription(await connection.createAnswer());
    return askForVoice(await gathered(connection), ASKED_VOICE);
  }

  /** What we offer to send. @param {MediaStreamTrack | null} voice @param {MediaStreamTrack | null} picture */
  async offer(voice, picture) {
    const { connection } = this._down;
    const audio = connection.addTransceiver(voice ?? "audio", { direction: "sendonly" });
    const sendEncodings = [{ ...encoding(BEST_WAY), active: false }];
    const direction = this.way.isAudioOnly ? "inactive" : "sendonly";
    const video = connection.addTransceiver(picture ?? "video", { direction, sendEncodings });
    only(audio, "audio/opus");
    only(video, "video/VP8", "video/rtx");
    this._voiceSender = audio.sender;
    this._pictureSender = video.sender;
    await connection.setLocalDescription(await connection.createOffer());
    return gathered(connection);
  }

  /** The station's answer to that. @param {string} sdp */
  async accept(sdp) {
    this._answer = sdp;
    this._coded = this._wayBack;
    await this._down.connection.setRemoteDescription({ type: "answer", sdp: askForVoice(sdp, this._coded.voice) });
    await this._set();
  }

  /** Send these from now on. @param {MediaStreamTrack | null} voice @param {MediaStreamTrack | null} picture */
  async send(voice, picture) {
    if (this._voiceSender && this._voiceSender.track !== voice) await this._voiceSender.replaceTrack(voice);
    if (this._pictureSender && this._pictureSender.track !== picture) await this._pictureSender.replaceTrack(picture);
  }

  /** Send no more than this from now on, and a picture only where somebody would see it.
   * @param {WayBack} wayBack @param {boolean} hasScreen */
  async limit(wayBack, hasScreen) {
    this._wayBack = wayBack;
    this._hasScreen = hasScreen;
    await this._set();
  }

  /** One change after the other, the newest wish last. */
  async _set() {
    if (this._isSetting) return;
    this._isSetting = true;
    try {
      let wished;
      do {
        wished = [this._wayBack, this._hasScreen];
        await this._setPicture();
        await this._setVoice();
        await this._setFeedback();
      } while (wished[0] !== this._wayBack || wished[1] !== this._hasScreen);
    } finally {
      this._isSetting = false;
    }
  }

  async _setPicture() {
    const sender = this._pictureSender, parameters = sender?.getParameters();
    const [now] = parameters?.encodings ?? [];
    const wanted = { ...encoding(this._wayBack), active: this._hasScreen && this._wayBack.picture !== null };
    if (!sender || !parameters || !now || (now.active === wanted.active && now.maxBitrate === wanted.maxBitrate)) return;
    Object.assign(now, wanted);
    await sender.setParameters(parameters);
  }

  /** Between us and our own browser: the station need not know how our voice is coded. */
  async _setVoice() {
    const { connection } = this._down, { voice } = this._wayBack;
    if (!this._answer || this._coded?.voice === voice || connection.signalingState !== "stable") return;
    this._coded = this._wayBack;
    await connection.setLocalDescription(await connection.createOffer());
    await connection.setRemoteDescription({ type: "answer", sdp: askForVoice(this._answer, voice) });
  }

  /** Likewise how often it says what arrives of the station's. */
  async _setFeedback() {
    const { connection } = this._up;
    if (!this._told || this._told === this._wayBack || connection.connectionState !== "connected") return;
    this._told = this._wayBack;
    await connection.setRemoteDescription({ type: "offer", sdp: withWayBack(this._offer, this._told.above_bps) });
    await connection.setLocalDescription(await connection.createAnswer());
  }

  /** @returns {Promise<Counts>} */
  async counts() {
    const [up, down] = await Promise.all([this._up.connection.getStats(), this._down.connection.getStats()]);
    const now_ms = this._now_ms();
    this._up.hear(packetsOf(up), now_ms);
    this._down.hear(packetsOf(down), now_ms);
    const audio = one(up, "inbound-rtp", "audio");
    this._tracks.count(up);
    this._wait(this._patience.look(audio.totalSamplesReceived ?? 0, audio.concealedSamples ?? 0, now_ms));
    const source = one(down, "media-source", "audio"), pair = one(up, "candidate-pair");
    return {
      framesDecoded: this._tracks.framesDecoded,
      width: this._tracks.width,
      height: this._tracks.height,
      heardLevel: audio.audioLevel ?? 0,
      heardEnergy: audio.totalAudioEnergy ?? 0,
      heardPackets: audio.packetsReceived ?? 0,
      playedSamples: (audio.jitterBufferEmittedCount ?? 0) - (audio.silentConcealedSamples ?? 0),
      saidLevel: source.audioLevel ?? 0,
      saidEnergy: source.totalAudioEnergy ?? 0,
      saidPackets: one(down, "outbound-rtp", "audio").packetsSent ?? 0,
      picturesSent: one(down, "outbound-rtp", "video").framesSent ?? 0,
      roundTrip_ms: pair.currentRoundTripTime === undefined ? null : pair.currentRoundTripTime * 1000,
      voice_bps: (this._coded ?? this._wayBack).voice.bps,
    };
  }

  /** @param {number} wait_ms of the station's voice before it is played */
  _wait(wait_ms) {
    const receiver = this._voiceReceiver;
    if (receiver && "jitterBufferTarget" in receiver && receiver.jitterBufferTarget !== wait_ms) receiver.jitterBufferTarget = wait_ms;
  }

  close() {
    this._tracks.close();
    for (const { connection } of [this._up, this._down]) {
      connection.ontrack = connection.onconnectionstatechange = connection.oniceconnectionstatechange = null;
      connection.close();
    }
  }
}

/** What a rung leaves of our picture. @param {WayBack} wayBack @returns {RTCRtpEncodingParameters} */
function encoding({ picture }) {
  const { bps, fps, shrink } = picture ?? /** @type {import("./way_back.js").Picture} */ (BEST_WAY.picture);
  return { maxBitrate: bps, maxFramerate: fps, scaleResolutionDownBy: shrink };
}

/** The whole description, all candidates inside, or those that came in time. @param {RTCPeerConnection} connection */
async function gathered(connection) {
  if (connection.iceGatheringState !== "complete") {
    await new Promise((resolve) => {
      const timer = window.setTimeout(resolve, GATHER_MAX_MS, null);
      connection.addEventListener("icegatheringstatechange", () => {
        if (connection.iceGatheringState !== "complete") return;
        window.clearTimeout(timer);
        resolve(null);
      });
    });
  }
  return trimmed(connection.localDescription?.sdp ?? "");
}

/** Offer these codecs and no others: a description must fit a signal. @param {RTCRtpTransceiver} transceiver
 * @param {string[]} types */
function only(transceiver, ...types) {
  const kind = types[0].startsWith("audio") ? "audio" : "video";
  const codecs = RTCRtpSender.getCapabilities(kind)?.codecs.filter((codec) => types.includes(codec.mimeType)) ?? [];
  if (codecs.length) transceiver.setCodecPreferences(codecs);
}

/** @param {RTCStatsReport} report @param {string} type @param {string} [kind] @returns {any} */
function one(report, type, kind) {
  for (const stats of report.values()) {
    if (stats.type === type && (kind === undefined || stats.kind === kind) && stats.nominated !== false) return stats;
  }
  return {};
}

/** @param {RTCStatsReport} report */
function packetsOf(report) {
  let packets = 0;
  for (const stats of report.values()) if (stats.type === "transport") packets += stats.packetsReceived ?? 0;
  return packets;
}
