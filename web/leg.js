/** One leg of a call: two WebRTC connections with the station, `up` (it sends) and `down` (we send). */
import { trimmed } from "./descriptions.js";
import { PICTURE } from "./own_devices.js";
import { askForVoice } from "./voice.js";

/** @typedef {import("./voice.js").VoiceMode} VoiceMode
 *  @typedef {{isAudioOnly: boolean, isRelayOnly: boolean}} Way  by which a leg is tried */

const GATHER_MAX_MS = 2_000; // a server that does not answer must not hold the others back
const PICTURE_BPS = 120_000;
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
   * @param {VoiceMode} voice
   * @param {() => number} now_ms
   */
  constructor(name, iceServers, way, voice, now_ms) {
    super();
    this.name = name;
    this.voice = voice;
    this.way = way;
    /** The station's voice, and its picture. @type {MediaStream | null} */
    this.heard = null; // never an empty stream: one that gets its track later is not played (Chromium 150)
    /** @type {MediaStream | null} */
    this.seen = null;
    this._now_ms = now_ms;
    const configuration = { iceServers, bundlePolicy: /** @type {const} */ ("max-bundle"),
      iceTransportPolicy: /** @type {RTCIceTransportPolicy} */ (way.isRelayOnly ? "relay" : "all") };
    this._up = new Path(configuration, UP_SILENT_MS, now_ms);
    this._down = new Path(configuration, DOWN_SILENT_MS, now_ms);
    /** @type {RTCRtpSender | null} */
    this._voiceSender = null;
    /** @type {RTCRtpSender | null} */
    this._pictureSender = null;
    this._answer = "";
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
      if (track.kind === "audio") this.heard = new MediaStream([track]);
      else this.seen = new MediaStream([track]);
      // as early as it can be played: who talks must not wait for smoothness
      if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
      if ("playoutDelayHint" in receiver) receiver.playoutDelayHint = 0;
      this.dispatchEvent(new Event("track"));
    };
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
    await connection.setRemoteDescription({ type: "offer", sdp });
    if (this.way.isAudioOnly) {
      for (const one of connection.getTransceivers()) if (one.receiver.track.kind === "video") one.direction = "inactive";
    }
    await connection.setLocalDescription(await connection.createAnswer());
    return askForVoice(await gathered(connection), this.voice);
  }

  /** What we offer to send. @param {MediaStreamTrack | null} voice @param {MediaStreamTrack | null} picture */
  async offer(voice, picture) {
    const { connection } = this._down;
    const audio = connection.addTransceiver(voice ?? "audio", { direction: "sendonly" });
    const sendEncodings = [{ active: false, maxBitrate: PICTURE_BPS, maxFramerate: PICTURE.fps }];
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
    await this._down.connection.setRemoteDescription({ type: "answer", sdp: askForVoice(sdp, this.voice) });
  }

  /** Send these from now on. @param {MediaStreamTrack | null} voice @param {MediaStreamTrack | null} picture */
  async send(voice, picture) {
    if (this._voiceSender && this._voiceSender.track !== voice) await this._voiceSender.replaceTrack(voice);
    if (this._pictureSender && this._pictureSender.track !== picture) await this._pictureSender.replaceTrack(picture);
  }

  /** Whether our picture may go. @param {boolean} isRoom */
  async givePictureRoom(isRoom) {
    const sender = this._pictureSender, parameters = sender?.getParameters();
    if (!sender || !parameters?.encodings?.length || parameters.encodings[0].active === isRoom) return;
    parameters.encodings[0].active = isRoom;
    await sender.setParameters(parameters);
  }

  /** Code our voice so from now on: between us and our own browser, the station need not know.
   * @param {VoiceMode} mode */
  async setVoice(mode) {
    const { connection } = this._down;
    if (mode === this.voice) return;
    this.voice = mode;
    if (!this._answer || connection.signalingState !== "stable") return;
    await connection.setLocalDescription(await connection.createOffer());
    await connection.setRemoteDescription({ type: "answer", sdp: askForVoice(this._answer, mode) });
  }

  /** @returns {Promise<Counts>} */
  async counts() {
    const [up, down] = await Promise.all([this._up.connection.getStats(), this._down.connection.getStats()]);
    const now_ms = this._now_ms();
    this._up.hear(packetsOf(up), now_ms);
    this._down.hear(packetsOf(down), now_ms);
    const audio = one(up, "inbound-rtp", "audio"), video = one(up, "inbound-rtp", "video");
    const source = one(down, "media-source", "audio"), pair = one(up, "candidate-pair");
    return {
      framesDecoded: video.framesDecoded ?? 0,
      width: video.frameWidth ?? 0,
      height: video.frameHeight ?? 0,
      heardLevel: audio.audioLevel ?? 0,
      heardEnergy: audio.totalAudioEnergy ?? 0,
      heardPackets: audio.packetsReceived ?? 0,
      playedSamples: (audio.jitterBufferEmittedCount ?? 0) - (audio.silentConcealedSamples ?? 0),
      saidLevel: source.audioLevel ?? 0,
      saidEnergy: source.totalAudioEnergy ?? 0,
      saidPackets: one(down, "outbound-rtp", "audio").packetsSent ?? 0,
      picturesSent: one(down, "outbound-rtp", "video").framesSent ?? 0,
      roundTrip_ms: pair.currentRoundTripTime === undefined ? null : pair.currentRoundTripTime * 1000,
      voice_bps: this.voice.bps,
    };
  }

  close() {
    for (const { connection } of [this._up, this._down]) {
      connection.ontrack = connection.onconnectionstatechange = connection.oniceconnectionstatechange = null;
      connection.close();
    }
  }
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
