"use strict";
/** Keeps this page while nobody answers, and takes the next one when there is one: another word, or the panel. */

const ASK_EVERY_MS = 3_000;

async function look() {
  try {
    const answer = await fetch("/told", { cache: "no-store" });
    if (await answer.text() !== document.documentElement.dataset.told) location.reload();
  } catch { // the next page's server starts
  }
  setTimeout(look, ASK_EVERY_MS);
}

setTimeout(look, ASK_EVERY_MS);
