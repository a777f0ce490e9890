/** A screen that nobody needs is dark; whoever comes, touches or calls finds it on. */

const TICK_MS = 1_000;
const TAP_MS = 400; // the click of the touch that wakes still meets the cover

export class Idle {
  /** @param {HTMLElement} blank covers the page @param {number} after_ms 0: never dark */
  constructor(blank, after_ms) {
    this._blank = blank;
    this._after_ms = after_ms;
    this._isBusy = true;
    this._shown = "";
    this._active_ms = performance.now();
    for (const name of ["keydown", "pointermove"]) addEventListener(name, () => this.wake());
    addEventListener("pointerdown", (event) => { // the touch that wakes does nothing else
      if (!this._blank.hidden) event.stopPropagation();
      this.wake(TAP_MS);
    }, { capture: true });
    if (after_ms) setInterval(() => this._tick(), TICK_MS);
  }

  /** What the page shows. @param {{isBusy: boolean, shown: string}} now */
  look({ isBusy, shown }) {
    const isNews = shown !== this._shown;
    this._isBusy = isBusy;
    this._shown = shown;
    if (isBusy || isNews) this.wake();
  }

  /** @param {number} [cover_ms] for so long the page is still covered, and seen */
  wake(cover_ms = 0) {
    this._active_ms = performance.now();
    if (this._blank.hidden) return;
    setTimeout(() => { this._blank.hidden = true; }, cover_ms);
    document.body.classList.remove("is-blank");
  }

  _tick() {
    if (this._isBusy) this._active_ms = performance.now();
    if (performance.now() - this._active_ms < this._after_ms || !this._blank.hidden) return;
    this._blank.hidden = false;
    document.body.classList.add("is-blank");
  }
}
