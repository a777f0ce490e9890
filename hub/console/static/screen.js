/** A card is held against the screen, and a frame made as wide as it is. */
import { CARD_MM, CSS_PX_PER_MM, keepScale, screenScale } from "../../../web/screen_scale.js";
import { number, t } from "../../../web/words.js";
import { place, say } from "./console.js";

const RULER_MM = 50;
const card = place("card"), edge = place("card-edge"), ruler = place("ruler");
const slider = /** @type {HTMLInputElement} */ (place("card-width"));

function show() {
  const px_per_mm = Number(slider.value) / CARD_MM.width, kept = screenScale();
  card.style.width = `${px_per_mm * CARD_MM.width}px`;
  card.style.height = `${px_per_mm * CARD_MM.height}px`;
  ruler.style.width = `${px_per_mm * RULER_MM}px`;
  const text = t("{n} điểm ảnh mỗi mm", { n: number(px_per_mm, 3) });
  say(place("card-text"), `${text} · ${kept === null ? t("màn hình này chưa chỉnh")
    : Math.abs(kept - px_per_mm) < 1e-6 ? t("đã lưu cho màn hình này") : t("đã lưu: {n}", { n: number(kept, 3) })}`);
}

slider.value = String((screenScale() ?? CSS_PX_PER_MM) * CARD_MM.width);
slider.addEventListener("input", show);
edge.addEventListener("pointerdown", (event) => { edge.setPointerCapture(event.pointerId); event.preventDefault(); });
edge.addEventListener("pointermove", (event) => {
  if (!edge.hasPointerCapture(event.pointerId)) return;
  slider.value = String(event.clientX - card.getBoundingClientRect().left);
  show();
});
place("card-keep").addEventListener("click", () => {
  const isKept = keepScale(Number(slider.value) / CARD_MM.width);
  show();
  if (!isKept) say(place("card-text"), t("Trình duyệt này không lưu được gì: đường ghi vẫn chưa đúng tỉ lệ."));
});
place("card-forget").addEventListener("click", () => { keepScale(null); show(); });
show();
slider.focus();
