/** One line of what the station sends, what its link gives, and why the picture is no larger. Wire: docs/media.md. */
import { number, t } from "./words.js";

/** @typedef {import("./call_media.js").StationMedia} StationMedia
 *  @typedef {import("./call_media.js").Sent} Sent */

/** A rate to two digits, with its unit. @param {number} bps */
export function rateText(bps) {
  if (bps < 995_000) return t("{n} kbit/s", { n: Number((bps / 1_000).toPrecision(2)) });
  return t("{n} Mbit/s", { n: number(bps / 1_000_000, 1) });
}

/** The line; "" while nothing is known. Its numbers are cut to two digits by the station, so that it stands still.
 * @param {StationMedia | null} media */
export function sentLine(media) {
  const sent = media?.sent;
  if (!media?.is_connected || !sent) return "";
  return [pictureText(media, sent), voiceText(media, sent), linkText(media, sent), limitText(media, sent)]
    .filter(Boolean).join(" · ");
}

/** @param {StationMedia} media @param {Sent} sent */
function pictureText({ camera }, { width, height, fps, is_stills, video_bps }) {
  if (camera !== "open" || !width) return t("trạm không gửi hình");
  const size = `${width}×${height}`;
  if (is_stills) return t("trạm gửi ảnh tĩnh {size}", { size });
  return t("trạm gửi {size}, {n} hình/s, {rate}", { size, n: fps, rate: rateText(video_bps) });
}

/** @param {StationMedia} media @param {Sent} sent */
function voiceText({ microphone }, { voice_bps }) {
  return microphone === "open" ? t("tiếng {rate}", { rate: rateText(voice_bps) }) : t("không gửi tiếng");
}

/** @param {StationMedia} media @param {Sent} sent */
function linkText({ target_bps }, { round_trip_ms, lost_pct }) {
  if (target_bps === null || target_bps === undefined) return "";
  const lost = lost_pct < 1 && lost_pct > 0 ? number(lost_pct, 1) : Math.round(lost_pct), rate = rateText(target_bps);
  if (round_trip_ms === null || round_trip_ms === undefined) return t("đường truyền {rate}, mất {lost} %", { rate, lost });
  return t("đường truyền {rate}, trễ {n} ms, mất {lost} %", { rate, n: round_trip_ms, lost });
}

/** @param {StationMedia} media @param {Sent} sent @returns {string} */
function limitText({ camera, target_bps }, { limit, width, height, lost_pct, is_stills }) {
  if (camera !== "open") return "";
  const rate = rateText(target_bps ?? 0), lost = Math.round(lost_pct);
  switch (limit) {
    case "encoder": return t("máy ở trạm không kịp xử lý hình lớn hơn");
    case "camera": return t("máy quay chỉ có {size}", { size: `${width}×${height}` });
    case "detail": return t("chọn chi tiết: hình rõ hơn, ít hình hơn");
    case "waiting": return t("đường truyền vừa rộng hơn: hình sẽ lớn dần");
    case "loss": return t("mất gói {lost} %: hình nhỏ để tiếng rõ", { lost });
    case "link":
      if (!width) return t("đường truyền chỉ được {rate}: chỉ có tiếng", { rate });
      return is_stills ? t("đường truyền chỉ được {rate}: chỉ có tiếng và ảnh tĩnh", { rate })
        : t("đường truyền chỉ được {rate}: hình nhỏ để tiếng rõ", { rate });
    default: return "";
  }
}
