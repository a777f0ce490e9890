/** The ring of a call: two tones made in the browser, a flashing title, a notification. */
import { t } from "./words.js";

const LOW_HZ = 660, HIGH_HZ = 880;
const WARBLE_HZ = 4; // changes of tone
const BURST_HZ = 0.5; // one second sounding, one second silent
const LOUDNESS = 0.35;
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
    this._isWanted = false;
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
    return this._isWanted && this.isUnlocked && this._volume !== null;
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
    if (this._isWanted) this._sound();
    this.onchange();
  }

  /** Ring. Again while it rings: only the words change. @param {string} words e.g. "K7-42 gọi" */
  start(words) {
    if (!this._isWanted) this._title = document.title;
    this._isWanted = true;
    if (this.isUnlocked) this._sound();
    this._flash(words);
    this._notify(words);
    this.onchange();
  }

  stop() {
    if (!this._isWanted) return;
    this._isWanted = false;
    this._volume?.disconnect();
    for (const source of this._sources ?? []) source.stop();
    this._volume = this._sources = null;
    window.clearInterval(this._timer);
    document.title = this._title;
    this._notification?.close();
    this._notification = null;
    this.onchange();
  }

  _newContext() {
    const context = new AudioContext();
    context.onstatechange = () => this.onchange();
    return context;
  }

  /** No timers: a hidden tab's timers are slowed, its oscillators are not. */
  _sound() {
    if (this._volume || !this._context) return;
    const context = this._context;
    const tone = new OscillatorNode(context, { type: "triangle", frequency: (LOW_HZ + HIGH_HZ) / 2 });
    const warble = new OscillatorNode(context, { type: "square", frequency: WARBLE_HZ / 2 });
    const warbleDepth = new GainNode(context, { gain: (HIGH_HZ - LOW_HZ) / 2 });
    const burst = new OscillatorNode(context, { type: "square", frequency: BURST_HZ });
    const burstDepth = new GainNode(context, { gain: LOUDNESS / 2 });
    const soft = new BiquadFilterNode(context, { type: "lowpass", frequency: 25 }); // no click at the edges
    const volume = new GainNode(context, { gain: LOUDNESS / 2 });
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
