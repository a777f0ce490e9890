"use strict";
/** Where the kiosk begins: waits until the page that its address names is there, and goes to it. */

{
  const ASK_EVERY_MS = 1_000;

  async function look() {
    const page = location.hash.slice(1);
    try {
      await fetch(new URL("here", page), { mode: "no-cors", cache: "no-store" }); // the page itself is not for other origins
      location.replace(page);
    } catch { // nobody is there yet
      setTimeout(look, ASK_EVERY_MS);
    }
  }

  look();
}
