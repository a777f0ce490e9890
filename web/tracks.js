/** The picture of a leg: of two tracks the one that fits is shown. The low one always comes; the high one where the
 * station's way has room for both, and who sees it falls back to the low one while it stands still. */

const LOOK_MS = 50;
const STILL_MS = 300; // without a new picture: the high track has ended, or waits for what was lost
const STEADY_MS = 600; // of new pictures, until the high track is shown again
const STEADY_MAX_MS = 10_000; // twice as long after each time that it was shown for less than
const SOON_MS = 30_000; // so long: a picture that changes its size each second is worse than a small one

/** @typedef {{receiver: RTCRtpReceiver, newest: number, moved_ms: number, since_ms: number, decoded: number}} Track  `newest`: the
 *  moment of its newest picture, as the browser counts; `since_ms`: it has moved steadily since then */

/** `stream` stays the same one: a player that gets another one goes dark for a moment. */
export class Tracks {
  /** @param {() => number} now_ms */
  constructor(now_ms) {
    /** What is to be shown. @type {MediaStream | null} */
    this.stream = null; // never an empty stream: one that gets its track later is not played (Chromium 150)
    /** How many pictures of what was shown were decoded. */
    this.framesDecoded = 0;
    this.width = this.height = 0;
    this._now_ms = now_ms;
    /** The low one, the high one. @type {Track[]} */
    this._tracks = [];
    this._shown = 0;
    this._timer = 0;
    this._steady_ms = STEADY_MS;
    this._shown_ms = -Infinity; // since when the high one was
  }

  /** They are added in the order in which the station offers them. @param {RTCRtpReceiver} receiver */
  add(receiver) {
    if (this._tracks.some((one) => one.receiver === receiver)) return; // an offer that is applied anew names it again
    this._tracks.push({ receiver, newest: 0, moved_ms: -Infinity, since_ms: Infinity, decoded: 0 });
    if (this._tracks.length > 1) this._timer ||= window.setInterval(() => this._choose(), LOOK_MS);
    this.stream ??= new MediaStream([receiver.track]);
  }

  close() {
    window.clearInterval(this._timer);
  }

  /** Take what the browser counts of all tracks. @param {RTCStatsReport} report */
  count(report) {
    for (const one of report.values()) {
      if (one.type !== "inbound-rtp" || one.kind !== "video") continue;
      const at = this._tracks.findIndex(({ receiver }) => receiver.track.id === one.trackIdentifier), track = this._tracks[at];
      if (!track) continue;
      const decoded = one.framesDecoded ?? 0;
      if (at === this._shown) {
        this.framesDecoded += Math.max(0, decoded - track.decoded);
        [this.width, this.height] = [one.frameWidth ?? 0, one.frameHeight ?? 0];
      }
      track.decoded = decoded;
    }
  }

  _choose() {
    const now_ms = this._now_ms();
    for (const track of this._tracks) {
      const newest = track.receiver.getSynchronizationSources()[0]?.timestamp ?? 0;
      if (now_ms - track.moved_ms > STILL_MS) track.since_ms = Infinity;
      if (newest === track.newest) continue;
      track.newest = newest;
      track.moved_ms = now_ms;
      track.since_ms = Math.min(track.since_ms, now_ms);
    }
    const [low, high] = this._tracks;
    if (this._shown === 0 && now_ms - high.since_ms >= this._steady_ms) {
      this._shown_ms = now_ms;
      this._show(1);
    } else if (this._shown === 1 && high.since_ms === Infinity && low.since_ms !== Infinity) {
      this._steady_ms = now_ms - this._shown_ms < SOON_MS ? Math.min(STEADY_MAX_MS, 2 * this._steady_ms) : STEADY_MS;
      this._show(0);
    }
  }

  /** @param {number} at */
  _show(at) {
    const before = this._tracks[this._shown].receiver.track;
    this._shown = at;
    this.stream?.addTrack(this._tracks[at].receiver.track);
    this.stream?.removeTrack(before);
  }
}
