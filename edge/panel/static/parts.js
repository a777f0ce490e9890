/** What the station says in words: the server's page, looked at again, and its parts put in the place of those here. */

const LOOK_EVERY_MS = 2_000;
const LOOK_LIMIT_MS = 5_000;
const LOST_AFTER_MS = 4_000;

export class Parts {
  /** @param {(now: HTMLElement | null) => void} onLook called after each look; null: nobody answers */
  constructor(onLook) {
    this._onLook = onLook;
    this._timer = 0;
    this._isLooking = this._wantsMore = this._isTouched = false;
    this._answered_ms = performance.now();
  }

  begin() {
    document.addEventListener("submit", (event) => void this._submit(/** @type {SubmitEvent} */ (event)));
    addEventListener("pointerdown", () => { this._isTouched = true; });
    for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => setTimeout(() => { this._isTouched = false; }, 0));
    this._take(document);
    this._later();
  }

  /** Look at once; while a look is under way, right after it. */
  async look() {
    if (this._isLooking) {
      this._wantsMore = true;
      return;
    }
    await this._fetch(location.pathname + location.search, {});
  }

  _later() {
    clearTimeout(this._timer);
    this._timer = window.setTimeout(() => void this.look(), LOOK_EVERY_MS);
  }

  /** @param {string} url @param {RequestInit} request */
  async _fetch(url, request) {
    this._isLooking = true;
    try {
      const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(LOOK_LIMIT_MS) });
      const html = await answer.text();
      if (!answer.ok && answer.status < 500) throw new Error(`${answer.status}`);
      this._take(new DOMParser().parseFromString(html, "text/html"));
    } catch {
      if (performance.now() - this._answered_ms > LOST_AFTER_MS) this._onLook(null);
    } finally {
      this._isLooking = false;
      document.documentElement.dataset.looked = String(performance.now());
      if (this._wantsMore) {
        this._wantsMore = false;
        void this.look();
      } else {
        this._later();
      }
    }
  }

  /** A deed goes without the page: strips go on. @param {SubmitEvent} event */
  async _submit(event) {
    const form = /** @type {HTMLFormElement} */ (event.target);
    event.preventDefault();
    const body = new URLSearchParams(/** @type {any} */ (new FormData(form, event.submitter)));
    if (form.method === "post") {
      await this._fetch(form.action, { method: "POST", body });
      return;
    }
    const url = `${form.action}?${body}`;
    try { // a page that is left for one that nobody serves would never come back
      if ((await fetch(url, { signal: AbortSignal.timeout(LOOK_LIMIT_MS) })).ok) location.assign(url);
    } catch {
      this._onLook(null);
    }
  }

  /** @param {Document} now */
  _take(now) {
    const parts = now.getElementById("parts"), here = document.getElementById("parts");
    if (!parts || !here) {
      this._onLook(null);
      return;
    }
    this._answered_ms = performance.now();
    if (now !== document && (parts.dataset.silent === undefined) !== (here.dataset.silent === undefined)) {
      location.reload(); // from silence to words, or back: another page
      return;
    }
    for (const name of ["busy", "shown", "seen", "call"]) {
      const value = parts.dataset[name];
      if (value === undefined) delete here.dataset[name];
      else here.dataset[name] = value;
    }
    if (now !== document && !this._isTouched) for (const part of now.querySelectorAll("[data-part]")) replace(part);
    this._onLook(here);
  }
}

/** Only what differs: a part that stays keeps its scroll and its focus. @param {Element} part */
function replace(part) {
  const name = part.getAttribute("data-part"), here = document.querySelector(`[data-part="${name}"]`);
  if (!here || here.outerHTML === part.outerHTML) return;
  const focused = here.contains(document.activeElement) ? document.activeElement : null;
  const again = focused && mark(focused);
  here.replaceWith(document.adoptNode(part));
  if (again) /** @type {HTMLElement | null} */ (document.querySelector(again))?.focus();
}

/** @param {Element} element @returns {string | null} a way to find its like again */
function mark(element) {
  if (!(element instanceof HTMLButtonElement) || !element.form) return null;
  const action = JSON.stringify(element.form.getAttribute("action") ?? "");
  return `form[action=${action}] button[value=${JSON.stringify(element.value)}]`;
}
