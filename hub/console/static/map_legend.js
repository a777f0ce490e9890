/** The legend of the map: each mark as the map draws it, and its word. */
import { t } from "../../../web/words.js";

/** @type {[(pen: CanvasRenderingContext2D, colour: (token: string) => string) => void, () => string][]} */
const MARKS = [
  [(pen, colour) => { pen.fillStyle = colour("--accent"); pen.fillRect(6, 6, 8, 8); }, () => t("đang nghe")],
  [(pen, colour) => { pen.fillStyle = colour("--attention"); pen.fill(new Path2D("M10 5 15 15 5 15Z")); }, () => t("trễ")],
  [(pen, colour) => { pen.strokeStyle = colour("--text-2"); pen.lineWidth = 1.5; pen.strokeRect(6, 6, 8, 8); }, () => t("im lặng")],
  [(pen, colour) => { pen.fillStyle = colour("--text-2"); pen.fillRect(9, 9, 2, 2); }, () => t("chưa từng nghe")],
  [(pen, colour) => { pen.strokeStyle = colour("--attention"); pen.lineWidth = 1.5; pen.strokeRect(3.5, 3.5, 13, 13); }, () => t("có trở ngại; từ xa là ô cam")],
  [(pen, colour) => { pen.fillStyle = colour("--alarm-high"); pen.fill(new Path2D("M10 2 18 10 10 18 2 10Z")); }, () => t("đang gọi")],
  [(pen, colour) => { pen.fillStyle = colour("--accent"); pen.fill(new Path2D("M10 2 18 10 10 18 2 10Z")); }, () => t("cuộc gọi đã có người nhận")],
  [(pen, colour) => {
    pen.lineWidth = 4;
    pen.strokeStyle = colour("--accent");
    pen.stroke(new Path2D("M10 3 A7 7 0 1 1 3.2 8.5"));
    pen.strokeStyle = colour("--attention");
    pen.stroke(new Path2D("M3.2 8.5 A7 7 0 0 1 10 3"));
  }, () => t("nhiều trạm của một đơn vị; vòng là phần của mỗi trạng thái")],
];

/** @param {HTMLElement} list */
export function writeLegend(list) {
  const style = getComputedStyle(list), ratio = Math.min(2, window.devicePixelRatio || 1);
  list.replaceChildren(...MARKS.map(([draw, text]) => {
    const line = document.createElement("li"), mark = document.createElement("canvas"), pen = mark.getContext("2d");
    mark.width = mark.height = 20 * ratio;
    mark.setAttribute("aria-hidden", "true");
    if (pen) {
      pen.scale(ratio, ratio);
      draw(pen, (token) => style.getPropertyValue(token).trim());
    }
    line.append(mark, text());
    return line;
  }));
}
