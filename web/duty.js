/**
 * Is this console on duty: would its operator hear a ring, and could he speak? Only then may it tell a station
 * that its call is heard. Proved at each load, and again when devices or permissions change.
 *
 * Browsers let a page sound only after a gesture on it, which a reload forgets; but also while it uses the
 * microphone, and what sounds then goes on (tried in Chromium 150). So the microphone is opened for a moment: that
 * proves it, and lets the ring sound. It is not kept open: nobody is listened to outside a call.
 */
import { whyNot } from "./own_devices.js";

const STUCK_MS = 2_500; // sound that runs has a time that goes on
const START_MAX_MS = 2_000; // of the ring's sound, while the microphone is open
const AGAIN_MS = 10_000; // after a proof that failed for a reason that may pass by itself
const SETTLE_MS = 500;

/**
 * What is missing, the gravest first. "checking": nobody knows yet; "ask": the browser will ask its user.
 * @typedef {"clock" | "sound" | "loudspeaker" | "microphone checking" | "microphone ask" | "microphone missing"
 *   | "microphone refused" | "microphone busy"} Fault
 */

/** "change": `faults` are others. Call `begin` once, and `look` about each second. */
export class Duty extends EventTarget {
  /** @param {import("./ring.js").Ring} ring @param {import("./ages.js").HubClock} clock */
  constructor(ring, clock) {
    super();
    /** @type {Fault[]} */
    this.faults = ["microphone checking"];
    this._ring = ring;
    this._clock = clock;
    /** @type {import("./own_devices.js").DeviceState | "ask"} */
    this._microphone = "opening";
    this._hasLoudspeaker = true; // until the browser says that there is none
    this._isProving = false;
    this._isAskedAgain = false;
    this._hasAsked = false;
    this._proved_ms = -Infinity;
    this._sound_s = -1;
    this._moved_ms = -Infinity;
    this._timer = 0;
  }

  get isOn() {
    return this.faults.length === 0;
  }

  begin() {
    navigator.mediaDevices?.addEventListener("devicechange", () => {
      window.clearTimeout(this._timer);
      this._timer = window.setTimeout(() => void this.prove(), SETTLE_MS); // a headset comes as several
    });
    for (const gesture of ["pointerdown", "keydown"]) {
      window.addEventListener(gesture, () => this._onGesture(), { capture: true });
    }
    void this._watchPermission();
  }

  /** Ask the browser now, in a gesture: its user may be asked in turn. */
  async prove() {
    if (this._isProving) {
      this._isAskedAgain = true;
      return;
    }
    this._isProving = true;
    do {
      this._isAskedAgain = false;
      await this._prove();
    } while (this._isAskedAgain);
    this._isProving = false;
    this.look();
  }

  /** Is everything still so? */
  look() {
    const now_ms = performance.now(), isSounding = this._isSounding(now_ms);
    /** @type {Fault[]} */
    const faults = [];
    if (this._clock.now_ms() === null) faults.push("clock");
    if (this._microphone === "opening") faults.push("microphone checking");
    else if (this._microphone !== "on") faults.push(/** @type {Fault} */ (`microphone ${this._microphone}`));
    if (!this._hasLoudspeaker) faults.push("loudspeaker");
    else if (!isSounding) faults.push("sound");
    const mayPass = this._microphone === "busy" || (this._microphone === "on" && !isSounding);
    if (mayPass && !this._isProving && now_ms - this._proved_ms > AGAIN_MS) void this.prove();
    if (faults.join() === this.faults.join()) return;
    this.faults = faults;
    this.dispatchEvent(new Event("change"));
  }

  /** @param {number} now_ms */
  _isSounding(now_ms) {
    if (this._ring.sound_s !== this._sound_s) this._moved_ms = now_ms;
    this._sound_s = this._ring.sound_s;
    return this._ring.isUnlocked && now_ms - this._moved_ms < STUCK_MS;
  }

  async _watchPermission() {
    try {
      const permission = await navigator.permissions.query({ name: /** @type {PermissionName} */ ("microphone") });
      const hear = () => {
        if (permission.state === "prompt") this._microphone = "ask";
        else void this.prove();
        this.look();
      };
      permission.onchange = hear;
      hear();
    } catch {
      this._microphone = "ask"; // a browser that does not say: it asks, or it does not
      this.look();
    }
  }

  _onGesture() {
    if (this._microphone === "ask" && !this._hasAsked) {
      this._hasAsked = true; // who says no is not asked at every key
      void this.prove();
    }
  }

  async _prove() {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      try {
        this._microphone = "on";
        const outputs = (await navigator.mediaDevices.enumerateDevices()).filter((one) => one.kind === "audiooutput");
        this._hasLoudspeaker = outputs.length > 0 || !("setSinkId" in AudioContext.prototype); // others do not list them
        if (!this._ring.isUnlocked) await Promise.race([this._ring.unlock(), pause(START_MAX_MS)]);
      } finally {
        for (const track of stream.getTracks()) track.stop();
      }
    } catch (error) {
      this._microphone = whyNot(error);
    }
    this._proved_ms = performance.now();
  }
}

/** @param {number} ms @returns {Promise<void>} */
function pause(ms) {
  return new Promise((resolve) => { window.setTimeout(resolve, ms); });
}
