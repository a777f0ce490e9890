/** The operator's own microphone and camera: open during a call, named when they are not there. */

const VOICE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
const PICTURE = { width: 320, height: 240, fps: 15 }; // the most that web/way_back.js lets go
const SETTLE_MS = 500; // a headset that is plugged in comes as several devices

/**
 * "opening": nobody knows yet; "busy": another program holds it. For the station that is "off", and "missing".
 * @typedef {"opening" | "on" | "off" | "missing" | "refused" | "busy"} DeviceState
 * @typedef {"on" | "off" | "missing" | "refused"} PeerState as contract/media.py
 */

/** Why a device did not open. @param {unknown} error @returns {DeviceState} */
export function whyNot(error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  return name === "NotReadableError" || name === "AbortError" ? "busy" : "missing"; // no mediaDevices: not over https
}

/** "change": a state or a track is another. Call `open`, and `close` at the end: nothing stays open. */
export class OwnDevices extends EventTarget {
  constructor() {
    super();
    /** @type {DeviceState} */
    this.microphone = "opening";
    /** @type {DeviceState} */
    this.camera = "off";
    this.isMuted = false;
    /** @type {MediaStreamTrack | null} */
    this.voice = null;
    /** @type {MediaStreamTrack | null} */
    this.picture = null;
    this._isOpen = false;
    this._turns = { voice: 0, picture: 0 }; // the browser may answer late: only the last wish of each kind holds
    this._timer = 0;
    this._onDevices = () => {
      window.clearTimeout(this._timer);
      this._timer = window.setTimeout(() => void this._lookAgain(), SETTLE_MS);
    };
  }

  /** What the station is told. @returns {{microphone: PeerState, camera: PeerState}} */
  get forStation() {
    /** @param {DeviceState} state @returns {PeerState} */
    const told = (state) => (state === "opening" ? "off" : state === "busy" ? "missing" : state);
    return { microphone: this.microphone === "on" && this.isMuted ? "off" : told(this.microphone), camera: told(this.camera) };
  }

  /** Open the microphone, and again when a device comes or goes. */
  async open() {
    this._isOpen = true;
    navigator.mediaDevices?.addEventListener("devicechange", this._onDevices);
    await this._openMicrophone();
  }

  close() {
    this._isOpen = false;
    window.clearTimeout(this._timer);
    navigator.mediaDevices?.removeEventListener("devicechange", this._onDevices);
    this._turns.voice++;
    this._turns.picture++;
    this.voice?.stop();
    this.picture?.stop();
    this.voice = this.picture = null;
    this.microphone = "opening";
    this.camera = "off";
  }

  /** @param {boolean} isMuted */
  mute(isMuted) {
    this.isMuted = isMuted;
    if (this.voice) this.voice.enabled = !isMuted;
    this._say();
  }

  /** Open or close the camera. @param {boolean} isOn */
  async showPicture(isOn) {
    this.picture?.stop();
    this.picture = null;
    this._turns.picture++;
    this.camera = isOn ? "opening" : "off";
    this._say();
    if (!isOn) return;
    const { width, height, fps } = PICTURE;
    const wanted = { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: fps, max: fps } };
    const found = await this._track("picture", { video: wanted });
    if (found === null) return;
    if (found instanceof MediaStreamTrack) {
      this.picture = found;
      found.onended = () => { this.picture = null; this.camera = "missing"; this._say(); };
      this.camera = "on";
    } else this.camera = found;
    this._say();
  }

  async _openMicrophone() {
    this._turns.voice++;
    const found = await this._track("voice", { audio: VOICE });
    if (found === null) return;
    if (found instanceof MediaStreamTrack) {
      found.enabled = !this.isMuted;
      found.onended = () => { this.voice = null; this.microphone = "missing"; this._say(); };
      this.voice = found;
      this.microphone = "on";
    } else this.microphone = found;
    this._say();
  }

  /** A device came or went. */
  async _lookAgain() {
    if (this._isOpen && !this.voice) await this._openMicrophone();
  }

  /** The device, or why not; null: by now the call has ended, or another wish was made.
   * @param {"voice" | "picture"} kind @param {MediaStreamConstraints} wanted
   * @returns {Promise<MediaStreamTrack | DeviceState | null>} */
  async _track(kind, wanted) {
    const turn = this._turns[kind], isWanted = () => this._isOpen && this._turns[kind] === turn;
    try {
      const [track] = (await navigator.mediaDevices.getUserMedia(wanted)).getTracks();
      if (isWanted()) return track;
      track.stop();
      return null;
    } catch (error) {
      return isWanted() ? whyNot(error) : null;
    }
  }

  _say() {
    this.dispatchEvent(new Event("change"));
  }
}
