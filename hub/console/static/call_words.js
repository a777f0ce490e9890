/** A call in words, as hub/console/templates/call_words.html has them. */
import { formatAge } from "../../../web/ages.js";
import { t } from "../../../web/words.js";
import { me } from "./page.js";
import { line } from "./stream.js";

/** @typedef {import("./stream.js").Call} Call */

const ANYBODY = "*"; // as hub/calls/call.py

/** The age of a press as exactly as it is known. @param {Call} call */
export function pressAge(call) {
  const least_ms = line.age_ms(call.latest_ms), most_ms = line.age_ms(call.earliest_ms);
  if (call.earliest_ms !== null && call.latest_ms - call.earliest_ms <= 2_000) return formatAge(least_ms);
  if (most_ms !== null) return t("{a} đến {b}", { a: formatAge(least_ms), b: formatAge(most_ms) });
  if (call.received_ms - call.latest_ms < 1_000) return t("không rõ");
  return t("ít nhất {a}", { a: formatAge(least_ms) });
}

/** Since when a call has been as it is. @param {Call} call */
export function sinceText(call) {
  return formatAge(line.age_ms(call.since_ms));
}

/** How long until then; "0 s" when it is over. @param {number} due_ms of the hub's line */
export function leftText(due_ms) {
  const now_ms = line.now_ms();
  return formatAge(now_ms === null ? null : Math.max(0, due_ms - now_ms));
}

/** @param {string} name */
export function nameOf(name) {
  return name === ANYBODY ? t("mọi người đang trực") : name;
}

/** @param {Call} call */
export function callText(call) {
  const text = stateText(call);
  return call.is_practice ? `${t("DIỄN TẬP")} · ${text}` : text;
}

/** @param {Call} call */
function stateText(call) {
  const name = call.owner ?? "", isMine = call.owner === me;
  switch (call.state) {
    case "CLAIMED":
    case "CONNECTING":
    case "ACTIVE": return isMine ? t("bạn đang trả lời") : t("{name} đang trả lời", { name });
    case "DROPPED": return isMine ? t("bạn đang trả lời, đường truyền đã mất")
      : t("{name} đang trả lời, đường truyền đã mất", { name });
    case "HELD": return isMine ? t("bạn đang giữ máy") : t("{name} đang giữ máy", { name });
    case "PARKED": return t("đang gác lại, ai cũng nhận được");
    case "WRAP_UP": return isMine ? t("bạn chưa ghi xong biên bản") : t("{name} chưa ghi xong biên bản", { name });
    case "MISSED": return t("không ai trả lời");
    case "CALLBACK": return !call.owner ? t("cần gọi lại") : isMine ? t("bạn sẽ gọi lại") : t("{name} sẽ gọi lại", { name });
    case "CALLING": return isMine ? t("bạn đang gọi trạm") : t("{name} đang gọi trạm", { name });
    case "CANCELLED": return t("trạm đã huỷ, chưa xem");
    case "RINGING": return t("đang đổ chuông");
    case "CLOSED": return t("đã đóng");
    default: return t("đang gọi");
  }
}

/** How far a call that nobody answers has gone; "" for its own unit. @param {Call} call */
export function rungText(call) {
  switch (call.rung) {
    case 0: return "";
    case 1: return t("đã báo tuyến trên");
    case 2: return t("đã báo người phụ trách");
    default: return t("đã báo bác sĩ trực");
  }
}

/** What a ring says beside the station's name. @param {Call} call */
export function ringText(call) {
  const pressed = t("gọi cách đây {age}", { age: pressAge(call) });
  return [pressed, call.nudges ? t("đã nhấn thêm {n} lần", { n: call.nudges }) : "", rungText(call)].filter(Boolean).join(" · ");
}

/** What else is to be known of a call at its station's page. @param {Call} call @returns {string[]} */
export function notes(call) {
  const { asked, turn } = call;
  const there = call.guests.filter((one) => one.due_ms === null && one.name !== me).map((one) => one.name);
  const invited = call.guests.filter((one) => one.due_ms !== null);
  return [
    dueText(call),
    turn ? (turn === me ? t("bạn đang nói với trạm") : t("{name} đang nói với trạm", { name: turn })) : "",
    there.length ? t("cùng vào: {names}", { names: there.join(", ") }) : "",
    ...invited.map((one) => t("đang mời {name}, còn {age}", { name: one.name, age: leftText(one.due_ms ?? 0) })),
    asked ? askedText(asked) : "",
  ].filter(Boolean);
}

/** @param {import("./stream.js").Asked} asked */
function askedText(asked) {
  const said = { name: nameOf(asked.to), age: leftText(asked.due_ms) };
  switch (asked.kind) {
    case "transfer": return t("đang nhờ {name} nhận cuộc gọi, còn {age}", said);
    case "second": return t("đang nhờ {name} cùng vào, còn {age}", said);
    default: return t("đang bàn giao cho {name}, còn {age}", said);
  }
}

/** What happens next by itself. @param {Call} call */
function dueText(call) {
  const age = call.due_ms === null ? "" : leftText(call.due_ms);
  switch (call.state) {
    case "CONNECTING": return stageText(call);
    case "DROPPED": return t("tự nối lại, còn {age}", { age });
    case "HELD":
    case "PARKED": return t("còn {age}, rồi lại đổ chuông", { age });
    case "CALLING": return t("trạm đang reo chuông, còn {age}", { age });
    case "CALLBACK": return call.overdue ? t("đã quá hạn gọi lại") : age ? t("gọi lại trong {age}", { age }) : "";
    default: return "";
  }
}

/** Which way is being tried. @param {Call} call */
function stageText(call) {
  switch (call.stage) {
    case 0: return t("đang nối thẳng");
    case 1: return t("đang nối, chỉ tiếng");
    case 2: return t("đang nối qua máy chủ trung chuyển");
    default: return call.phone ? t("không nối được tiếng: hãy gọi điện thoại, số {phone}", { phone: call.phone })
      : t("không nối được tiếng: hãy gọi điện thoại cho trạm");
  }
}
