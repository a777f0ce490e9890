/** The ring of a call: two tones made in the browser, a flashing title, a notification. */
import { t } from "./words.js";

/**
 * Why it rings: an emergency is higher, faster and louder than a call; soft is for who is
 * in a call already, and for what a colleague asks.
 * `warble_hz`: changes of tone; `burst_hz`: half of the time sounding, half silent.
 * @typedef {"emergency" | "call" | "soft"} Kind
 */
const SOUNDS = {
  emergency: { low_hz: 880, high_hz: 1_175, warble_hz: 8, burst_hz: 1, loudness: 0.7 },
  call: { low_hz: 660, high_hz: 880, warble_hz: 4, burst_hz: 0.5, loudness: 0.35 },
  soft: { low_hz: 494, high_hz: 587, warble_hz: 2, burst_hz: 0.5, loudness: 0.1 },
};
const TITLE_MS = 1_000;

/** Rings until stopped. The sound needs one gesture on the page first; `isRunning` says if it is heard. */
export class Ring {
  constructor() {
    /** @type {AudioContext | null} */
    this._context = null;
    /** @type {GainNode | null} */
    this._volume = null;
    /** @type {OscillatorNode[] | null} */
    this._sources = null;
    this.isWanted = false; // it rings, or would if the browser let it
    /** @type {Kind} */
    this._kind = "call";
    this._title = "";
    this._timer = 0;
    /** @type {Notification | null} */
    this._notification = null;
    /** Called when `isRunning` or `isUnlocked` may have changed. @type {() => void} */
    this.onchange = () => {};
    const unlock = () => void this.unlock();
    for (const gesture of ["pointerdown", "keydown"]) window.addEventListener(gesture, unlock, { capture: true });
  }

  /** The browser lets this page make sound. */
  get isUnlocked() {
    return this._context?.state === "running";
  }

  /** The ring sounds now; false while the browser still holds the sound back. */
  get isRunning() {
    return this.isWanted && this.isUnlocked && this._volume !== null;
  }

  /** How long the browser has let us sound, in seconds; a sound that is stuck stands still. */
  get sound_s() {
    return this._context?.currentTime ?? 0;
  }

  /** Call it in a gesture, or while the microphone is open; it also calls itself at every click and key. */
  async unlock() {
    if (this.isUnlocked) return;
    this._context ??= this._newContext();
    try {
      await this._context.resume();
    } catch {
      return; // no sound device: title and notification remain, isRunning stays false
    }
    if (this.isWanted) this._sound();
    this.onchange();
  }

  /** Ring. Again while it rings: the words change, and the sound if the kind does.
   * @param {string} words e.g. "K7-42 gọi" @param {Kind} [kind] */
  start(words, kind = "call") {
    if (!this.isWanted) this._title = document.title;
    this.isWanted = true;
    if (this._kind !== kind) this._silence();
    this._kind = kind;
    if (this.isUnlocked) this._sound();
    this._flash(words);
    this._notify(words);
    this.onchange();
  }

  stop() {
    if (!this.isWanted) return;
    this.isWanted = false;
    this._silence();
    window.clearInterval(this._timer);
    document.title = this._title;
    this._notification?.close();
    this._notification = null;
    this.onchange();
  }

  _silence() {
    this._volume?.disconnect();
    for (const source of this._sources ?? []) source.stop();
    this._volume = this._sources = null;
  }

  _newContext() {
    const context = new AudioContext();
    context.onstatechange = () => this.onchange();
    return context;
  }

  /** No timers: a hidden tab's timers are slowed, its oscillators are not. */
  _sound() {
    if (this._volume || !this._context) return;
    const context = this._context, { low_hz, high_hz, warble_hz, burst_hz, loudness } = SOUNDS[this._kind];
    const tone = new OscillatorNode(context, { type: "triangle", frequency: (low_hz + high_hz) / 2 });
    const warble = new OscillatorNode(context, { type: "square", frequency: warble_hz / 2 });
    const warbleDepth = new GainNode(context, { gain: (high_hz - low_hz) / 2 });
    const burst = new OscillatorNode(context, { type: "square", frequency: burst_hz });
    const burstDepth = new GainNode(context, { gain: loudness / 2 });
    const soft = new BiquadFilterNode(context, { type: "lowpass", frequency: 25 }); // no click at the edges
    const volume = new GainNode(context, { gain: loudness / 2 });
    warble.connect(warbleDepth).connect(tone.frequency);
    burst.connect(burstDepth).connect(soft).connect(volume.gain);
    tone.connect(volume).connect(context.destination);
    this._sources = [tone, warble, burst];
    for (const source of this._sources) source.start();
    this._volume = volume;
  }

  /** @param {string} words */
  _flash(words) {
    window.clearInterval(this._timer);
    document.title = words;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    this._timer = window.setInterval(() => {
      document.title = document.title === words ? this._title : words;
    }, TITLE_MS);
  }

  /** @param {string} words */
  _notify(words) {
    if (!("Notification" in window) || Notification.permission !== "granted") return;
    this._notification?.close();
    this._notification = new Notification(t("Cuộc gọi đến"), { body: words, tag: "call", requireInteraction: true });
    this._notification.onclick = () => window.focus();
  }
}
