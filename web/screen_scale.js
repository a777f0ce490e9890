/** How many CSS pixels a millimetre has on this screen, once somebody has held a card against it. */

export const CARD_MM = { width: 85.6, height: 53.98 }; // ISO/IEC 7810 ID-1: every bank card
export const CSS_PX_PER_MM = 96 / 25.4; // what a browser calls a millimetre: true on no screen
export const LEAST = 1.5, MOST = 20; // px a mm: a television far away, a telephone at twice its zoom
const KEY = "haidang.screen", CHANGED = "haidang-screen";

/** Which screen it is, as far as a page can tell: another zoom or another monitor is another one. */
function thisScreen() {
  return { pixel_ratio: devicePixelRatio, width: screen.width, height: screen.height };
}

/** CSS px a mm as measured on this screen at this zoom; null: nobody has, or it was another. @returns {number | null} */
export function screenScale() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null"), now = thisScreen();
    if (!(kept?.px_per_mm >= LEAST && kept.px_per_mm <= MOST)) return null;
    const isSame = kept.pixel_ratio === now.pixel_ratio && kept.width === now.width && kept.height === now.height;
    return isSame ? kept.px_per_mm : null;
  } catch {
    return null; // a browser that keeps nothing
  }
}

/** Keep what was measured; null forgets it. False: this browser keeps nothing. @param {number | null} px_per_mm */
export function keepScale(px_per_mm) {
  try {
    if (px_per_mm === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify({ px_per_mm, ...thisScreen() }));
  } catch {
    return false;
  }
  window.dispatchEvent(new Event(CHANGED));
  return true;
}

/** Call `changed` whenever `screenScale` may say something else: measured in whichever tab, zoomed, on another
 * monitor. Returns what ends that. @param {() => void} changed */
export function watchScale(changed) {
  const stop = new AbortController(), { signal } = stop;
  const zoom = () => {
    const query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    query.addEventListener("change", () => { changed(); zoom(); }, { once: true, signal });
  };
  window.addEventListener("storage", (event) => { if (event.key === KEY || event.key === null) changed(); }, { signal });
  window.addEventListener(CHANGED, changed, { signal });
  zoom();
  return () => stop.abort();
}
