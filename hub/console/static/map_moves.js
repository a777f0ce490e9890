/** The map is moved, brought closer and chosen from. */
import { HIT_PX } from "./map_view.js";

/** @typedef {import("./map_view.js").FleetMap} FleetMap @typedef {import("./map_view.js").Chosen} Chosen */

const ZOOM_STEP = 1.5, PAN_STEP = 0.2;

/** Move, come closer and choose by mouse, finger and key. @param {FleetMap} map @param {(chosen: Chosen | null) => void} choose */
export function obey(map, choose) {
  const canvas = map.canvas;
  /** @type {Map<number, {x: number, y: number}>} */
  const fingers = new Map();
  let moved_px = 0;
  const spread = () => {
    const [a, b] = [...fingers.values()];
    return b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
  };
  const here = (/** @type {MouseEvent} */ event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, here(event));
    if (fingers.size === 1) moved_px = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = here(event), wasSpread = spread();
    fingers.set(event.pointerId, now);
    moved_px += Math.hypot(now.x - before.x, now.y - before.y);
    map.pan((now.x - before.x) / fingers.size, (now.y - before.y) / fingers.size);
    if (fingers.size === 2 && wasSpread) map.zoom(spread() / wasSpread, now.x, now.y);
  });
  const lift = (/** @type {PointerEvent} */ event) => {
    const at = fingers.get(event.pointerId);
    fingers.delete(event.pointerId);
    if (at && event.type === "pointerup" && moved_px < 6) choose(map.find(at.x, at.y, event.pointerType === "touch" ? 24 : HIT_PX));
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const { x, y } = here(event);
    map.zoom(Math.exp(-Math.max(-200, Math.min(200, event.deltaY)) / 400), x, y);
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => onKey(map, event, choose));
}

/** @param {FleetMap} map @param {KeyboardEvent} event @param {(chosen: Chosen | null) => void} choose */
function onKey(map, event, choose) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const dx = map.width * PAN_STEP, dy = map.height * PAN_STEP;
  const deed = /** @type {Record<string, () => void>} */ ({
    ArrowLeft: () => map.pan(dx, 0), ArrowRight: () => map.pan(-dx, 0), ArrowUp: () => map.pan(0, dy), ArrowDown: () => map.pan(0, -dy),
    "+": () => map.zoom(ZOOM_STEP), "=": () => map.zoom(ZOOM_STEP), "-": () => map.zoom(1 / ZOOM_STEP), 0: () => map.showAll(),
    Enter: () => choose(map.find(map.width / 2, map.height / 2, Math.hypot(map.width, map.height))),
  })[event.key];
  if (!deed) return;
  event.preventDefault();
  deed();
}
