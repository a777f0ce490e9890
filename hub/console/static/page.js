/** What every script of a page needs: its places, whose page it is, a deed told to the hub, a word to its user. */

const TOLD_MS = 8_000;
const POST_MAX_MS = 5_000; // a hub that does not answer for so long is away

export const me = document.body.dataset.me ?? "";
/** How this page names itself to the hub. */
export const consoleId = crypto.getRandomValues(new Uint32Array(2)).join("-");
export const mayAnswer = "mayAnswer" in document.body.dataset;

let isGoing = false;

/** Its user goes away by himself: nothing that the hub says may take him elsewhere meanwhile. */
export function goAway() {
  isGoing = true;
}

export function isGoingAway() {
  return isGoing;
}

/** @param {string} id */
export function place(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** Write a text only when it changed: a screen reader is told of changes, not of seconds.
 * @param {Element | null} element @param {string} text */
export function say(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

/** POST a deed; the answer as JSON, or null: the hub is away. @param {string} path
 * @param {Record<string, string>} [form] */
export function post(path, form = {}) {
  return send(path, new URLSearchParams(form));
}

/** The same of what is no form. @param {string} path @param {unknown} body */
export function postJson(path, body) {
  return send(path, new Blob([JSON.stringify(body)], { type: "application/json" }));
}

/** @param {string} path @param {BodyInit} body */
async function send(path, body) {
  try {
    const answer = await fetch(path, { method: "POST", headers: { Accept: "application/json" }, body,
      signal: AbortSignal.timeout(POST_MAX_MS) });
    if (answer.status === 401) location.assign("/login");
    return answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : null;
  } catch {
    return null; // the page says so by itself
  }
}

let toldTimer = 0;

/** A line that goes away by itself. @param {string} text */
export function tellUser(text) {
  const told = place("told");
  told.hidden = false;
  say(told, text);
  window.clearTimeout(toldTimer);
  toldTimer = window.setTimeout(() => { told.hidden = true; }, TOLD_MS);
}
