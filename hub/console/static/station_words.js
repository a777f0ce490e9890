/** A station's presence and link in words, as hub/console/templates/presence_words.html has them. */
import { formatAge } from "../../../web/ages.js";
import { t } from "../../../web/words.js";
import { clock } from "./stream.js";

/** @param {import("./stream.js").Row} row */
export function presenceText(row) {
  const age = formatAge(clock.age_ms(row.heard_ms));
  const text = row.word === "NEVER" ? t("chưa từng nghe") : row.word === "LIVE" ? t("đang nghe · {age}", { age })
    : row.word === "LATE" ? t("trễ · {age}", { age }) : t("im lặng · {age}", { age });
  return row.is_cut ? `${text} · ${t("mất kết nối")}` : text;
}

/** @param {import("./stream.js").Link | null} link */
export function linkText(link) {
  if (!link) return t("chưa rõ");
  const way = link.round_trip_ms === null ? t("chưa đo") : t("{n} ms", { n: link.round_trip_ms });
  let owed = t("không nợ");
  if (link.owed_count) {
    owed = t("còn nợ {n} bản ghi", { n: link.owed_count });
    if (link.oldest_owed_s !== null) owed += ` (${t("cũ nhất {age}", { age: formatAge(link.oldest_owed_s * 1000) })})`;
  }
  return `${way} · ${owed} · ${t("cách đây {age}", { age: formatAge(clock.age_ms(link.at_ms)) })}`;
}
